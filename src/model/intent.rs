//! What an order wants, and sets of it.

use core::fmt;
use core::ops::{BitAnd, BitOr, Not};

/// What an order does to the exposure of its owner.
///
/// ```
/// use haltline::{Intent, Lanes};
/// // The caller classifies. What goes through zero opens new exposure on the other side: an increase.
/// let intent = |position: i64, fill: i64| {
///     let takes_away = position.signum() == -fill.signum() && fill.abs() <= position.abs();
///     if takes_away { Intent::Reduce } else { Intent::Increase }
/// };
/// assert!(!Lanes::NO_NEW.denies(intent(100, -100)));
/// assert!(Lanes::NO_NEW.denies(intent(100, -101)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Intent {
    /// A new order that adds exposure.
    Increase = 0,
    /// A new order that takes exposure away.
    Reduce = 1,
    /// The withdrawal of a resting order.
    Cancel = 2,
}

impl Intent {
    /// All three, in the order of their lanes.
    pub const ALL: [Self; 3] = [Self::Increase, Self::Reduce, Self::Cancel];

    /// The word used in TOML, on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Increase => "increase",
            Self::Reduce => "reduce",
            Self::Cancel => "cancel",
        }
    }
}

/// A set of lanes of a scope's word: what a breaker denies, and whether it warns.
///
/// ```
/// use haltline::{Intent, Lanes};
/// assert!(Lanes::HALT.denies(Intent::Increase) && Lanes::HALT.denies(Intent::Reduce));
/// assert!(!Lanes::HALT.denies(Intent::Cancel));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lanes(u8);

impl Lanes {
    /// Denies nothing.
    pub const NONE: Self = Self(0);
    /// Warns, denies nothing.
    pub const WARNING: Self = Self(0b1000);
    /// Denies orders that increase exposure.
    pub const NO_NEW: Self = Self(0b0001);
    /// Denies new orders of either kind; resting ones can be pulled.
    pub const HALT: Self = Self(0b0011);
    /// Denies everything, cancels too.
    pub const CLOSE: Self = Self(0b0111);

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self((bits & 0b1111) as u8)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0 as u64
    }

    /// Whether an order of this intent is denied.
    pub const fn denies(self, intent: Intent) -> bool {
        self.0 & (1 << intent as u8) != 0
    }

    /// The lane of this intent, if it is in the set.
    pub(crate) const fn only(self, intent: Intent) -> Self {
        Self(self.0 & (1 << intent as u8))
    }

    /// Whether any order is denied.
    pub const fn denies_any(self) -> bool {
        self.0 & Self::CLOSE.0 != 0
    }

    /// Whether it warns.
    pub const fn warns(self) -> bool {
        self.0 & Self::WARNING.0 != 0
    }

    /// Whether it is the empty set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One count in each lane of the set: what is added to or taken from a scope's word.
    pub(crate) const fn as_counts(self) -> u64 {
        let bits = self.0 as u64;
        (bits & 1) | (bits & 2) << 15 | (bits & 4) << 30 | (bits & 8) << 45
    }

    /// The lanes of a scope's word that are not at zero.
    pub(crate) const fn from_counts(word: u64) -> Self {
        // The top bit of each lane: set if any bit of the lane is. No carry leaves a lane.
        const LOW: u64 = 0x7fff_7fff_7fff_7fff;
        let tops = (((word & LOW) + LOW) | word) & !LOW;
        Self(((tops >> 15 & 1) | (tops >> 30 & 2) | (tops >> 45 & 4) | (tops >> 60 & 8)) as u8)
    }
}

impl BitOr for Lanes {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Lanes {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Lanes {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0 & 0b1111)
    }
}

impl fmt::Display for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let denied: Vec<_> = Intent::ALL.into_iter().filter(|i| self.denies(*i)).map(Intent::name).collect();
        match (denied.is_empty(), self.warns()) {
            (true, false) => f.write_str("nothing"),
            (true, true) => f.write_str("nothing, warns"),
            _ => f.write_str(&denied.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_survives_the_way_through_counts() {
        for bits in 0..16 {
            let lanes = Lanes::from_bits(bits);
            assert_eq!(Lanes::from_counts(lanes.as_counts()), lanes);
            assert_eq!(Lanes::from_counts(lanes.as_counts() * 40_000), lanes);
        }
        assert_eq!(Lanes::from_bits(0b1111).as_counts(), 0x0001_0001_0001_0001);
    }
}
