//! One price among the rungs of one session: which it is beyond, which fire, and until when that is said.

use super::hours::{Hours, TICK};
use super::scale::Scale;
use crate::model::ladder::Rung;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::session::Date;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, Band, NEAR_MISS};

/// The most rungs: what a `Step` can count.
pub(super) const RUNGS: usize = Step::LAST.number() as usize;

/// Since when the price has been beyond each rung, in one session. Whether a window is open is another matter: a rung is
/// reached while both hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Beyond {
    pub(super) session: Date,
    /// When that was looked at last.
    pub(super) asked: Nanos,
    pub(super) since: [Option<Nanos>; RUNGS],
}

/// One price among the rungs of one session.
pub(super) struct Scene<'a> {
    pub(super) hours: Hours<'a>,
    pub(super) scale: Scale,
    /// The highest rung that has fired in this session, 0 for none,
    pub(super) used: u8,
    /// and the price at which it did, if that is known.
    pub(super) fired: Option<i64>,
    pub(super) at: Nanos,
    pub(super) price: i64,
}

impl<'a> Scene<'a> {
    /// The rungs that can fire next, with their indices: all that have not yet, or, in turn, the lowest of them.
    fn unused(&self) -> impl Iterator<Item = (usize, &'a Rung)> {
        let most = if self.hours.spec.in_turn { 1 } else { RUNGS };
        self.hours.spec.rungs.iter().enumerate().take(RUNGS).skip(usize::from(self.used)).take(most)
    }

    /// The least move that reaches a rung.
    fn need(&self, rung: &Rung) -> i64 {
        let own = self.scale.need(rung.limits.limit);
        match self.fired {
            Some(price) if self.used > 0 && rung.further > Ratio::ZERO => {
                own.max(self.scale.moved(price).saturating_add(self.scale.need(rung.further)))
            }
            _ => own,
        }
    }

    /// Since when the price has been beyond each rung: what is known of `before` goes on if it still is.
    pub(super) fn beyond(&self, before: &Beyond) -> Beyond {
        let session = self.hours.session.date;
        let mut beyond = Beyond { session, asked: self.at, ..Beyond::default() };
        for (index, rung) in self.unused() {
            if self.scale.moved(self.price) >= self.need(rung) {
                let goes_on = before.since[index].filter(|_| before.session == session);
                beyond.since[index] = goes_on.or(Some(self.at.max(self.hours.begin())));
            }
        }
        beyond
    }

    /// The rung that the move is measured against: the lowest that can fire now, else the lowest, else the last.
    fn measure(&self) -> Option<&'a Rung> {
        let rungs = || self.unused().map(|(_, rung)| rung);
        rungs().find(|rung| self.hours.is_open(rung, self.at)).or_else(|| rungs().next())
    }

    pub(super) fn answer(&self, beyond: &Beyond) -> Answer {
        let measure = self.measure();
        let limit = measure.or(self.hours.spec.rungs.last()).map_or(0.0, |rung| rung.limits.limit.to_f64());
        let mut reading = Reading {
            level: measure.map_or(Level::Normal, |rung| self.level(rung)),
            value: self.scale.value(self.price),
            limit,
            reason: Reason::None,
            ..Reading::UNREADY
        };
        let standing = || self.unused().filter_map(|(index, rung)| Some((index, rung, beyond.since[index]?)));
        if standing().any(|(_, rung, _)| self.hours.is_open(rung, self.at)) {
            reading.level = Level::Warn;
        }
        if reading.level == Level::Warn {
            reading.reason = Reason::WarnLevel;
        }
        if let Some((index, rung, _)) =
            standing().filter(|&(_, rung, since)| self.hours.is_due(rung, since, self.at)).last()
        {
            let limit = rung.limits.limit.to_f64();
            reading = Reading { level: Level::Breach, step: step(index), reason: Reason::Rung, limit, ..reading };
        }
        reading.pending = self.pending(standing().skip_while(|(index, ..)| step(*index) <= reading.step));
        let until = self.until().min(reading.pending.due);
        Answer {
            reading,
            band: self.band(measure, until),
            linear: self.scale.linear(self.price),
            moved_last: None,
            is_new: false,
        }
    }

    /// Which of these rungs fires first in silence; of two at the same time the higher one counts.
    fn pending(&self, standing: impl Iterator<Item = (usize, &'a Rung, Nanos)>) -> Pending {
        standing.fold(Pending::NONE, |first, (index, rung, since)| match self.hours.due(rung, since, self.at) {
            Some(due) if due <= first.due => {
                Pending { due, level: Level::Breach, step: step(index), reason: Reason::Rung }
            }
            _ => first,
        })
    }

    /// What a move says of a rung that does not fire.
    fn level(&self, rung: &Rung) -> Level {
        let moved = self.scale.moved(self.price);
        if moved >= self.scale.need(rung.limits.warn) {
            Level::Warn
        } else if moved >= self.scale.need(rung.limits.clear) {
            Level::Elevated
        } else {
            Level::Normal
        }
    }

    /// The first time after now at which a window opens, has closed, or the session has.
    fn until(&self) -> Nanos {
        let edges = self.unused().filter_map(|(_, rung)| self.hours.next_edge(rung, self.at));
        edges.fold(self.hours.session.close + TICK, Nanos::min)
    }

    /// The prices between the levels that are nearest to this one.
    fn band(&self, measure: Option<&Rung>, until: Nanos) -> Band {
        // Two edges for each need of a rung, for the three levels of the one measured, and where the value bends. An
        // edge at the minimum parts nothing.
        let mut edges = [[i64::MIN; 2]; RUNGS + 4];
        let measured = measure.map(|rung| rung.limits).map(|l| [l.warn, l.clear, l.limit.times(NEAR_MISS)]);
        let needs = self.unused().map(|(_, rung)| self.need(rung));
        let levels = measured.into_iter().flatten().map(|level| self.scale.need(level));
        let pairs = needs.chain(levels).map(|need| self.scale.edges(need));
        for (slot, pair) in edges.iter_mut().zip(pairs.chain([self.scale.bend()])) {
            *slot = pair;
        }
        let band = Band::around(self.price, edges.as_flattened(), until);
        Band { lo: band.lo.max(1), ..band }
    }

    /// The prices that fire a rung for certain if one comes next: beyond the lowest that can fire now. `None` if none can,
    /// or only after a time.
    pub(super) fn sure_breach(&self) -> Option<Band> {
        let rung =
            self.measure().filter(|rung| self.hours.spec.lasting.is_zero() && self.hours.is_open(rung, self.at))?;
        let need = self.need(rung);
        let [below, _] = self.scale.edges(need);
        let falls = self.scale.linear(self.price).slope < 0.0;
        // A rise beyond all prices is reached by none.
        let (lo, hi) =
            if falls { (1, below.saturating_sub(1)) } else { (self.scale.reference.checked_add(need)?, i64::MAX) };
        Some(Band { lo, hi, until: self.until() })
    }
}

/// The step of the rung at an index.
pub(super) fn step(index: usize) -> Step {
    u8::try_from(index + 1).ok().and_then(Step::rung).unwrap_or(Step::LAST)
}
