//! The picture of a script: a panel for each scope that heard prices, and a row of statuses for each breaker that moved.

use std::path::Path;

use super::canvas::{Canvas, Ink, Side, Words};
use super::clock::{Clock, Mark};
use super::labels::{self, Label};
use super::panel::Panel;
use super::place;
use super::stretch::{Hue, Stretch};
use super::tape::{Tape, Watched};
use super::{Entry, LEFT, WIDTH, legend, tape_panel, write};
use crate::output::{Failure, short};
use crate::replay::{MADE, Ready};

/// Room for the names of levels at the right.
pub(crate) const RIGHT: i32 = 224;
const TOP: i32 = 112;
/// The heading over the rows of statuses, and each row with its name.
const HEADING: i32 = 34;
const ROW: i32 = 46;
const STRIP: i32 = 20;
const MARKS: i32 = 46;

/// Everything that a part of the picture needs.
pub(crate) struct Scene<'a, 's> {
    pub(crate) canvas: &'a Canvas<'s>,
    pub(crate) ready: &'a Ready,
    pub(crate) tape: &'a Tape,
    pub(crate) clock: &'a Clock,
}

/// Draws a script into a file.
pub(crate) fn draw(file: &Path, ready: &Ready, tape: &Tape) -> Result<(), Failure> {
    let clock = Clock::new(&tape.instants, &ready.zone);
    let panels: Vec<_> = tape.scopes.iter().map(|heard| tape_panel::Plan::new(ready, tape, &clock, heard)).collect();
    let rows: Vec<Row> = tape.moved().map(|watched| Row::new(ready, tape, &clock, watched)).collect();
    let panels_end = TOP + panels.iter().map(|panel| panel.height).sum::<i32>();
    let rows_height: i32 = rows.iter().map(|row| row.height).sum();
    let height = panels_end + if rows.is_empty() { 0 } else { HEADING + rows_height + MARKS };
    let mut svg = String::new();
    {
        let canvas = Canvas::new(&mut svg, WIDTH as u32, height.unsigned_abs())?;
        let scene = Scene { canvas: &canvas, ready, tape, clock: &clock };
        scene.head()?;
        let mut top = TOP;
        for panel in &panels {
            panel.draw(&scene, top)?;
            top += panel.height;
        }
        scene.rows(&rows, top)?;
        canvas.finish()?;
    }
    write(file, svg)
}

/// The panel over the whole width, with heights from `y`.
pub(crate) fn across(top: i32, bottom: i32, y: (f64, f64)) -> Panel {
    Panel { left: LEFT, right: WIDTH - RIGHT, top, bottom, x: (0.0, 1.0), y }
}

/// What a stretch is, and its times.
pub(crate) fn told(ready: &Ready, who: Option<&str>, stretch: &Stretch) -> String {
    let zone = &ready.zone;
    let until = |at| if zone.date(at) == zone.date(stretch.from) { zone.brief(at) } else { zone.minute(at) };
    let who = who.map(|who| format!("{who} ")).unwrap_or_default();
    let (words, from) = (&stretch.look.words, zone.brief(stretch.from));
    match (stretch.to, stretch.look.until) {
        (Some(to), _) => format!("{who}{words} {from} to {}", until(to)),
        (None, Some(end)) => format!("{who}{words} {from}, until {}", until(end)),
        (None, None) => format!("{who}{words} from {from}"),
    }
}

/// One breaker's statuses.
struct Row {
    name: String,
    what: String,
    stretches: Vec<Stretch>,
    /// Over the strip.
    labels: Vec<Label>,
    height: i32,
}

impl Row {
    fn new(ready: &Ready, tape: &Tape, clock: &Clock, watched: &Watched) -> Self {
        let stretches = watched.stretches();
        // A panel tells the times already.
        let is_told = tape.scopes.iter().any(|heard| watched.matters_for(&heard.scope));
        let telling = stretches.iter().filter(|stretch| stretch.look.hue != Hue::Calm && !is_told);
        let labels = stacked(clock, telling.map(|stretch| (stretch, told(ready, None, stretch))));
        let height = ROW + labels::height(&labels);
        Self { name: watched.name.clone(), what: watched.what.clone(), stretches, labels, height }
    }
}

/// Words for stretches, each above where the stretch begins.
pub(crate) fn stacked<'a>(clock: &Clock, telling: impl Iterator<Item = (&'a Stretch, String)>) -> Vec<Label> {
    let panel = across(0, 1, (0.0, 1.0));
    let begin = |stretch: &Stretch| panel.across(clock.place(stretch.from));
    labels::stacked(telling.map(|(stretch, text)| (text, begin(stretch), stretch.look.hue)), WIDTH)
}

impl Scene<'_, '_> {
    fn head(&self) -> Result<(), Failure> {
        let Ready { title, zone, steps, start, config, .. } = self.ready;
        let end = self.tape.instants.last().copied().unwrap_or(*start);
        let config = config.as_deref().unwrap_or("the script's own");
        let time = |at| format!("{} {}", zone.date(at), zone.clock(at));
        let (from, to, name) = (time(*start), time(end), zone.name());
        let span = format!("{} steps from {from} to {to}, clock of {name}; configuration: {config}", steps.len());
        let faint = Words::new(14.0, Ink::FAINT, Side::Left);
        self.canvas.words(title, (LEFT, 34), Words::new(24.0, Ink::TEXT, Side::Left).bold())?;
        self.canvas.words(span, (LEFT, 62), faint)?;
        self.canvas.words("Made path:", (LEFT, 86), Words::new(14.0, Ink::TEXT, Side::Left).bold())?;
        let rest = MADE.trim_start_matches("made: ");
        self.canvas.words(format!("{rest}."), (LEFT + 86, 86), faint)
    }

    /// The words over a part.
    pub(crate) fn heading(&self, text: &str, y: i32) -> Result<(), Failure> {
        self.canvas.words(text, (LEFT, y), Words::new(16.0, Ink::TEXT, Side::Left).bold())
    }

    /// Marks of the clock under a panel, with lines through it; the days below.
    pub(crate) fn marks(&self, panel: &Panel) -> Result<(), Failure> {
        let (canvas, zone) = (self.canvas, &self.ready.zone);
        for (share, text, mark) in self.clock.marks(zone) {
            let x = panel.across(share);
            canvas.line(&[(x, panel.top), (x, panel.bottom)], Ink::GRID, 1, 1.0)?;
            canvas.line(&[(x, panel.bottom), (x, panel.bottom + 4)], Ink::FRAME, 1, 1.0)?;
            let side = match mark {
                Mark::Middle => Side::Middle,
                Mark::First => Side::Left,
                Mark::Last => Side::Right,
            };
            canvas.words(text, (x, panel.bottom + 14), Words::new(13.0, Ink::FAINT, side))?;
        }
        let mut free_from = 0;
        for (share, date) in self.clock.dates(zone) {
            let x = panel.across(share);
            if x >= free_from {
                canvas.words(&date, (x, panel.bottom + 31), Words::new(13.0, Ink::TEXT, Side::Left))?;
                free_from = x + place::width(&date, 13.0) + 6;
            }
        }
        Ok(())
    }

    /// What is cut out of a panel, over all that is drawn in it.
    pub(crate) fn cuts(&self, panel: &Panel) -> Result<(), Failure> {
        for ((from, to), time) in self.clock.cuts() {
            let (from, to) = (panel.across(from), panel.across(to));
            self.canvas.area((from + 1, to), (panel.top - 4, panel.bottom + 1), Ink(0xff_ffff), 1.0)?;
            for x in [from, to] {
                self.canvas.uprights(panel.top - 4, panel.bottom + 4, x, Ink::FRAME)?;
            }
            if panel.bottom - panel.top > 60 {
                let middle = ((from + to) / 2, panel.bottom - 12);
                self.canvas.words(short(time), middle, Words::new(11.0, Ink::FAINT, Side::Middle))?;
            }
        }
        Ok(())
    }

    fn rows(&self, rows: &[Row], top: i32) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        self.heading("Breakers", top + 14)?;
        let mut hues: Vec<Hue> = rows.iter().flat_map(|row| &row.stretches).map(|s| s.look.hue).collect();
        hues.sort_unstable();
        hues.dedup();
        let entries = hues.into_iter().map(|hue| Entry::area(hue.words(), hue.ink(), 1.0)).collect();
        legend(self.canvas, entries, WIDTH - RIGHT, top + 14)?;
        let mut y = top + HEADING;
        for row in rows {
            let strip = across(y + row.height - STRIP - 8, y + row.height - 8, (0.0, 1.0));
            let name = Words::new(14.0, Ink::TEXT, Side::Left);
            self.canvas.words(&row.name, (LEFT, y + 4), name.bold())?;
            let x = LEFT + place::width(&row.name, 14.0) + 20;
            self.canvas.words(&row.what, (x, y + 4), Words::new(13.0, Ink::FAINT, Side::Left))?;
            for stretch in &row.stretches {
                self.stretch(&strip, stretch)?;
            }
            self.cuts(&strip)?;
            labels::draw(self.canvas, &row.labels, strip.top)?;
            y += row.height;
        }
        self.marks(&across(y - 8, y - 6, (0.0, 1.0)))
    }

    /// A stretch in its strip, with its words if they fit.
    fn stretch(&self, strip: &Panel, stretch: &Stretch) -> Result<(), Failure> {
        let Stretch { from, to, look } = stretch;
        let x = strip.across(self.clock.place(*from));
        let end = strip.across(self.clock.place(to.unwrap_or(self.clock.end())));
        self.canvas.area((x, end.max(x + 2)), (strip.top, strip.bottom), look.hue.ink(), 1.0)?;
        // Words do not lie over a cut.
        let free = strip.across(self.clock.place(self.clock.cut_after(*from)).min(1.0)).min(end);
        if place::width(&look.words, 13.0) + 8 <= free - x {
            let ink = if look.hue == Hue::Denies { Ink(0xff_ffff) } else { Ink::TEXT };
            let middle = (strip.top + strip.bottom) / 2;
            self.canvas.words(&look.words, (x + 5, middle), Words::new(13.0, ink, Side::Left))?;
        }
        Ok(())
    }
}
