//! What a picture needs of a script: what each scope heard of prices, which it admits, and what each breaker looked like.

use haltline::{BreakerId, BreakerSpec, Direction, Gate, Nanos, Price, Ratio};

use super::stretch::{Look, Stretch, note, stretches};
use crate::output::{Failure, percent};
use crate::replay::{Admitted, Ready, Shown, Told};

/// A run of a script.
#[derive(Debug)]
pub(crate) struct Tape {
    /// Whenever something happened, in the order of time.
    pub(crate) instants: Vec<Nanos>,
    /// The scopes that heard a price, in the order in which they did.
    pub(crate) scopes: Vec<Heard>,
    breakers: Vec<Watched>,
}

/// What was heard of one scope.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) scope: String,
    pub(crate) trades: Vec<(Nanos, f64)>,
    /// Bids and asks.
    pub(crate) quotes: Vec<(Nanos, f64, f64)>,
    pub(crate) references: Vec<(Nanos, f64)>,
    /// Lower and upper, from each time on.
    pub(crate) bands: Vec<(Nanos, Option<(f64, f64)>)>,
    /// Ladders that hear it.
    pub(crate) ladders: Vec<Rungs>,
    /// Of a scope that has a band.
    gate: Option<Gate>,
}

/// The levels of a ladder.
#[derive(Debug)]
pub(crate) struct Rungs {
    direction: Direction,
    /// How far each lies from the reference, and how much further than where the one below it fired.
    limits: Vec<(Ratio, Ratio)>,
}

/// One breaker.
#[derive(Debug)]
pub(crate) struct Watched {
    id: BreakerId,
    pub(crate) name: String,
    pub(crate) what: String,
    /// The path that it guards.
    scope: String,
    /// What it hears.
    hears: Vec<String>,
    looks: Vec<(Nanos, Look)>,
}

impl Watched {
    pub(crate) fn stretches(&self) -> Vec<Stretch> {
        stretches(&self.looks)
    }

    /// Whether it matters for a scope: it guards it, from above or itself, or hears it.
    pub(crate) fn matters_for(&self, scope: &str) -> bool {
        guards(&self.scope, scope) || self.hears.iter().any(|heard| heard == scope)
    }

    /// Whether there is something to show: it has changed, or it was never calm.
    fn has_moved(&self) -> bool {
        self.looks.len() > 1 || self.looks.first().is_some_and(|(_, look)| look.hue != super::stretch::Hue::Calm)
    }
}

/// Whether a breaker of `guarded` stands in the way of `scope`.
fn guards(guarded: &str, scope: &str) -> bool {
    let below = scope.strip_prefix(guarded);
    guarded.is_empty() || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Tape {
    /// Before anything happens.
    pub(crate) fn new(ready: &Ready) -> Result<Self, Failure> {
        let breakers = ready.system.breakers().into_iter().map(|status| {
            let spec = ready.plan.breakers.iter().find(|spec| *spec.name == *status.name);
            Watched {
                id: status.id,
                name: status.name.to_string(),
                what: format!("{}, guards {}", status.kind.name(), crate::output::scope_name(&status.scope)),
                scope: status.scope.clone(),
                hears: spec.map(heard_by).unwrap_or_default(),
                looks: vec![(ready.start, Look::of(&status))],
            }
        });
        Ok(Self { instants: vec![ready.start], scopes: vec![], breakers: breakers.collect() })
    }

    /// Notes what happens.
    pub(crate) fn see(&mut self, ready: &Ready, shown: &Shown<'_>) -> Result<(), Failure> {
        match shown {
            Shown::Transition(t) => {
                if let Some(breaker) = self.breakers.iter_mut().find(|breaker| *breaker.name == *t.breaker) {
                    note(&mut breaker.looks, t.at, Look::after(t));
                }
                self.happened(t.at);
            }
            Shown::Heard { observation, i, at } => {
                if let Some(told) = observation.told(*i) {
                    self.scope(ready, observation.scope().get_ref())?.hear(told, *at);
                }
            }
            Shown::Done(at) => {
                self.happened(*at);
                self.scopes.iter_mut().for_each(|heard| heard.ask(*at));
                for breaker in &mut self.breakers {
                    let status = ready.system.breaker_status(breaker.id).map_err(Failure::new)?;
                    note(&mut breaker.looks, *at, Look::of(&status));
                }
            }
        }
        Ok(())
    }

    /// The breakers that have something to show.
    pub(crate) fn moved(&self) -> impl Iterator<Item = &Watched> {
        self.breakers.iter().filter(|breaker| breaker.has_moved())
    }

    fn happened(&mut self, at: Nanos) {
        // A transition that time alone has made lies before the instant in which it is seen.
        let place = self.instants.partition_point(|other| *other < at);
        if self.instants.get(place) != Some(&at) {
            self.instants.insert(place, at);
        }
    }

    fn scope(&mut self, ready: &Ready, scope: &str) -> Result<&mut Heard, Failure> {
        let found = self.scopes.iter().position(|heard| heard.scope == scope);
        let index = found.unwrap_or(self.scopes.len());
        if found.is_none() {
            self.scopes.push(Heard::new(ready, scope)?);
        }
        self.scopes.get_mut(index).ok_or_else(|| Failure::new("a scope is lost"))
    }
}

/// What a breaker hears: what it watches, or its own scope.
fn heard_by(spec: &BreakerSpec) -> Vec<String> {
    let watched: Vec<String> = spec.watch.iter().map(|scope| scope.as_str().to_owned()).collect();
    if watched.is_empty() { vec![spec.scope.as_str().to_owned()] } else { watched }
}

impl Heard {
    fn new(ready: &Ready, scope: &str) -> Result<Self, Failure> {
        let hearing = || ready.plan.breakers.iter().filter(|spec| heard_by(spec).iter().any(|heard| heard == scope));
        let has_band = hearing().any(|spec| spec.rule.band().is_some());
        let gate = has_band.then(|| ready.system.gate(&[scope])).transpose().map_err(Failure::new)?;
        let ladders = hearing().filter_map(|spec| spec.rule.ladder()).map(|ladder| Rungs {
            direction: ladder.direction,
            limits: ladder.rungs.iter().map(|rung| (rung.limits.limit, rung.further)).collect(),
        });
        Ok(Self {
            scope: scope.to_owned(),
            trades: vec![],
            quotes: vec![],
            references: vec![],
            bands: vec![],
            ladders: ladders.collect(),
            gate,
        })
    }

    fn hear(&mut self, told: Told, at: Nanos) {
        match told {
            Told::Trade(price) => self.trades.push((at, price)),
            Told::Quote { bid, ask } => self.quotes.push((at, bid, ask)),
            Told::Reference(price) => self.references.push((at, price)),
        }
    }

    fn ask(&mut self, at: Nanos) {
        let Some(gate) = &self.gate else { return };
        let band = match Admitted::of(gate) {
            Admitted::Between { buy, sell } => Some((sell.to_f64(), buy.to_f64())),
            Admitted::None | Admitted::All => None,
        };
        if self.bands.last().is_none_or(|last| last.1 != band) {
            self.bands.push((at, band));
        }
    }
}

/// The price of a rung, counted from 0, and in words how far it lies from the reference.
type Level = (usize, f64, String);

impl Rungs {
    /// The levels of a reference that are worth showing where prices went from a low to a high: all that were reached and the next,
    /// on the sides to which the price went at least half-way to the first, or on all if it went to none.
    pub(crate) fn levels_near(&self, reference: f64, (low, high): (f64, f64)) -> Vec<Level> {
        let share = |level: &Level, price: f64| (price - reference) / (level.1 - reference);
        let sides = self.levels(reference).into_iter().zip([low, high]);
        let sides = sides.map(|(side, price)| {
            let goes = side.first().is_some_and(|first| share(first, price) >= 0.5);
            let reached = side.iter().take_while(|level| share(level, price) >= 1.0).count();
            (goes, side.into_iter().take(reached + 1).collect())
        });
        let sides: Vec<(bool, Vec<Level>)> = sides.collect();
        let goes = sides.iter().any(|(goes, _)| *goes);
        sides.into_iter().filter(|side| side.0 == goes).flat_map(|side| side.1).collect()
    }

    /// The levels of a reference below and above, from the nearest.
    fn levels(&self, reference: f64) -> [Vec<Level>; 2] {
        let Ok(reference) = Price::from_f64(reference) else { return [vec![], vec![]] };
        let price = |raw| Price::from_raw(raw).to_f64();
        let (down, up) = (self.direction != Direction::Up, self.direction != Direction::Down);
        let all = |level: fn(Ratio, i64) -> i64, sign: &'static str| {
            self.limits.iter().enumerate().map(move |(rung, (limit, further))| {
                let more =
                    if *further > Ratio::ZERO { format!(", {} further", percent(*further)) } else { String::new() };
                (rung, price(level(*limit, reference.raw())), format!("{sign}{}{more}", percent(*limit)))
            })
        };
        let (below, above) = (all(Ratio::fall_level, "−"), all(Ratio::rise_level, "+"));
        [below.filter(|_| down).collect(), above.filter(|_| up).collect()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_guards_its_scope_and_all_below() {
        assert!(guards("", "XNAS/ONE") && guards("XNAS", "XNAS/ONE") && guards("XNAS/ONE", "XNAS/ONE"));
        assert!(!guards("XNAS/ON", "XNAS/ONE") && !guards("XNAS/ONE", "XNAS") && !guards("acct", "XNAS/ONE"));
    }

    #[test]
    fn levels_are_shown_to_where_the_price_went_and_one_further() {
        let limits = [100_000_000, 150_000_000, 200_000_000].map(|raw| (Ratio::from_raw(raw), Ratio::ZERO)).to_vec();
        let rungs = Rungs { direction: Direction::Both, limits };
        let shown = |low, high| rungs.levels_near(100.0, (low, high)).iter().map(|level| level.1).collect::<Vec<_>>();
        assert_eq!(shown(100.0, 101.0), [90.0, 110.0], "nowhere yet");
        assert_eq!(shown(95.0, 104.9), [90.0], "half-way down");
        assert_eq!(shown(90.0, 104.9), [90.0, 85.0], "there");
        assert_eq!(shown(80.0, 105.0), [90.0, 85.0, 80.0, 110.0]);
    }
}
