//! Why something happened: one number in an event, one word for people.

use core::fmt;

use super::status::named;

named! {
    /// Why a breaker moved, or why an order is denied.
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// # let gate = system.gate(&[])?;
    /// system.kill();
    /// let seen = gate.check();
    /// assert_eq!(gate.explain(seen).reason, Reason::Killed);
    /// system.rearm(system.kill_word(), By::new("root", Authority::Admin, "false alarm"))?;
    /// // Asked again for the verdict of then: what denied denies no longer.
    /// assert_eq!(gate.explain(seen).reason, Reason::Cleared);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Reason: "reason" {
        /// Nothing to say.
        None = 0, "none";
        /// The value reached its limit.
        Limit = 1, "limit";
        /// A rung of a ladder was reached.
        Rung = 2, "rung";
        /// The drawdown deepens too fast.
        Speed = 3, "speed";
        /// Too deep under the peak for too long.
        Underwater = 4, "underwater";
        /// The volatility rose too much over its last readings.
        Rise = 5, "rise";
        /// The volatility broke out of its own history.
        Breakout = 6, "breakout";
        /// No good observation for too long.
        Stale = 7, "stale";
        /// Observations that mean nothing.
        BadInput = 8, "bad_input";
        /// By hand.
        Manual = 9, "manual";
        /// An emergency stop.
        Emergency = 10, "emergency";
        /// No usable value yet.
        NotReady = 11, "not_ready";
        /// The value passed its warn level.
        WarnLevel = 12, "warn_level";
        /// The value went back below its clear level.
        ClearLevel = 13, "clear_level";
        /// The time of the status was up and the cause gone.
        TimeUp = 14, "time_up";
        /// The first good reading after the cause.
        Recovered = 15, "recovered";
        /// Reset by hand.
        Reset = 16, "reset";
        /// The emergency stop was cleared.
        EmergencyCleared = 17, "emergency_cleared";
        /// A reload changed the policy.
        PolicyChanged = 18, "policy_changed";
        /// Put into service by a plan.
        Installed = 19, "installed";
        /// Taken out of service by a plan.
        Removed = 20, "removed";
        /// Maintenance by an operator's word.
        Maintenance = 21, "maintenance";
        /// The book is being reduced.
        Liquidation = 22, "liquidation";
        /// The baseline was set anew by hand.
        Rebased = 23, "rebased";
        /// As many probes as were asked for have passed.
        ProbesPassed = 24, "probes_passed";
        /// A probe has failed.
        ProbeFailed = 25, "probe_failed";
        /// A probe was not back in time.
        ProbeExpired = 26, "probe_expired";
        /// No probe was out when their time was over: the next ones get their own.
        ProbeRound = 27, "probe_round";
        /// Too many calls of a dependency are slow.
        SlowRate = 28, "slow_rate";
        /// Too many calls of a dependency have failed in a row.
        Consecutive = 29, "consecutive";
        /// A check has not been reported since the last session's end.
        CheckMissing = 30, "check_missing";
        /// A check was reported as failed.
        CheckFailed = 31, "check_failed";
        /// A check has passed only after its deadline.
        CheckLate = 32, "check_late";
        /// The calendar has no further session: nobody knows whether the market is open.
        CalendarEnded = 33, "calendar_ended";
        /// The last message was on its way for too long.
        Latency = 34, "latency";
        /// Too many messages are missing.
        Missing = 35, "missing";
        /// The bid is above the ask.
        Crossed = 36, "crossed";
        /// The bid is at the ask.
        Locked = 37, "locked";
        /// Too many losing samples in a row.
        Streak = 38, "streak";
        /// The loss accelerates.
        Acceleration = 39, "acceleration";
        /// Too much margin is in use.
        Margin = 40, "margin";
        /// Too many open positions.
        PositionCount = 41, "position_count";
        /// A position is too great for the portfolio.
        PositionShare = 42, "position_share";
        /// A sector is too great for the portfolio.
        SectorShare = 43, "sector_share";
        /// Long positions together are too great for the portfolio.
        LongExposure = 44, "long_exposure";
        /// Short positions together are too great for the portfolio.
        ShortExposure = 45, "short_exposure";
        /// Long and short positions together are too great for the portfolio.
        GrossExposure = 46, "gross_exposure";
        /// Long and short positions differ too much for the portfolio.
        NetExposure = 47, "net_exposure";
        /// The quantity of a position is too great.
        PositionQuantity = 48, "position_quantity";
        /// The market value of a position is too great.
        PositionNotional = 49, "position_notional";
        /// The market is closed.
        OutOfSession = 50, "out_of_session";
        /// The market is open, and nobody shall trade.
        Blackout = 51, "blackout";
        /// The venue has halted.
        VenueHalted = 52, "venue_halted";
        /// The venue is closed.
        VenueClosed = 53, "venue_closed";
        /// Nobody knows what the venue does.
        VenueUnknown = 54, "venue_unknown";
        /// The best bid or offer stands at a price band.
        LimitState = 55, "limit_state";
        /// The best bid or offer lies beyond a price band, where nothing can trade.
        Straddle = 56, "straddle";
        /// A limit state has lasted too long: the instrument pauses.
        TradingPause = 57, "trading_pause";
        /// A subscriber took too long, again and again.
        Overrun = 58, "overrun";
        /// What denied an order denies no longer.
        Cleared = 200, "cleared";
        /// The kill word is set.
        Killed = 201, "killed";
        /// The System has shut down.
        ShutDown = 202, "shut_down";
        /// The System has not been armed yet.
        NotRecovered = 203, "not_recovered";
        /// A panic inside was caught.
        Panicked = 204, "panicked";
        /// The arm word means nothing: zeroed memory, a forked child.
        Corrupt = 205, "corrupt";
    }
}
