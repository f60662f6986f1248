//! Where words go so that none lies on another, or on a line. Pure, in pixels.

/// About how wide words are, rather too wide; a size is a little more than an SVG's.
pub(crate) fn width(text: &str, size: f64) -> i32 {
    (text.chars().count() as f64 * size * 0.5).ceil() as i32
}

/// Words over a line, and the column from which a line goes down to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// The first and the last column of the words.
    pub(crate) words: (i32, i32),
    pub(crate) stem: i32,
}

impl Flag {
    fn covers(&self, column: i32) -> bool {
        (self.words.0..=self.words.1).contains(&column)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.words.0 <= other.words.1 && other.words.0 <= self.words.1
    }
}

/// Rows for flags, 0 the lowest: no words lie on others, and no line goes down through words if that can be helped. For that, words
/// that cover the columns of other lines stand above those. O(n²).
pub(crate) fn rows(flags: &[Flag]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..flags.len()).collect();
    order.sort_by_key(|i| flags[*i].stem);
    let mut rows = vec![0; flags.len()];
    let mut placed: Vec<usize> = Vec::new();
    while !order.is_empty() {
        let is_free = |i: &usize| !order.iter().any(|j| j != i && flags[*i].covers(flags[*j].stem));
        // From the right. Of those that cover each other's lines one must give way.
        let next = order.iter().rposition(is_free).unwrap_or(order.len() - 1);
        let i = order.remove(next);
        let under = placed.iter().filter(|j| flags[i].covers(flags[**j].stem)).map(|j| rows[*j] + 1).max();
        let is_taken = |row: &usize| placed.iter().any(|j| rows[*j] == *row && flags[*j].overlaps(&flags[i]));
        rows[i] = (under.unwrap_or(0)..).find(|row| !is_taken(row)).unwrap_or(0);
        placed.push(i);
    }
    rows
}

/// Heights moved as little as is simple so that two are `gap` apart at least, between `top` and `bottom`; their order stays.
pub(crate) fn spread(heights: &[i32], gap: i32, (top, bottom): (i32, i32)) -> Vec<i32> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by_key(|i| heights[*i]);
    let mut placed = heights.to_vec();
    let mut least = top;
    for i in &order {
        placed[*i] = placed[*i].max(least);
        least = placed[*i] + gap;
    }
    let mut most = bottom;
    for i in order.iter().rev() {
        placed[*i] = placed[*i].min(most);
        most = placed[*i] - gap;
    }
    placed
}

/// A rectangle: left, top, right, bottom.
pub(crate) type Area = (i32, i32, i32, i32);

/// What is drawn already.
#[derive(Debug, Default)]
pub(crate) struct Taken(Vec<Area>);

impl Taken {
    /// A line takes the boxes around its parts.
    pub(crate) fn line(&mut self, points: &[(i32, i32)]) {
        let parts = points.iter().zip(points.iter().skip(1));
        self.0.extend(parts.map(|(a, b)| (a.0.min(b.0), a.1.min(b.1), a.0.max(b.0), a.1.max(b.1))));
        if let [(x, y)] = points {
            self.0.push((*x, *y, *x, *y));
        }
    }

    /// Takes a place, free or not.
    pub(crate) fn block(&mut self, place: Area) {
        self.0.push(place);
    }

    /// Takes a place, if it is free.
    pub(crate) fn take(&mut self, place: Area) -> bool {
        let meets = |other: &Area| place.0 <= other.2 && other.0 <= place.2 && place.1 <= other.3 && other.1 <= place.3;
        let is_free = !self.0.iter().any(meets);
        if is_free {
            self.0.push(place);
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words to the right of their lines.
    fn flags<const N: usize>(all: [(i32, i32); N]) -> [Flag; N] {
        all.map(|(stem, wide)| Flag { words: (stem, stem + wide), stem })
    }

    #[test]
    fn words_that_reach_over_the_lines_of_others_stand_above_them() {
        assert_eq!(rows(&flags([(0, 100), (50, 100), (200, 40)])), [1, 0, 0]);
        assert_eq!(rows(&flags([(0, 300), (50, 100), (200, 40)])), [1, 0, 0]);
        assert_eq!(rows(&flags([(0, 60), (50, 160), (200, 40)])), [2, 1, 0]);
        assert_eq!(rows(&flags([(7, 60), (7, 60), (7, 60)])), [2, 1, 0], "all at one place");
        assert_eq!(rows(&flags([(200, 40), (0, 300)])), [0, 1], "in any order");
        assert!(rows(&[]).is_empty());
        // To the left of their lines, at the right edge of a sheet.
        let left = [Flag { words: (20, 90), stem: 95 }, Flag { words: (60, 110), stem: 120 }];
        assert_eq!(rows(&left), [0, 1]);
    }

    proptest::proptest! {
        #[test]
        fn no_words_lie_on_others_and_no_line_goes_through_words(all in proptest::collection::vec((0..500, 1..200), 0..30)) {
            let flags: Vec<Flag> =
                all.into_iter().map(|(stem, wide)| Flag { words: (stem, stem + wide), stem }).collect();
            let rows = rows(&flags);
            for (i, a) in flags.iter().enumerate() {
                for (j, b) in flags.iter().enumerate().filter(|(j, _)| *j != i) {
                    proptest::prop_assert!(rows[i] != rows[j] || !a.overlaps(b), "{a:?} on {b:?}");
                    let crosses = rows[i] < rows[j] && a.covers(b.stem) && a.stem != b.stem;
                    proptest::prop_assert!(!crosses, "the line of {b:?} through {a:?}");
                }
            }
        }
    }

    #[test]
    fn no_two_heights_are_nearer_than_the_gap() {
        assert_eq!(spread(&[100, 105, 300], 16, (0, 400)), [100, 116, 300]);
        assert_eq!(spread(&[105, 100], 16, (0, 400)), [116, 100], "their order stays");
        assert_eq!(spread(&[399, 398, 397], 16, (0, 400)), [400, 384, 368]);
        assert_eq!(spread(&[-5], 16, (0, 400)), [0]);
    }

    #[test]
    fn a_place_is_taken_once_and_not_on_a_line() {
        let mut taken = Taken::default();
        taken.line(&[(0, 50), (100, 50), (100, 10)]);
        assert!(!taken.take((40, 45, 60, 55)) && !taken.take((95, 20, 105, 25)));
        assert!(taken.take((40, 52, 60, 60)));
        assert!(!taken.take((60, 60, 70, 70)));
    }
}
