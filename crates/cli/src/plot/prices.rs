//! The price over all sessions, with the levels that follow from each previous close.

use super::canvas::{Ink, Side, Words};
use super::panel::Panel;
use super::{Entry, LEFT, RIGHT, Sheet, WIDTH};
use crate::output::{Failure, percent};

/// What the part takes, with its words.
pub(crate) const HEIGHT: i32 = 520;
/// Up to so many sessions a night is a gap in the line.
const NIGHTS: usize = 80;

const LEVELS: [Ink; 6] =
    [Ink(0xb8_7d0f), Ink(0xd9_6c1e), Ink(0x9c_1f2e), Ink(0x7a_1f5c), Ink(0x52_2a80), Ink(0x33_3333)];

/// The colour of a rung, counted from 0.
pub(crate) fn level_ink(rung: usize) -> Ink {
    LEVELS.get(rung).copied().unwrap_or(Ink::TEXT)
}

/// The levels of a reference: falls, or rises where the ladder looks up only.
pub(crate) fn levels(sheet: &Sheet<'_, '_>, day: usize) -> Vec<f64> {
    let ladder = &sheet.stage.ladder;
    let Some(reference) = sheet.stage.days.get(day).map(|day| day.reference.raw()) else { return vec![] };
    let level = |rung: &haltline::Rung| {
        let limit = rung.limits.limit;
        let up = ladder.direction == haltline::Direction::Up;
        haltline::Price::from_raw(if up { limit.rise_level(reference) } else { limit.fall_level(reference) }).to_f64()
    };
    ladder.rungs.iter().map(level).collect()
}

pub(crate) fn draw(sheet: &Sheet<'_, '_>, top: i32) -> Result<(), Failure> {
    let Sheet { canvas, trace, account, .. } = sheet;
    let days = trace.len();
    let all: Vec<Vec<f64>> = (0..days).map(|day| levels(sheet, day)).collect();
    let values = trace.prices.iter().map(|(_, price)| price.to_f64()).chain(all.iter().flatten().copied());
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let room = (high - low).max(1e-9) * 0.05;
    let panel = Panel {
        left: LEFT,
        right: WIDTH - RIGHT,
        top: top + 34,
        bottom: top + HEIGHT - 46,
        x: (0.0, days as f64),
        y: (low - room, high + 1.8 * room),
    };
    sheet.heading("Price", top + 14)?;
    legend(sheet, panel.right, top + 14)?;
    panel.scale(canvas, "")?;
    panel.marks(canvas, &sheet.dates())?;
    for halt in &account.halts {
        let until = halt.until.map_or(days as f64, |until| trace.place(until));
        panel.band(canvas, trace.place(halt.from), until, 0.30)?;
    }
    for rung in 0..sheet.stage.ladder.rungs.len() {
        let steps: Vec<(i32, i32)> = all
            .iter()
            .enumerate()
            .filter_map(|(day, levels)| levels.get(rung).map(|level| (day as f64, panel.up(*level))))
            .flat_map(|(day, y)| [(panel.across(day), y), (panel.across(day + 1.0), y)])
            .collect();
        canvas.line(&steps, level_ink(rung), 1, 0.9)?;
    }
    let lines = trace
        .lines(&trace.prices, days <= NIGHTS, |at, price| (panel.across(trace.place(at)), panel.up(price.to_f64())));
    for line in lines {
        canvas.line(&line, Ink::PRICE, 2, 1.0)?;
    }
    labels(sheet, &panel)?;
    panel.frame(canvas)
}

/// The day of each halt over its band, where there is room.
fn labels(sheet: &Sheet<'_, '_>, panel: &Panel) -> Result<(), Failure> {
    let mut free_from = panel.left;
    for halt in &sheet.account.halts {
        let x = panel.across(sheet.trace.place(halt.from));
        if x - 36 < free_from {
            continue;
        }
        let words = Words::new(12.0, Ink::HALT, Side::Right);
        let zone = &sheet.stage.zone;
        sheet.canvas.words(zone.date(halt.from), (x - 4, panel.top + 12), words.bold())?;
        sheet.canvas.words(zone.clock(halt.from), (x - 4, panel.top + 28), words)?;
        free_from = x + 50;
    }
    Ok(())
}

/// What the colours mean, at the right.
fn legend(sheet: &Sheet<'_, '_>, right: i32, y: i32) -> Result<(), Failure> {
    let mut entries = vec![Entry::line("price", Ink::PRICE)];
    for (i, rung) in sheet.stage.ladder.rungs.iter().enumerate() {
        let text = format!("rung {}: {} from the previous close", i + 1, percent(rung.limits.limit));
        entries.push(Entry::line(text, level_ink(i)));
    }
    entries.push(Entry::area("halted", Ink::HALT, 0.30));
    super::legend(sheet.canvas, entries, right, y)
}
