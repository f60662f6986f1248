//! One scope of a script over its time: prices, bands, levels, and what stood in their way.

use core::time::Duration;

use haltline::Nanos;

use super::canvas::{Ink, Side, Words};
use super::clock::Clock;
use super::labels::{self, Label};
use super::panel::Panel;
use super::place::{self, Taken};
use super::prices::level_ink;
use super::script::{Scene, across, stacked, told};
use super::stretch::{Hue, Stretch, painted};
use super::tape::{Heard, Tape};
use super::trace::thinned;
use super::{Entry, WIDTH, legend};
use crate::output::Failure;
use crate::replay::Ready;

const HEADING: i32 = 34;
const PLOT: i32 = 360;
const MARKS: i32 = 58;
/// Up to so many trades each has a dot.
const DOTS: usize = 400;
const QUOTE: Ink = Ink(0x8a_9bb0);
const BAND: Ink = Ink(0x12_805f);

/// What is drawn of a scope, and how high that is.
pub(crate) struct Plan<'a> {
    heard: &'a Heard,
    /// What is not calm of the breakers that matter.
    stretches: Vec<Stretch>,
    labels: Vec<Label>,
    pub(crate) height: i32,
}

/// A level of a reference for the time in which that holds.
struct Level {
    from: Nanos,
    to: Nanos,
    price: f64,
    text: String,
    ink: Ink,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(ready: &Ready, tape: &Tape, clock: &Clock, heard: &'a Heard) -> Self {
        let matter = || tape.moved().filter(|watched| watched.matters_for(&heard.scope));
        let is_alone = matter().count() == 1;
        let all = matter().flat_map(|watched| {
            let who = (!is_alone).then_some(watched.name.as_str());
            let uneasy = watched.stretches().into_iter().filter(|stretch| stretch.look.hue != Hue::Calm);
            uneasy.map(move |stretch| (told(ready, who, &stretch), stretch)).collect::<Vec<_>>()
        });
        let (texts, stretches): (Vec<String>, Vec<Stretch>) = all.unzip();
        let labels = stacked(clock, stretches.iter().zip(texts));
        let height = HEADING + labels::height(&labels) + PLOT + MARKS;
        Self { heard, stretches, labels, height }
    }

    pub(crate) fn draw(&self, scene: &Scene<'_, '_>, top: i32) -> Result<(), Failure> {
        let bottom = top + self.height - MARKS;
        let levels = self.levels(scene.clock.end());
        let panel = across(bottom - PLOT, bottom, self.range(&levels));
        scene.heading(&format!("Price of {}", self.heard.scope), top + 14)?;
        self.legend(scene, top + 14)?;
        panel.scale(scene.canvas, "")?;
        scene.marks(&panel)?;
        self.shades(scene, &panel)?;
        let mut taken = Taken::default();
        self.quotes(scene, &panel, &mut taken)?;
        let bands = self.bands(scene, &panel, &mut taken)?;
        self.trades(scene, &panel, &mut taken)?;
        self.level_lines(scene, &panel, &levels, &mut taken)?;
        scene.cuts(&panel)?;
        for ((from, to), _) in scene.clock.cuts() {
            taken.block((panel.across(from), panel.top, panel.across(to), panel.bottom));
        }
        self.names(scene, &panel, &levels, &mut taken)?;
        values(scene, &panel, &bands, &mut taken)?;
        labels::draw(scene.canvas, &self.labels, panel.top)?;
        panel.frame(scene.canvas)
    }

    /// The levels of each reference, and itself.
    fn levels(&self, end: Nanos) -> Vec<Level> {
        let Heard { references, ladders, .. } = self.heard;
        if ladders.is_empty() {
            return vec![];
        }
        let ends = references.iter().skip(1).map(|(at, _)| *at).chain([end]);
        let each = references.iter().zip(ends).flat_map(|((from, reference), to)| {
            let own = Level {
                from: *from,
                to,
                price: *reference,
                text: format!("reference {}", number(*reference)),
                ink: Ink::FAINT,
            };
            let of = |(rung, price, away): (usize, f64, String)| Level {
                from: *from,
                to,
                price,
                text: format!("rung {} {} {away}", rung + 1, number(price)),
                ink: level_ink(rung),
            };
            let went = self.went(*from, to, *reference);
            let rungs = ladders.iter().flat_map(|ladder| ladder.levels_near(*reference, went)).map(of);
            core::iter::once(own).chain(rungs.collect::<Vec<_>>()).collect::<Vec<_>>()
        });
        each.collect()
    }

    /// The lowest and the highest trade in a time, the reference among them.
    fn went(&self, from: Nanos, to: Nanos, reference: f64) -> (f64, f64) {
        let trades = self.heard.trades.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, price)| *price);
        trades.fold((reference, reference), |(low, high), price| (low.min(price), high.max(price)))
    }

    /// The prices that the panel shows: all that is drawn in it.
    fn range(&self, levels: &[Level]) -> (f64, f64) {
        let heard = self.heard;
        let trades = heard.trades.iter().map(|(_, price)| *price);
        let quotes = heard.quotes.iter().flat_map(|(_, bid, ask)| [*bid, *ask]);
        let bands = heard.bands.iter().filter_map(|(_, band)| *band).flat_map(|(lower, upper)| [lower, upper]);
        let references = heard.references.iter().map(|(_, price)| *price);
        let all = trades.chain(quotes).chain(bands).chain(references).chain(levels.iter().map(|level| level.price));
        let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let room = (high - low).max(high.abs() * 1e-4) * 0.08;
        (low - room, high + room)
    }

    fn legend(&self, scene: &Scene<'_, '_>, y: i32) -> Result<(), Failure> {
        let heard = self.heard;
        let mut entries = vec![];
        if !heard.trades.is_empty() {
            entries.push(Entry::line("trades", Ink::PRICE));
        }
        if !heard.quotes.is_empty() {
            entries.push(Entry::line("best bid and offer", QUOTE));
        }
        if heard.bands.iter().any(|(_, band)| band.is_some()) {
            entries.push(Entry::line("lower and upper band", BAND));
        }
        let mut hues: Vec<Hue> = self.stretches.iter().map(|stretch| stretch.look.hue).collect();
        hues.sort_unstable();
        hues.dedup();
        entries.extend(hues.into_iter().map(|hue| Entry::area(hue.words(), hue.ink(), shade(hue))));
        legend(scene.canvas, entries, panel_right(), y)
    }

    /// Each time once, however many breakers deny in it; with a bar at the top in the full colour.
    fn shades(&self, scene: &Scene<'_, '_>, panel: &Panel) -> Result<(), Failure> {
        for (from, to, hue) in painted(&self.stretches, scene.clock.end()) {
            let from = panel.across(scene.clock.place(from));
            let to = panel.across(scene.clock.place(to)).max(from + 2);
            scene.canvas.area((from, to), (panel.top, panel.bottom), hue.ink(), shade(hue))?;
            scene.canvas.area((from, to), (panel.top - 4, panel.top), hue.ink(), 1.0)?;
        }
        Ok(())
    }

    /// When the first denial at or after a time begins.
    fn denied_after(&self, at: Nanos) -> Option<Nanos> {
        let denials = self.stretches.iter().filter(|stretch| stretch.look.hue == Hue::Denies);
        denials.map(|stretch| stretch.from).filter(|from| *from >= at).min()
    }

    /// A quote stands until the next one, but not beyond a halt or a cut.
    fn quotes(&self, scene: &Scene<'_, '_>, panel: &Panel, taken: &mut Taken) -> Result<(), Failure> {
        let quotes = &self.heard.quotes;
        let mut runs: Vec<[Vec<(i32, i32)>; 2]> = Vec::new();
        let mut last = None;
        for (i, (from, bid, ask)) in quotes.iter().enumerate() {
            let next = quotes.get(i + 1).map_or(scene.clock.end(), |quote| quote.0);
            let denied = self.denied_after(*from + Duration::from_nanos(1)).unwrap_or(next);
            let to = next.min(denied).min(scene.clock.cut_after(*from));
            let x = [*from, to].map(|at| panel.across(scene.clock.place(at)));
            if last != Some(*from) {
                runs.push(Default::default());
            }
            for (line, price) in runs.last_mut().into_iter().flatten().zip([bid, ask]) {
                line.extend(x.map(|x| (x, panel.up(*price))));
            }
            last = Some(to);
        }
        for line in runs.iter().flatten() {
            let line = by_columns(line);
            scene.canvas.line(&line, QUOTE, 1, 1.0)?;
            taken.line(&line);
        }
        Ok(())
    }

    /// Steps, and gaps where there is no band. The spans that were drawn come back.
    fn bands(&self, scene: &Scene<'_, '_>, panel: &Panel, taken: &mut Taken) -> Result<Vec<Span>, Failure> {
        let bands = &self.heard.bands;
        let ends = bands.iter().skip(1).map(|(at, _)| *at).chain([scene.clock.end()]);
        let spans = bands.iter().zip(ends).filter_map(|((from, band), to)| {
            let (lower, upper) = (*band)?;
            let x = (panel.across(scene.clock.place(*from)), panel.across(scene.clock.place(to)));
            Some(Span { x, lower, upper })
        });
        let spans: Vec<Span> = spans.collect();
        let lines: [fn(&Span) -> f64; 2] = [|span| span.lower, |span| span.upper];
        for line in lines {
            for run in spans.chunk_by(|a, b| a.x.1 == b.x.0) {
                let points = run.iter().flat_map(|span| [span.x.0, span.x.1].map(|x| (x, panel.up(line(span)))));
                let points: Vec<(i32, i32)> = points.collect();
                scene.canvas.line(&points, BAND, 2, 1.0)?;
                taken.line(&points);
            }
        }
        Ok(spans)
    }

    /// A line that breaks where a halt or a cut lies between two trades.
    fn trades(&self, scene: &Scene<'_, '_>, panel: &Panel, taken: &mut Taken) -> Result<(), Failure> {
        let trades = &self.heard.trades;
        let breaks =
            |a: Nanos, b: Nanos| self.denied_after(a).is_some_and(|denied| denied < b) || scene.clock.cut_after(a) < b;
        for run in trades.chunk_by(|a, b| !breaks(a.0, b.0)) {
            let points = run.iter().map(|(at, price)| (panel.across(scene.clock.place(*at)), panel.up(*price)));
            let points: Vec<(i32, i32)> = points.collect();
            let line = by_columns(&points);
            scene.canvas.line(&line, Ink::PRICE, 2, 1.0)?;
            taken.line(&line);
            if trades.len() <= DOTS {
                for (x, y) in points {
                    scene.canvas.area((x - 2, x + 2), (y - 2, y + 2), Ink::PRICE, 1.0)?;
                }
            }
        }
        Ok(())
    }

    fn level_lines(
        &self,
        scene: &Scene<'_, '_>,
        panel: &Panel,
        levels: &[Level],
        taken: &mut Taken,
    ) -> Result<(), Failure> {
        for level in levels {
            let (from, to) = (scene.clock.place(level.from), scene.clock.place(level.to));
            let (from, to, y) = (panel.across(from), panel.across(to), panel.up(level.price));
            scene.canvas.dashes(from, to, y, level.ink)?;
            taken.line(&[(from, y), (to, y)]);
        }
        Ok(())
    }

    /// Names of levels: at the right of those that stand at the end, of the others over their line where there is room.
    fn names(&self, scene: &Scene<'_, '_>, panel: &Panel, levels: &[Level], taken: &mut Taken) -> Result<(), Failure> {
        let (last, past): (Vec<&Level>, Vec<&Level>) = levels.iter().partition(|level| level.to >= scene.clock.end());
        let heights: Vec<i32> = last.iter().map(|level| panel.up(level.price)).collect();
        let placed = place::spread(&heights, 15, (panel.top, panel.bottom));
        for ((level, y), height) in last.iter().zip(placed).zip(heights) {
            scene.canvas.line(&[(panel.right, height), (panel.right + 10, y)], level.ink, 1, 1.0)?;
            scene.canvas.words(&level.text, (panel.right + 14, y), Words::new(13.0, level.ink, Side::Left))?;
        }
        for level in past {
            let from = panel.across(scene.clock.place(level.from));
            let to = panel.across(scene.clock.place(level.to));
            put(scene, &level.text, level.ink, (from + 6, to), panel.up(level.price) - 10, taken)?;
        }
        Ok(())
    }
}

/// A line with a few points a column, the extremes among them.
fn by_columns(points: &[(i32, i32)]) -> Vec<(i32, i32)> {
    points.chunk_by(|a, b| a.0 == b.0).flat_map(|column| thinned(&mut column.to_vec())).collect()
}

/// A part of the bands, in pixels to the right.
struct Span {
    x: (i32, i32),
    lower: f64,
    upper: f64,
}

/// What the bands are, over the upper and under the lower, where there is room.
fn values(scene: &Scene<'_, '_>, panel: &Panel, spans: &[Span], taken: &mut Taken) -> Result<(), Failure> {
    // What stood for an instant only has none.
    for span in spans.iter().filter(|span| span.x.1 - span.x.0 > 6) {
        for (value, away) in [(span.upper, -10), (span.lower, 11)] {
            let y = panel.up(value) + away;
            if y - 8 > panel.top && y + 8 < panel.bottom {
                put(scene, &number(value), BAND, (span.x.0 + 2, span.x.1.max(span.x.0 + 60)), y, taken)?;
            }
        }
    }
    Ok(())
}

/// Words at the first place of a height, within some columns, where they lie on nothing.
fn put(scene: &Scene<'_, '_>, text: &str, ink: Ink, x: (i32, i32), y: i32, taken: &mut Taken) -> Result<(), Failure> {
    let wide = place::width(text, 13.0);
    let mut at = x.0;
    while at + wide <= x.1.min(panel_right()) {
        if taken.take((at, y - 7, at + wide, y + 7)) {
            return scene.canvas.words(text, (at, y), Words::new(13.0, ink, Side::Left));
        }
        at += 12;
    }
    Ok(())
}

fn panel_right() -> i32 {
    WIDTH - super::script::RIGHT
}

const fn shade(hue: Hue) -> f64 {
    if matches!(hue, Hue::Calm) { 0.0 } else { 0.25 }
}

/// A price with two digits, or with as many as it has.
fn number(price: f64) -> String {
    let text = format!("{price:.4}");
    text.strip_suffix("00").map_or(text.clone(), str::to_owned)
}
