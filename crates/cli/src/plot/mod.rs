//! The picture of a replay: the price over all sessions, each halt by itself, and what the slow breakers read.
//!
//! Closed hours are left out: every session is as wide as every other. A line is drawn with about a point a pixel, the
//! extremes kept.

mod canvas;
mod clock;
mod curves;
mod halts;
mod labels;
mod panel;
mod place;
mod prices;
mod script;
mod stretch;
mod tape;
mod tape_panel;
mod trace;

use std::path::Path;

use canvas::{Canvas, Ink, Side, Words};
pub(crate) use script::draw as draw_script;
pub(crate) use tape::Tape;
pub(crate) use trace::Trace;

use crate::output::Failure;
use crate::replay::{Account, Stage, interpolated};

const WIDTH: i32 = 1_600;
/// Room for the numbers at the left, and for the names of limits at the right.
const LEFT: i32 = 84;
const RIGHT: i32 = 136;

/// Everything that a part of the picture needs.
pub(crate) struct Sheet<'a, 's> {
    canvas: &'a Canvas<'s>,
    stage: &'a Stage,
    account: &'a Account,
    trace: &'a Trace,
}

/// Draws a replay into a file.
pub(crate) fn draw(file: &Path, stage: &Stage, account: &Account, trace: &Trace) -> Result<(), Failure> {
    let halts = halts::days(stage, account);
    let curves = curves::of(stage, account, trace);
    let top = 112;
    let prices_end = top + prices::HEIGHT;
    let halts_end = prices_end + halts::height(halts.len());
    let height = halts_end + curves.iter().map(|curve| curve.height).sum::<i32>() + 12;
    let mut svg = String::new();
    {
        let canvas = Canvas::new(&mut svg, WIDTH as u32, height.unsigned_abs())?;
        let sheet = Sheet { canvas: &canvas, stage, account, trace };
        sheet.head()?;
        prices::draw(&sheet, top)?;
        halts::draw(&sheet, &halts, prices_end)?;
        let mut top = halts_end;
        for curve in &curves {
            curves::draw(&sheet, curve, top)?;
            top += curve.height;
        }
        canvas.finish()?;
    }
    write(file, svg)
}

fn write(file: &Path, svg: String) -> Result<(), Failure> {
    std::fs::write(file, svg).map_err(|error| Failure::new(format!("{}: cannot be written: {error}", file.display())))
}

/// What a colour means.
pub(crate) struct Entry {
    text: String,
    ink: Ink,
    /// How dense the area is; a line has none.
    area: Option<f64>,
}

impl Entry {
    pub(crate) fn line(text: impl Into<String>, ink: Ink) -> Self {
        Self { text: text.into(), ink, area: None }
    }

    pub(crate) fn area(text: impl Into<String>, ink: Ink, alpha: f64) -> Self {
        Self { text: text.into(), ink, area: Some(alpha) }
    }
}

/// What the colours mean, in one line that ends at `right`.
pub(crate) fn legend(canvas: &Canvas<'_>, entries: Vec<Entry>, right: i32, y: i32) -> Result<(), Failure> {
    let mut x = right;
    for Entry { text, ink, area } in entries.into_iter().rev() {
        let wide = place::width(&text, 13.0);
        canvas.words(&text, (x - wide, y), Words::new(13.0, Ink::TEXT, Side::Left))?;
        x -= wide + 34;
        match area {
            Some(alpha) => canvas.area((x + 8, x + 26), (y - 6, y + 6), ink, alpha)?,
            None => canvas.line(&[(x + 4, y), (x + 26, y)], ink, 2, 1.0)?,
        }
        x -= 14;
    }
    Ok(())
}

impl Sheet<'_, '_> {
    fn head(&self) -> Result<(), Failure> {
        let scenario = &self.stage.scenario;
        let (from, to) = (scenario.from.get_ref().0, scenario.to.get_ref().0);
        let data = scenario.data.get_ref();
        let data = data.file_name().map_or(data.to_string_lossy(), |name| name.to_string_lossy());
        let span = format!("{} sessions from {from} to {to}, daily bars of {data}", self.stage.days.len());
        let faint = Words::new(14.0, Ink::FAINT, Side::Left);
        self.canvas.words(&scenario.title, (LEFT, 34), Words::new(26.0, Ink::TEXT, Side::Left).bold())?;
        self.canvas.words(span, (LEFT, 64), faint)?;
        self.canvas.words(format!("Prices are {}.", interpolated(self.stage)), (LEFT, 86), faint)
    }

    /// The words over a part.
    fn heading(&self, text: &str, y: i32) -> Result<(), Failure> {
        self.canvas.words(text, (LEFT, y), Words::new(16.0, Ink::TEXT, Side::Left).bold())
    }

    /// Dates for the scale of sessions: sessions, or the first of a week, month, quarter or year, so that they fit.
    fn dates(&self) -> Vec<(f64, String)> {
        let days = &self.stage.days;
        let number = |i: usize| days.get(i).map_or(0, |day| day.session.date.0);
        let gap = |i: usize| {
            days.get(i).zip(days.get(i.wrapping_sub(1))).map(|(b, a)| (b.session.open - a.session.open).as_secs())
        };
        let (month, year) = (|n: u32| n / 100, |n: u32| n / 10_000);
        let quarter = |n: u32| n / 10_000 * 4 + (n / 100 % 100 - 1) / 3;
        let begins: [&dyn Fn(usize) -> bool; 5] = [
            &|_| true,
            // A weekend lies before the first session of a week.
            &|i| gap(i).is_some_and(|gap| gap > 49 * 3_600),
            &|i| i > 0 && month(number(i)) != month(number(i - 1)),
            &|i| i > 0 && quarter(number(i)) != quarter(number(i - 1)),
            &|i| i > 0 && year(number(i)) != year(number(i - 1)),
        ];
        let fits = begins.iter().map(|begin| (0..days.len()).filter(|i| begin(*i)).collect::<Vec<_>>());
        let chosen = fits.into_iter().find(|list| (1..=14).contains(&list.len())).unwrap_or_default();
        chosen.into_iter().filter_map(|i| Some((i as f64, days.get(i)?.session.date.to_string()))).collect()
    }
}
