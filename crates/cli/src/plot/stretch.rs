//! What a breaker looked like over time: stretches of one look, from the changes. Pure.

use haltline::{BreakerStatus, Lanes, Nanos, Reason, Status, Step};

use super::canvas::Ink;
use crate::replay::Transition;

/// What a colour stands for, from the least to what hides all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hue {
    Calm,
    Warning,
    /// No usable value.
    Unready,
    Cooldown,
    Denies,
}

impl Hue {
    /// In a legend.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Calm => "active",
            Self::Warning => "warning, limit state",
            Self::Unready => "not ready",
            Self::Cooldown => "half open",
            Self::Denies => "tripped",
        }
    }

    /// Told apart by lightness too, for who does not see red and green as two.
    pub(crate) const fn ink(self) -> Ink {
        match self {
            Self::Calm => Ink(0xd9_e2ec),
            Self::Warning => Ink(0xf0_b429),
            Self::Unready => Ink(0x9a_a5b1),
            Self::Cooldown => Ink(0x47_a3d1),
            Self::Denies => Ink(0xba_2525),
        }
    }

    /// Of words in this colour, on white.
    pub(crate) const fn dark(self) -> Ink {
        match self {
            Self::Warning => Ink(0x8a_5a00),
            Self::Calm | Self::Unready => Ink::FAINT,
            Self::Cooldown => Ink(0x1f_6f9c),
            Self::Denies => Ink(0xa6_1b1b),
        }
    }
}

/// What a breaker looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) hue: Hue,
    pub(crate) words: String,
    /// When time ends it, as far as that was known.
    pub(crate) until: Option<Nanos>,
}

impl Look {
    fn new(status: Status, denies: Lanes, step: Step, reason: Reason) -> Self {
        let words = match (status, reason) {
            (Status::Retired, _) => "retired".into(),
            (Status::Active, _) => "active".into(),
            (Status::Warning, Reason::LimitState | Reason::Straddle) => plain(reason),
            (Status::Warning, _) => "warning".into(),
            (Status::Tripped, Reason::Rung) => format!("rung {}", step.number()),
            (Status::Tripped, Reason::TradingPause) => plain(reason),
            (Status::Tripped, Reason::None) => "tripped".into(),
            (Status::Tripped, _) => format!("tripped: {}", plain(reason)),
            (Status::Cooldown, _) => "half open".into(),
            (other, _) => other.name().replace('_', " "),
        };
        let stops = !matches!(status, Status::Active | Status::Warning | Status::Retired);
        let is_felt = [haltline::Intent::Increase, haltline::Intent::Reduce, haltline::Intent::Cancel]
            .into_iter()
            .any(|intent| denies.denies(intent));
        let hue = match status {
            Status::Active | Status::Retired => Hue::Calm,
            Status::Cooldown => Hue::Cooldown,
            _ if stops && is_felt => Hue::Denies,
            _ => Hue::Warning,
        };
        let words = if stops && !is_felt { format!("{words}, denies nothing") } else { words };
        Self { hue, words, until: None }
    }

    /// After a transition.
    pub(crate) fn after(t: &Transition) -> Self {
        Self { until: t.until, ..Self::new(t.after.status, t.after.denies, t.after.step, t.reason) }
    }

    /// Of now.
    pub(crate) fn of(now: &BreakerStatus) -> Self {
        if now.unready && now.status == Status::Active {
            return Self { hue: Hue::Unready, words: Hue::Unready.words().into(), until: None };
        }
        Self { until: now.until, ..Self::new(now.status, now.denies, now.step, now.reason) }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.hue == other.hue && self.words == other.words
    }
}

fn plain(reason: Reason) -> String {
    reason.name().replace('_', " ")
}

/// A time in which a breaker looked the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from: Nanos,
    /// `None` if it had not ended.
    pub(crate) to: Option<Nanos>,
    pub(crate) look: Look,
}

/// Notes a look; one that is like the last goes on, and of two at one time the later counts.
pub(crate) fn note(looks: &mut Vec<(Nanos, Look)>, at: Nanos, look: Look) {
    if looks.last().is_some_and(|(_, last)| last.is_like(&look)) {
        return;
    }
    if looks.last().is_some_and(|(last, _)| *last == at) {
        looks.pop();
        return note(looks, at, look);
    }
    looks.push((at, look));
}

/// From the changes what lasted from when to when.
pub(crate) fn stretches(looks: &[(Nanos, Look)]) -> Vec<Stretch> {
    let ends = looks.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    looks.iter().zip(ends).map(|((from, look), to)| Stretch { from: *from, to, look: look.clone() }).collect()
}

/// What is painted where several stretches lie over each other: once, in the colour that hides the others.
pub(crate) fn painted(stretches: &[Stretch], end: Nanos) -> Vec<(Nanos, Nanos, Hue)> {
    let spans =
        || stretches.iter().map(|s| (s.from, s.to.unwrap_or(end), s.look.hue)).filter(|(from, to, _)| from < to);
    let mut edges: Vec<Nanos> = spans().flat_map(|(from, to, _)| [from, to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut all: Vec<(Nanos, Nanos, Hue)> = Vec::new();
    for (from, to) in edges.iter().copied().zip(edges.iter().copied().skip(1)) {
        let hue = spans().filter(|span| span.0 <= from && to <= span.1).map(|span| span.2).max();
        match (hue, all.last_mut()) {
            (None | Some(Hue::Calm), _) => {}
            (Some(hue), Some(last)) if last.1 == from && last.2 == hue => last.1 = to,
            (Some(hue), _) => all.push((from, to, hue)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(hue: Hue, words: &str) -> Look {
        Look { hue, words: words.into(), until: None }
    }

    fn stretch(from: u64, to: Option<u64>, hue: Hue) -> Stretch {
        Stretch { from: Nanos(from), to: to.map(Nanos), look: look(hue, "") }
    }

    #[test]
    fn stretches_end_where_the_next_begins() {
        let mut looks = Vec::new();
        for (at, hue) in [(1, Hue::Calm), (2, Hue::Warning), (3, Hue::Warning), (5, Hue::Denies), (9, Hue::Calm)] {
            note(&mut looks, Nanos(at), look(hue, ""));
        }
        let found: Vec<_> = stretches(&looks).iter().map(|s| (s.from.0, s.to.map(|to| to.0), s.look.hue)).collect();
        let expected =
            [(1, Some(2), Hue::Calm), (2, Some(5), Hue::Warning), (5, Some(9), Hue::Denies), (9, None, Hue::Calm)];
        assert_eq!(found, expected);
        assert!(stretches(&[]).is_empty());
    }

    #[test]
    fn of_two_looks_at_one_time_the_later_counts() {
        let mut looks = Vec::new();
        note(&mut looks, Nanos(1), look(Hue::Calm, ""));
        note(&mut looks, Nanos(4), look(Hue::Warning, "straddle"));
        note(&mut looks, Nanos(4), look(Hue::Warning, "limit state"));
        assert_eq!(looks.last().map(|(at, look)| (at.0, look.words.as_str())), Some((4, "limit state")));
        note(&mut looks, Nanos(4), look(Hue::Calm, ""));
        assert_eq!(looks.len(), 1, "it goes on as if nothing had been");
    }

    #[test]
    fn what_lies_over_each_other_is_painted_once() {
        let nested = [
            stretch(1, None, Hue::Denies),
            stretch(3, Some(5), Hue::Denies),
            stretch(0, Some(4), Hue::Warning),
            stretch(7, Some(9), Hue::Unready),
        ];
        assert_eq!(
            painted(&nested, Nanos(10)),
            [(Nanos(0), Nanos(1), Hue::Warning), (Nanos(1), Nanos(10), Hue::Denies)]
        );
        let apart =
            [stretch(1, Some(2), Hue::Warning), stretch(4, Some(6), Hue::Warning), stretch(2, Some(4), Hue::Calm)];
        assert_eq!(painted(&apart, Nanos(9)).len(), 2);
    }
}
