//! Words over a panel for what begins in it: each with a line down to where that begins, none over another.

use super::canvas::{Canvas, Side, Words};
use super::place::{self, Flag};
use super::stretch::Hue;
use crate::output::Failure;

/// How high a row of words is.
const LINE: i32 = 20;
const SIZE: f64 = 14.0;
/// More rows are left out.
const MOST: usize = 8;

/// One of them.
#[derive(Debug)]
pub(crate) struct Label {
    text: String,
    hue: Hue,
    /// Where it begins.
    stem: i32,
    /// Where its words do: there, or so that they end there if they would leave the sheet.
    x: i32,
    /// From the panel up.
    row: usize,
}

/// Gives words that begin at some columns their rows; all end before `right`.
pub(crate) fn stacked(words: impl IntoIterator<Item = (String, i32, Hue)>, right: i32) -> Vec<Label> {
    let placed = words.into_iter().map(|(text, stem, hue)| {
        let wide = place::width(&text, SIZE) + 8;
        let x = if stem + wide > right { stem - wide - 6 } else { stem };
        Label { text, hue, stem, x, row: 0 }
    });
    let mut labels: Vec<Label> = placed.collect();
    let flag =
        |label: &Label| Flag { words: (label.x, label.x + place::width(&label.text, SIZE) + 16), stem: label.stem };
    let rows = place::rows(&labels.iter().map(flag).collect::<Vec<_>>());
    for (label, row) in labels.iter_mut().zip(rows) {
        label.row = row;
    }
    labels.retain(|label| label.row < MOST);
    labels
}

/// What they take.
pub(crate) fn height(labels: &[Label]) -> i32 {
    labels.iter().map(|label| (label.row as i32 + 1) * LINE).max().map_or(0, |rows| rows + 4)
}

/// Draws them over a panel.
pub(crate) fn draw(canvas: &Canvas<'_>, labels: &[Label], panel_top: i32) -> Result<(), Failure> {
    for Label { text, hue, stem, x, row } in labels {
        let y = panel_top - 14 - LINE * *row as i32;
        canvas.line(&[(*stem, y - 8), (*stem, panel_top)], hue.ink(), 2, 1.0)?;
        canvas.words(text, (x + 6, y), Words::new(SIZE, hue.dark(), Side::Left))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_together_is_stacked_and_nothing_leaves_the_sheet() {
        let words = ["dd-20 tripped", "dd-25 tripped"].map(|text| (text.to_owned(), 100, Hue::Denies));
        let labels = stacked(words, 400);
        assert_eq!(labels.iter().map(|label| label.row).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(height(&labels), 2 * LINE + 4);
        let [late] = &stacked([("from 16:00 on".to_owned(), 395, Hue::Unready)], 400)[..] else { panic!("one") };
        assert!(late.stem == 395 && late.x + place::width(&late.text, SIZE) < 395, "on the other side of its line");
        assert_eq!(height(&[]), 0);
    }
}
