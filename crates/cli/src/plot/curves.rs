//! What the slow breakers read at the closes, against their limits.

use haltline::{Kind, Nanos, RuleSpec, VolatilitySource};

use super::canvas::{Ink, Side, Words};
use super::labels::{self, Label};
use super::panel::Panel;
use super::place;
use super::stretch::{Hue, Look, Stretch, painted};
use super::trace::Trace;
use super::{LEFT, RIGHT, Sheet, WIDTH};
use crate::output::{Failure, scope_name};
use crate::replay::{Account, Stage};

/// What one curve takes without the words over it.
const HEIGHT: i32 = 236;
/// Up to so many sessions each close has a dot.
const DOTS: usize = 80;

/// Breakers that read the same, and their values at the closes; all in the unit.
pub(crate) struct Curve {
    /// Their names and limits.
    breakers: Vec<(String, f64)>,
    what: String,
    unit: &'static str,
    ink: Ink,
    points: Vec<(f64, f64)>,
    trips: Vec<Stretch>,
    labels: Vec<Label>,
    pub(crate) height: i32,
}

/// The curves of a replay: drawdowns and volatilities that had values.
pub(crate) fn of(stage: &Stage, account: &Account, trace: &Trace) -> Vec<Curve> {
    let all = stage.plan.breakers.iter().filter_map(|spec| {
        let (what, ink) = match spec.rule.kind() {
            Kind::Drawdown => ("fall of equity from its peak", Ink(0x5b_3f8c)),
            Kind::LiquidationRequired => ("loss since the open, or margin in use", Ink(0x8c_2f5b)),
            Kind::LossRate => ("loss of its window", Ink(0xa0_5a2c)),
            Kind::Volatility => ("realised volatility", Ink(0x14_7d74)),
            // The others have no values that a replay of prices knows.
            _ => return None,
        };
        let plain = matches!(&spec.rule, RuleSpec::Volatility(v) if v.source == VolatilitySource::Level);
        let (factor, unit) = if plain { (1.0, "") } else { (100.0, " %") };
        let found = (1..).zip(&trace.readings).filter_map(|(day, readings)| {
            let reading = readings.iter().find(|reading| reading.breaker == spec.name)?;
            Some((f64::from(day), reading.value * factor, reading.limit * factor))
        });
        let found: Vec<(f64, f64, f64)> = found.collect();
        let limit = found.last()?.2;
        Some(Curve {
            breakers: vec![(spec.name.clone(), limit)],
            what: format!("{what}, at each close; guards {}", scope_name(spec.scope.as_str())),
            unit,
            ink,
            points: found.into_iter().map(|(x, y, _)| (x, y)).collect(),
            trips: vec![],
            labels: vec![],
            height: HEIGHT,
        })
    });
    let mut curves: Vec<Curve> = vec![];
    for curve in all {
        match curves.iter_mut().find(|other| other.what == curve.what && other.points == curve.points) {
            Some(same) => same.breakers.extend(curve.breakers),
            None => curves.push(curve),
        }
    }
    for curve in &mut curves {
        curve.tell_trips(stage, account, trace);
    }
    curves
}

impl Curve {
    /// Trips of its breakers, and the words that stand for them over the panel.
    fn tell_trips(&mut self, stage: &Stage, account: &Account, trace: &Trace) {
        let is_alone = self.breakers.len() == 1;
        let own = account.trips.iter().filter(|trip| self.breakers.iter().any(|(name, _)| **name == *trip.breaker));
        let trips = own.map(|trip| {
            let date = stage.zone.date(trip.at);
            let words = if is_alone { format!("tripped {date}") } else { format!("{} tripped {date}", trip.breaker) };
            Stretch { from: trip.at, to: trip.until, look: Look { hue: Hue::Denies, words, until: None } }
        });
        self.trips = trips.collect();
        let panel = panel(0, 1, trace.len() as f64, 1.0);
        let begins = self
            .trips
            .iter()
            .map(|trip| (trip.look.words.clone(), panel.across(trace.place(trip.from)), trip.look.hue));
        self.labels = labels::stacked(begins, WIDTH);
        self.height = HEIGHT + labels::height(&self.labels);
    }
}

impl Curve {
    /// Trips that lie in each other are one shade: the names over it say where each begins.
    fn shades(&self, sheet: &Sheet<'_, '_>, panel: &Panel) -> Result<(), Failure> {
        let Sheet { canvas, stage, trace, .. } = sheet;
        let end = stage.days.last().map_or(Nanos(0), |day| day.session.close);
        for (from, to, hue) in painted(&self.trips, end) {
            let from = panel.across(trace.place(from));
            let to = panel.across(trace.place(to)).max(from + 3);
            canvas.area((from, to), (panel.top, panel.bottom), hue.ink(), 0.2)?;
            canvas.area((from, to), (panel.top - 4, panel.top), hue.ink(), 1.0)?;
        }
        labels::draw(canvas, &self.labels, panel.top)
    }

    /// Lines through the panel; their names beside it, apart from each other.
    fn limits(&self, sheet: &Sheet<'_, '_>, panel: &Panel) -> Result<(), Failure> {
        let canvas = sheet.canvas;
        let heights: Vec<i32> = self.breakers.iter().map(|(_, limit)| panel.up(*limit)).collect();
        let placed = place::spread(&heights, 15, (panel.top, panel.bottom));
        for (((name, limit), y), beside) in self.breakers.iter().zip(heights).zip(placed) {
            canvas.dashes(panel.left, panel.right, y, Ink::HALT)?;
            canvas.line(&[(panel.right, y), (panel.right + 8, beside)], Ink::HALT, 1, 1.0)?;
            let limit = format!("{}{}", (limit * 100.0).round() / 100.0, self.unit);
            let text = if self.breakers.len() == 1 { format!("limit {limit}") } else { format!("{name} {limit}") };
            canvas.words(text, (panel.right + 12, beside), Words::new(13.0, Ink::HALT, Side::Left))?;
        }
        Ok(())
    }
}

fn panel(top: i32, bottom: i32, days: f64, high: f64) -> Panel {
    Panel { left: LEFT, right: WIDTH - RIGHT, top, bottom, x: (0.0, days), y: (0.0, high) }
}

pub(crate) fn draw(sheet: &Sheet<'_, '_>, curve: &Curve, top: i32) -> Result<(), Failure> {
    let Sheet { canvas, trace, .. } = sheet;
    let days = trace.len() as f64;
    let limits = curve.breakers.iter().map(|(_, limit)| *limit);
    let high = curve.points.iter().map(|point| point.1).chain(limits).fold(0.0, f64::max);
    let bottom = top + curve.height - 42;
    let panel = panel(bottom - HEIGHT + 72, bottom, days, high * 1.12);
    let names: Vec<_> = curve.breakers.iter().map(|(name, _)| name.as_str()).collect();
    sheet.heading(&format!("{}: {}", names.join(", "), curve.what), top + 14)?;
    panel.scale(canvas, curve.unit)?;
    panel.marks(canvas, &sheet.dates())?;
    curve.shades(sheet, &panel)?;
    curve.limits(sheet, &panel)?;
    let points: Vec<(i32, i32)> = curve.points.iter().map(|(x, y)| (panel.across(*x), panel.up(*y))).collect();
    canvas.line(&points, curve.ink, 2, 1.0)?;
    if trace.len() <= DOTS {
        for (x, y) in points {
            canvas.area((x - 2, x + 3), (y - 2, y + 3), curve.ink, 1.0)?;
        }
    }
    panel.frame(canvas)
}
