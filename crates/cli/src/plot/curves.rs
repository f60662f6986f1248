//! What the slow breakers read at the closes, against their limits.

use haltline::{Kind, RuleSpec, VolatilitySource};

use super::canvas::{Ink, Side, Words};
use super::panel::Panel;
use super::trace::Trace;
use super::{LEFT, RIGHT, Sheet, WIDTH};
use crate::output::{Failure, scope_name};
use crate::replay::Stage;

/// What one curve takes, with its words.
pub(crate) const HEIGHT: i32 = 236;
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
}

/// The curves of a replay: drawdowns and volatilities that had values.
pub(crate) fn of(stage: &Stage, trace: &Trace) -> Vec<Curve> {
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
        })
    });
    let mut curves: Vec<Curve> = vec![];
    for curve in all {
        match curves.iter_mut().find(|other| other.what == curve.what && other.points == curve.points) {
            Some(same) => same.breakers.extend(curve.breakers),
            None => curves.push(curve),
        }
    }
    curves
}

pub(crate) fn draw(sheet: &Sheet<'_, '_>, curve: &Curve, top: i32) -> Result<(), Failure> {
    let Sheet { canvas, account, trace, .. } = sheet;
    let days = trace.len() as f64;
    let limits = curve.breakers.iter().map(|(_, limit)| *limit);
    let high = curve.points.iter().map(|point| point.1).chain(limits).fold(0.0, f64::max);
    let panel = Panel {
        left: LEFT,
        right: WIDTH - RIGHT,
        top: top + 30,
        bottom: top + HEIGHT - 42,
        x: (0.0, days),
        y: (0.0, high * 1.12),
    };
    let names: Vec<_> = curve.breakers.iter().map(|(name, _)| name.as_str()).collect();
    sheet.heading(&format!("{}: {}", names.join(", "), curve.what), top + 14)?;
    panel.scale(canvas, curve.unit)?;
    panel.marks(canvas, &sheet.dates())?;
    for (i, (name, limit)) in (0..).zip(&curve.breakers) {
        for trip in account.trips.iter().filter(|trip| *trip.breaker == **name) {
            let from = trace.place(trip.at);
            panel.band(canvas, from, trip.until.map_or(days, |until| trace.place(until)), 0.13)?;
            let x = panel.across(from);
            let (x, side) = if x + 140 < panel.right { (x + 8, Side::Left) } else { (x - 8, Side::Right) };
            let words = if names.len() == 1 { "tripped".into() } else { format!("{name} tripped") };
            canvas.words(words, (x, panel.top + 14 + 16 * i), Words::new(12.0, Ink::HALT, side))?;
        }
        let y = panel.up(*limit);
        canvas.dashes(panel.left, panel.right, y, Ink::HALT)?;
        let limit = format!("limit {}{}", (limit * 100.0).round() / 100.0, curve.unit);
        canvas.words(limit, (panel.left + 8, y - 10), Words::new(12.0, Ink::HALT, Side::Left))?;
    }
    let points: Vec<(i32, i32)> = curve.points.iter().map(|(x, y)| (panel.across(*x), panel.up(*y))).collect();
    canvas.line(&points, curve.ink, 2, 1.0)?;
    if trace.len() <= DOTS {
        for (x, y) in points {
            canvas.area((x - 2, x + 3), (y - 2, y + 3), curve.ink, 1.0)?;
        }
    }
    panel.frame(canvas)
}
