//! The position limit's slow twin: all positions in a map, every sum and every limit anew.

use core::time::Duration;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use crate::model::units::Qty;
use crate::rule::trial::{Said, Trial};
use crate::rule::{Rule, RuleSpec};

struct Twin {
    spec: Spec,
    policy: Policy,
    held: BTreeMap<u64, (i64, i64, u32)>,
    last: Option<(i64, u64)>,
}

/// How bad a limit is, by what it is reached, and its reason.
type Found = (Level, f64, f64, Reason);

impl Twin {
    fn amounts(&self, of: impl Fn(i64) -> bool) -> Vec<u128> {
        let all = self.held.values().filter(|(quantity, ..)| of(*quantity));
        all.map(|(_, value, _)| u128::from(value.unsigned_abs())).collect()
    }

    fn greatest_sector(&self) -> u128 {
        let mut sums = BTreeMap::<(u32, u64), u128>::new();
        for (instrument, (_, value, sector)) in &self.held {
            let own = if *sector == 0 { *instrument } else { 0 };
            *sums.entry((*sector, own)).or_default() += u128::from(value.unsigned_abs());
        }
        sums.into_values().max().unwrap_or(0)
    }

    fn found(&self, portfolio: u128) -> Vec<Found> {
        let (long, short) = (self.amounts(|quantity| quantity > 0), self.amounts(|quantity| quantity < 0));
        let (long, short): (u128, u128) = (long.iter().sum(), short.iter().sum());
        let greatest = self.amounts(|_| true).into_iter().max().unwrap_or(0);
        let quantity = self.held.values().map(|(quantity, ..)| quantity.unsigned_abs()).max().unwrap_or(0);
        let spec = &self.spec;
        let mut all = vec![];
        all.extend(
            spec.max_positions
                .map(|most| number(self.held.len() as u128, u128::from(most), 900, 1.0, Reason::PositionCount)),
        );
        for (amount, most, reason) in [
            (greatest, spec.max_position_share, Reason::PositionShare),
            (self.greatest_sector(), spec.max_sector_share, Reason::SectorShare),
            (long, spec.max_long, Reason::LongExposure),
            (short, spec.max_short, Reason::ShortExposure),
            (long + short, spec.max_gross, Reason::GrossExposure),
            (long.max(short) - long.min(short), spec.max_net, Reason::NetExposure),
        ] {
            let Some(most) = most.filter(|_| portfolio > 0) else { continue };
            let (part, all_of_it) = (amount * 1_000_000_000, most.raw() as u128 * portfolio);
            let (level, ..) = number(part, all_of_it, 800, 1.0, reason);
            all.push((level, amount as f64 / portfolio as f64, most.to_f64(), reason));
        }
        all.extend(
            spec.max_quantity
                .map(|most| number(u128::from(quantity), most.0 as u128, 800, 1.0, Reason::PositionQuantity)),
        );
        all.extend(
            spec.max_notional.map(|most| number(greatest, most.raw() as u128, 800, 1e4, Reason::PositionNotional)),
        );
        all
    }

    fn say(&self, at: u64) -> (Said, f64, f64) {
        let due = self.last.and_then(|(_, heard)| self.policy.stale_at(Nanos(heard), Nanos(0)));
        let portfolio = self.last.map_or(0, |(value, _)| value.max(0)) as u128;
        let silent = due.is_some_and(|due| due.0 <= at);
        let known = portfolio > 0 && !silent;
        let doubt = if self.policy.on_stale == OnStale::Warn { Level::Warn } else { Level::Breach };
        let found = self.found(if known { portfolio } else { 0 });
        // The first of the worst.
        let order = |a: &Found, b: &Found| rank(a.0).cmp(&rank(b.0)).then((a.1 / a.2).total_cmp(&(b.1 / b.2)));
        let worst = found.iter().rev().copied().max_by(|a, b| order(a, b));
        let (level, value, limit, reason) = worst.unwrap_or((Level::Normal, 0.0, 0.0, Reason::None));
        if portfolio == 0 && level != Level::Breach {
            return ((Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE), 0.0, 0.0);
        }
        if silent && level != Level::Breach {
            return ((doubt, Step::FIRST, Reason::Stale, Pending::NONE), 0.0, 0.0);
        }
        let reason = match level {
            Level::Breach => reason,
            Level::Warn => Reason::WarnLevel,
            _ => Reason::None,
        };
        let comes = |due| Pending { due, level: doubt, step: Step::FIRST, reason: Reason::Stale };
        let pending = due.filter(|_| level != Level::Breach).map_or(Pending::NONE, comes);
        ((level, Step::FIRST, reason, pending), value, limit)
    }
}

fn rank(level: Level) -> usize {
    [Level::Normal, Level::Elevated, Level::Warn, Level::Breach].iter().position(|l| *l == level).unwrap()
}

fn number(found: u128, most: u128, warn: u128, unit: f64, reason: Reason) -> Found {
    let level = if found > most {
        Level::Breach
    } else if found * 1_000 >= most * warn {
        Level::Warn
    } else if found * 10_000 >= most * warn * 9 {
        Level::Elevated
    } else {
        Level::Normal
    };
    (level, found as f64 / unit, most as f64 / unit, reason)
}

#[derive(Clone, Copy, Debug)]
enum Heard {
    Mark(i64),
    Position(u64, i64, i64, u32),
    Flow(i64),
    Heartbeat,
    /// Nothing until what is pending is due.
    Silence,
}

fn heard() -> impl Strategy<Value = Heard> {
    let value = prop_oneof![12 => -120i64..120, 1 => prop::sample::select(vec![i64::MIN, i64::MAX, 80, 100, 101])];
    let quantity = prop_oneof![8 => -12i64..=12, 2 => Just(0), 1 => prop::sample::select(vec![i64::MIN, i64::MAX])];
    let mark = prop_oneof![10 => 900i64..1_100, 2 => Just(1_000), 1 => prop::sample::select(vec![i64::MIN, -1, 0, 1, i64::MAX])];
    prop_oneof![
        6 => mark.prop_map(Heard::Mark),
        20 => (0u64..9, quantity, value, 0u32..4).prop_map(|(i, quantity, value, sector)| {
            Heard::Position(i, quantity, if quantity == 0 { 0 } else { value }, sector)
        }),
        1 => (-60i64..60).prop_map(Heard::Flow),
        1 => Just(Heard::Heartbeat),
        2 => Just(Heard::Silence),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let share = || prop::option::of((1i64..=2_000).prop_map(|thousandths| Ratio::from_raw(thousandths * 1_000_000)));
    let count = prop::option::of(1u32..6);
    let each = (prop::option::of((1i64..12).prop_map(Qty)), prop::option::of((1i64..120).prop_map(Money::from_raw)));
    let shares = (share(), share(), share(), share(), share(), share());
    (count, shares, each, 1u32..8).prop_map(|(max_positions, shares, (max_quantity, max_notional), capacity)| {
        let (max_position_share, max_sector_share, max_long, max_short, max_gross, max_net) = shares;
        Spec {
            max_positions,
            max_position_share,
            max_sector_share,
            max_long,
            max_short,
            max_gross,
            max_net,
            max_quantity,
            max_notional,
            capacity,
        }
    })
}

fn pass(trial: &mut Trial, heard: Heard, at: Nanos) -> bool {
    match heard {
        Heard::Mark(value) => trial.hear(Observation::Value(Channel::Equity, value), at),
        Heard::Position(instrument, quantity, value, sector) => trial.hear(
            Observation::Position { instrument, quantity: Qty(quantity), value: Money::from_raw(value), sector },
            at,
        ),
        Heard::Flow(amount) => trial.hear(Observation::Flow(Money::from_raw(amount)), at),
        Heard::Heartbeat => trial.hear(Observation::Heartbeat, at),
        Heard::Silence => {
            trial.evaluate(at);
            true
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same, to the last digit.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        stale_after in 1u64..400,
        list in prop::collection::vec((prop_oneof![6 => 0u64..4, 4 => 0u64..30, 1 => 0u64..400], heard()), 1..80),
    ) {
        let on_stale = if stale_after % 3 == 0 { OnStale::Warn } else { OnStale::Trip };
        let policy = Policy { stale_after: Duration::from_nanos(stale_after), on_stale, ..Policy::default() };
        let make = |shortcut| {
            let rule = Rule::new(&RuleSpec::PositionLimit(spec.clone()), &policy).unwrap();
            Trial::new(rule, None, shortcut)
        };
        let (mut each, mut short) = (make(false), make(true));
        let mut twin = Twin { spec: spec.clone(), policy: policy.clone(), held: BTreeMap::new(), last: None };
        let mut at = 1;
        for (gap, heard) in list {
            let pending = each.reading.pending;
            at = match heard {
                Heard::Silence if pending.due != Nanos::NEVER => pending.due.0.max(at),
                _ => at + gap,
            };
            let taken = pass(&mut each, heard, Nanos(at));
            prop_assert_eq!(pass(&mut short, heard, Nanos(at)), taken);
            match heard {
                Heard::Mark(value) => twin.last = Some((value, at)),
                Heard::Flow(amount) => twin.last = twin.last.map(|(value, at)| (value.saturating_add(amount), at)),
                Heard::Position(instrument, 0, ..) => drop(twin.held.remove(&instrument)),
                Heard::Position(instrument, quantity, value, sector) => {
                    let fits = twin.held.contains_key(&instrument) || twin.held.len() < spec.capacity as usize;
                    prop_assert_eq!(taken, fits);
                    if fits {
                        twin.held.insert(instrument, (quantity, value, sector));
                    }
                }
                Heard::Heartbeat | Heard::Silence => {}
            }
            if !taken {
                continue;
            }
            prop_assert_eq!((short.said(), short.reading, short.last), (each.said(), each.reading, each.last));
            let (said, value, limit) = twin.say(at);
            prop_assert_eq!((each.said(), each.reading.value, each.reading.limit), (said, value, limit), "at {}", at);
        }
    }
}
