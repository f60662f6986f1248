//! A rectangle of a sheet with a scale to the right and one upwards. Pure but for its frame.

use super::canvas::{Canvas, Ink, Side, Words};
use crate::output::Failure;

/// Where a panel is, in pixels, and what its edges mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panel {
    pub(crate) left: i32,
    pub(crate) right: i32,
    pub(crate) top: i32,
    pub(crate) bottom: i32,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
}

impl Panel {
    pub(crate) fn across(&self, x: f64) -> i32 {
        let share = (x - self.x.0) / (self.x.1 - self.x.0).max(f64::MIN_POSITIVE);
        self.left + (share * f64::from(self.right - self.left)).round() as i32
    }

    pub(crate) fn up(&self, y: f64) -> i32 {
        let share = (y - self.y.0) / (self.y.1 - self.y.0).max(f64::MIN_POSITIVE);
        self.bottom - (share * f64::from(self.bottom - self.top)).round() as i32
    }

    /// The numbers at the left, with lines through the panel.
    pub(crate) fn scale(&self, canvas: &Canvas<'_>, unit: &str) -> Result<(), Failure> {
        let (step, values) = ticks(self.y, ((self.bottom - self.top) / 32).max(2) as usize);
        let digits = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        for value in values {
            let y = self.up(value);
            canvas.line(&[(self.left, y), (self.right, y)], Ink::GRID, 1, 1.0)?;
            let words = Words::new(13.0, Ink::FAINT, Side::Right);
            canvas.words(format!("{value:.digits$}{unit}"), (self.left - 8, y), words)?;
        }
        Ok(())
    }

    /// Words under the panel, with lines through it.
    pub(crate) fn marks(&self, canvas: &Canvas<'_>, marks: &[(f64, String)]) -> Result<(), Failure> {
        for (x, text) in marks {
            let x = self.across(*x);
            canvas.line(&[(x, self.top), (x, self.bottom)], Ink::GRID, 1, 1.0)?;
            canvas.line(&[(x, self.bottom), (x, self.bottom + 4)], Ink::FRAME, 1, 1.0)?;
            canvas.words(text, (x, self.bottom + 14), Words::new(13.0, Ink::FAINT, Side::Middle))?;
        }
        Ok(())
    }

    /// The edge, last.
    pub(crate) fn frame(&self, canvas: &Canvas<'_>) -> Result<(), Failure> {
        canvas.frame((self.left, self.right), (self.top, self.bottom), Ink::FRAME)
    }

    /// A band over the whole height, at least three pixels wide.
    pub(crate) fn band(&self, canvas: &Canvas<'_>, from: f64, to: f64, alpha: f64) -> Result<(), Failure> {
        let (from, to) = (self.across(from), self.across(to));
        canvas.area((from, to.max(from + 3)), (self.top, self.bottom), Ink::HALT, alpha)
    }
}

/// Round numbers in a range, at most about `most`: the step and the numbers.
pub(crate) fn ticks((low, high): (f64, f64), most: usize) -> (f64, Vec<f64>) {
    let span = high - low;
    if span.is_nan() || span <= 0.0 || span.is_infinite() {
        return (1.0, vec![]);
    }
    let rough = span / most.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].iter().map(|m| m * power).find(|step| *step >= rough).unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (step, (first..=last).map(|n| n as f64 * step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((1790.0, 3400.0), 8), (500.0, vec![2000.0, 2500.0, 3000.0]));
        assert_eq!(ticks((0.0, 36.0), 4).1, [0.0, 10.0, 20.0, 30.0]);
        assert!(ticks((1.0, 1.0), 4).1.is_empty());
        assert!(ticks((0.0, f64::NAN), 4).1.is_empty());
    }

    #[test]
    fn edges_are_edges() {
        let panel = Panel { left: 10, right: 110, top: 20, bottom: 220, x: (0.0, 5.0), y: (100.0, 200.0) };
        assert_eq!((panel.across(0.0), panel.across(5.0)), (10, 110));
        assert_eq!((panel.up(100.0), panel.up(200.0)), (220, 20));
    }
}
