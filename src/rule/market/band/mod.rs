//! `market_circuit_breaker`: whether price bands can be. Their data is [`PriceBand`], the detector is in [`detector`].

mod detector;
mod kept;

use core::time::Duration;

use crate::model::error::Error;
use crate::model::policy::{Halt, Policy, Release};
use crate::model::price_band::{PriceBand, WideWindow};
use crate::model::units::{Price, Ratio};
use crate::rule::check::{Check, bad};

pub(crate) use detector::{Detector, paused_until};

/// Means of less have no buckets, of more no bound in seconds.
const MEANS: core::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3_600);
/// The most times that a window may widen a band.
const TIMES: core::ops::RangeInclusive<u32> = 1..=100;

impl Check for PriceBand {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        if policy.sessions.as_ref() != Some(&self.sessions) {
            return bad("sessions: those of the policy must be the price band's");
        }
        if self.sessions.as_slice().is_empty() {
            return bad("sessions: found none, price bands need their market's");
        }
        if policy.release == Release::Level {
            return bad("release: found level, but a pause has its time; allowed are timed and latched");
        }
        if !matches!(policy.halt, Halt::Timed { base, backoff: 1.0, .. } if base == self.pause) {
            return bad(format!("halt: allowed is the time of a pause, {:?}, without a backoff", self.pause));
        }
        check_rows(self)?;
        self.wide.iter().try_for_each(|window| check_window(self, window))?;
        check_times(self)
    }
}

fn check_rows(band: &PriceBand) -> Result<(), Error> {
    if band.rows.last().is_none_or(|row| row.up_to.is_some()) {
        return bad("rows: the last one must hold for all closes above the others (up_to is none)");
    }
    let rises = |pair: &[crate::model::price_band::BandRow]| {
        pair[0].up_to.is_some_and(|below| pair[1].up_to.is_none_or(|above| below < above))
    };
    if !band.rows.windows(2).all(rises) {
        return bad("rows: the closes that they hold up to must rise");
    }
    for row in &band.rows {
        if row.share <= Ratio::ZERO || row.share.raw() > Ratio::SCALE {
            return bad(format!("rows: found a share of {}, allowed are shares up to 1 (5 % is 0.05)", row.share));
        }
        if row.most.is_some_and(|most| most <= Price::ZERO) {
            return bad("rows: the most that a band may be away must be above zero");
        }
    }
    Ok(())
}

fn check_window(band: &PriceBand, window: &WideWindow) -> Result<(), Error> {
    if !TIMES.contains(&window.times) {
        return bad(format!("wide: found {} times, allowed are 1 to 100", window.times));
    }
    if !band.sessions.as_slice().iter().any(|session| window.from.at(session) < window.until.at(session)) {
        return bad("wide: one of its windows is never open");
    }
    Ok(())
}

fn check_times(band: &PriceBand) -> Result<(), Error> {
    if !MEANS.contains(&band.mean_of) {
        return bad(format!("mean_of: found {:?}, allowed are times from a second to an hour", band.mean_of));
    }
    if band.step < Ratio::ZERO || band.step.raw() > Ratio::SCALE {
        return bad(format!("step: found {}, allowed are shares from 0 to 1", band.step));
    }
    if band.pause.is_zero() {
        return bad("pause: found 0, allowed are times above it");
    }
    if band.tick <= Price::ZERO {
        return bad(format!("tick: found {}, allowed are prices above zero", band.tick));
    }
    Ok(())
}
