//! Each day with a halt by itself: the price among the levels.

use std::collections::BTreeMap;

use haltline::Nanos;

use super::canvas::{Ink, Side, Words};
use super::panel::Panel;
use super::prices::{level_ink, levels};
use super::trace::share;
use super::{Sheet, WIDTH};
use crate::output::Failure;
use crate::replay::{Account, Halt, Stage};

/// At most so many days.
const MOST: usize = 6;
const ROW: i32 = 380;
const HEADING: i32 = 30;
/// At the right edge of the sheet.
const RIGHT: i32 = 36;
/// Room for the levels at the left of each panel.
const SCALE: i32 = 104;

/// The days with halts, each with its halts.
pub(crate) fn days(stage: &Stage, account: &Account) -> Vec<(usize, Vec<Halt>)> {
    let mut days: BTreeMap<usize, Vec<Halt>> = BTreeMap::new();
    for halt in &account.halts {
        let day = stage.days.iter().position(|day| (day.session.open..=day.session.close).contains(&halt.from));
        if let Some(day) = day {
            days.entry(day).or_default().push(halt.clone());
        }
    }
    days.into_iter().take(MOST).collect()
}

fn columns(count: usize) -> usize {
    if count <= 4 { count.max(1) } else { 3 }
}

/// What the part takes.
pub(crate) fn height(count: usize) -> i32 {
    if count == 0 { 0 } else { HEADING + ROW * count.div_ceil(columns(count)) as i32 }
}

pub(crate) fn draw(sheet: &Sheet<'_, '_>, days: &[(usize, Vec<Halt>)], top: i32) -> Result<(), Failure> {
    if days.is_empty() {
        return Ok(());
    }
    sheet.heading("The days with a halt", top + 14)?;
    let columns = columns(days.len());
    let wide = (WIDTH - 12 - RIGHT) / columns as i32;
    for (i, (day, halts)) in days.iter().enumerate() {
        let (column, row) = ((i % columns) as i32, (i / columns) as i32);
        let left = 12 + column * wide + SCALE;
        let top = top + HEADING + row * ROW;
        one(sheet, *day, halts, (left, 12 + (column + 1) * wide - 8), top)?;
    }
    Ok(())
}

fn one(sheet: &Sheet<'_, '_>, day: usize, halts: &[Halt], x: (i32, i32), top: i32) -> Result<(), Failure> {
    let Sheet { canvas, stage, trace, .. } = sheet;
    let Some(bar) = stage.days.get(day) else { return Ok(()) };
    let reference = bar.reference.to_f64();
    let levels = levels(sheet, day);
    let values = levels.iter().copied().chain([reference, bar.bar.low.to_f64(), bar.bar.high.to_f64()]);
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let room = (high - low).max(1e-9) * 0.05;
    let panel = Panel {
        left: x.0,
        right: x.1,
        top: top + 52,
        bottom: top + ROW - 44,
        x: (0.0, 1.0),
        y: (low - room, high + room),
    };
    canvas.words(bar.session.date, (panel.left, top + 16), Words::new(14.0, Ink::TEXT, Side::Left).bold())?;
    let words = Words::new(13.0, Ink::HALT, Side::Left);
    canvas.words(told(sheet, halts, bar.session.close), (panel.left, top + 37), words)?;
    panel.marks(canvas, &hours(sheet, day))?;
    for halt in halts {
        let until = halt.until.map_or(1.0, |until| share(&bar.session, until));
        panel.band(canvas, share(&bar.session, halt.from), until, 0.22)?;
    }
    let level_line = |value: f64, name: String, ink: Ink| -> Result<(), Failure> {
        let y = panel.up(value);
        canvas.dashes(panel.left, panel.right, y, ink)?;
        canvas.words(format!("{name}  {value:.2}"), (panel.left - 8, y), Words::new(12.0, ink, Side::Right))
    };
    level_line(reference, "0 %".into(), Ink::FAINT)?;
    for (i, (level, rung)) in levels.iter().zip(&stage.ladder.rungs).enumerate() {
        level_line(*level, crate::output::percent(rung.limits.limit), level_ink(i))?;
    }
    let lines = trace
        .lines(trace.day(day), true, |at, price| (panel.across(share(&bar.session, at)), panel.up(price.to_f64())));
    for line in lines {
        canvas.line(&line, Ink::PRICE, 2, 1.0)?;
    }
    panel.frame(canvas)
}

/// The halts of a day in words that fit over its panel.
fn told(sheet: &Sheet<'_, '_>, halts: &[Halt], close: Nanos) -> String {
    let zone = &sheet.stage.zone;
    if let [halt] = halts {
        let until = halt.until.filter(|until| *until <= close);
        let until = until.map_or("the end of the day".into(), |until| zone.clock(until));
        return format!("rung {}: halted {} to {until}", halt.rung, zone.clock(halt.from));
    }
    let times: Vec<String> = halts.iter().take(3).map(|halt| zone.clock(halt.from)).collect();
    format!("halted at {}{}", times.join(", "), if halts.len() > 3 { " and later" } else { "" })
}

/// Every second full hour of a session.
fn hours(sheet: &Sheet<'_, '_>, day: usize) -> Vec<(f64, String)> {
    let Some(day) = sheet.stage.days.get(day) else { return vec![] };
    let zone = &sheet.stage.zone;
    let times = (0..24_i8).step_by(2).filter_map(|hour| zone.within(&day.session, jiff::civil::time(hour, 0, 0, 0)));
    times.map(|at| (share(&day.session, at), zone.clock(at)[..5].to_owned())).collect()
}
