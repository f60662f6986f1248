//! A sheet to draw on: lines, areas and words in pixels, as SVG.

use core::fmt::Display;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, PathElement, RGBColor, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor};

use crate::output::Failure;

/// A colour, `0xrrggbb`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink(pub(crate) u32);

impl Ink {
    /// Words.
    pub(crate) const TEXT: Self = Self(0x26_2b33);
    /// Words that matter less.
    pub(crate) const FAINT: Self = Self(0x6b_7480);
    /// Behind everything.
    pub(crate) const GRID: Self = Self(0xe4_e7eb);
    /// The edge of a panel.
    pub(crate) const FRAME: Self = Self(0xb4_bbc4);
    /// Prices.
    pub(crate) const PRICE: Self = Self(0x1d_4f91);
    /// While a breaker is tripped.
    pub(crate) const HALT: Self = Self(0xd6_2839);

    fn rgba(self, alpha: f64) -> RGBAColor {
        let [_, red, green, blue] = self.0.to_be_bytes();
        RGBColor(red, green, blue).mix(alpha)
    }
}

/// Where words stand against their point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Left,
    Middle,
    Right,
}

/// How words look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    pub(crate) size: f64,
    pub(crate) ink: Ink,
    pub(crate) bold: bool,
    /// Which side of the words the point is at.
    pub(crate) side: Side,
}

impl Words {
    pub(crate) const fn new(size: f64, ink: Ink, side: Side) -> Self {
        Self { size, ink, bold: false, side }
    }

    pub(crate) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// The sheet.
pub(crate) struct Canvas<'s> {
    area: DrawingArea<SVGBackend<'s>, Shift>,
}

fn failed(error: impl Display) -> Failure {
    Failure::new(format!("the picture cannot be drawn: {error}"))
}

impl<'s> Canvas<'s> {
    /// A white sheet, whose SVG goes to `svg`.
    pub(crate) fn new(svg: &'s mut String, width: u32, height: u32) -> Result<Self, Failure> {
        let area = SVGBackend::with_string(svg, (width, height)).into_drawing_area();
        area.fill(&plotters::style::WHITE).map_err(failed)?;
        Ok(Self { area })
    }

    /// A line; of one point, a dot.
    pub(crate) fn line(&self, points: &[(i32, i32)], ink: Ink, width: u32, alpha: f64) -> Result<(), Failure> {
        if let [(x, y)] = points {
            return self.area((x - 2, x + 2), (y - 2, y + 2), ink, alpha);
        }
        let path = PathElement::new(points.to_vec(), ink.rgba(alpha).stroke_width(width));
        self.area.draw(&path).map_err(failed)
    }

    /// A level line of dashes.
    pub(crate) fn dashes(&self, from: i32, to: i32, y: i32, ink: Ink) -> Result<(), Failure> {
        let mut x = from;
        while x < to {
            self.line(&[(x, y), ((x + 6).min(to), y)], ink, 1, 1.0)?;
            x += 10;
        }
        Ok(())
    }

    /// An upright line of dashes.
    pub(crate) fn uprights(&self, from: i32, to: i32, x: i32, ink: Ink) -> Result<(), Failure> {
        let mut y = from;
        while y < to {
            self.line(&[(x, y), (x, (y + 4).min(to))], ink, 1, 1.0)?;
            y += 7;
        }
        Ok(())
    }

    pub(crate) fn area(&self, x: (i32, i32), y: (i32, i32), ink: Ink, alpha: f64) -> Result<(), Failure> {
        let shape = Rectangle::new([(x.0, y.0), (x.1, y.1)], ink.rgba(alpha).filled());
        self.area.draw(&shape).map_err(failed)
    }

    pub(crate) fn frame(&self, x: (i32, i32), y: (i32, i32), ink: Ink) -> Result<(), Failure> {
        self.area.draw(&Rectangle::new([(x.0, y.0), (x.1, y.1)], ink.rgba(1.0))).map_err(failed)
    }

    /// Words whose middle height is at `at`.
    pub(crate) fn words(&self, text: impl Display, at: (i32, i32), words: Words) -> Result<(), Failure> {
        let style = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
        let side = match words.side {
            Side::Left => HPos::Left,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Right,
        };
        let font = FontDesc::new(FontFamily::SansSerif, words.size, style);
        let style = font.color(&words.ink.rgba(1.0)).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Text::new(text.to_string(), at, style)).map_err(failed)
    }

    /// Writes the end of the SVG.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.area.present().map_err(failed)
    }
}
