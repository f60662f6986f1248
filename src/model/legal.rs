//! The table of legal transitions: what can follow what, as data.

use super::machine::Input;
use super::reading::Level;
use super::status::Status;

/// The inputs without their arguments: the columns of [`LEGAL`].
///
/// ```
/// use haltline::machine::{Input, InputKind};
/// use haltline::{Level, Reason, Step};
/// let column = |level| Input::Read(level, Step::FIRST, Reason::None).kind();
/// // A value that warns is still below the limit; none at all is a column of its own.
/// assert_eq!((column(Level::Warn), column(Level::Breach)), (InputKind::Good, InputKind::Breach));
/// assert_eq!(column(Level::Unready), InputKind::Unready);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// [`Input::Read`] below the limit.
    Good,
    /// [`Input::Read`] without a usable value.
    Unready,
    /// [`Input::Read`] at or above the limit.
    Breach,
    /// [`Input::Elapsed`].
    Elapsed,
    /// [`Input::Trip`].
    Trip,
    /// [`Input::Reset`].
    Reset,
    /// [`Input::Emergency`].
    Emergency,
    /// [`Input::ClearEmergency`].
    ClearEmergency,
    /// [`Input::ProbePassed`].
    ProbePassed,
    /// [`Input::ProbeFailed`].
    ProbeFailed,
    /// [`Input::ProbeRound`].
    ProbeRound,
    /// [`Input::Liquidate`].
    Liquidate,
    /// [`Input::Liquidated`].
    Liquidated,
    /// [`Input::Maintain`].
    Maintain,
    /// [`Input::Install`].
    Install,
    /// [`Input::PolicyChanged`].
    PolicyChanged,
    /// [`Input::Rebased`].
    Rebased,
    /// [`Input::Retire`].
    Retire,
}

impl Input {
    /// Which column of [`LEGAL`] it is.
    pub fn kind(&self) -> InputKind {
        match self {
            Self::Read(Level::Unready, ..) => InputKind::Unready,
            Self::Read(Level::Breach, ..) => InputKind::Breach,
            Self::Read(..) => InputKind::Good,
            Self::Elapsed => InputKind::Elapsed,
            Self::Trip(_) => InputKind::Trip,
            Self::Reset { .. } => InputKind::Reset,
            Self::Emergency => InputKind::Emergency,
            Self::ClearEmergency(_) => InputKind::ClearEmergency,
            Self::ProbePassed { .. } => InputKind::ProbePassed,
            Self::ProbeFailed { .. } => InputKind::ProbeFailed,
            Self::ProbeRound { .. } => InputKind::ProbeRound,
            Self::Liquidate => InputKind::Liquidate,
            Self::Liquidated => InputKind::Liquidated,
            Self::Maintain(_) => InputKind::Maintain,
            Self::Install => InputKind::Install,
            Self::PolicyChanged => InputKind::PolicyChanged,
            Self::Rebased => InputKind::Rebased,
            Self::Retire => InputKind::Retire,
        }
    }
}

/// Every legal transition: from a status, by an input, to one of these. A status among its own targets means that the
/// mask, the step or the version changes while the status stays. Whatever is not here does not happen.
///
/// ```
/// use haltline::Status;
/// use haltline::machine::{InputKind, LEGAL};
/// let rows = LEGAL.iter().filter(|(from, _, to)| *from == Status::EmergencyHalt && !to.contains(from));
/// let ways_out: Vec<_> = rows.map(|(_, input, _)| *input).collect();
/// // No reading, no time, no reset and no reload ends an emergency stop.
/// assert_eq!(ways_out, [InputKind::ClearEmergency]);
/// ```
pub const LEGAL: &[(Status, InputKind, &[Status])] = {
    use InputKind as I;
    use Status as S;
    &[
        (S::Retired, I::Install, &[S::Active]),
        (S::Active, I::Good, &[S::Active, S::Warning]),
        (S::Active, I::Unready, &[S::Active]),
        (S::Active, I::Breach, &[S::Tripped, S::Liquidating]),
        (S::Active, I::Trip, &[S::Tripped]),
        (S::Active, I::Emergency, &[S::EmergencyHalt]),
        (S::Active, I::Liquidate, &[S::Liquidating]),
        (S::Active, I::Maintain, &[S::Maintenance]),
        (S::Active, I::Install, &[S::Active]),
        (S::Active, I::PolicyChanged, &[S::Active]),
        (S::Active, I::Rebased, &[S::Active]),
        (S::Active, I::Retire, &[S::Retired]),
        (S::Warning, I::Good, &[S::Active]),
        (S::Warning, I::Unready, &[S::Active]),
        (S::Warning, I::Breach, &[S::Tripped, S::Liquidating]),
        (S::Warning, I::Trip, &[S::Tripped]),
        (S::Warning, I::Emergency, &[S::EmergencyHalt]),
        (S::Warning, I::Liquidate, &[S::Liquidating]),
        (S::Warning, I::Maintain, &[S::Maintenance]),
        (S::Warning, I::PolicyChanged, &[S::Active, S::Warning]),
        (S::Warning, I::Rebased, &[S::Warning]),
        (S::Warning, I::Retire, &[S::Retired]),
        (S::Tripped, I::Good, &[S::Active, S::Warning, S::Cooldown]),
        (S::Tripped, I::Breach, &[S::Tripped, S::Liquidating]),
        (S::Tripped, I::Elapsed, &[S::Active, S::Warning, S::Cooldown]),
        (S::Tripped, I::Trip, &[S::Tripped]),
        (S::Tripped, I::Reset, &[S::Active, S::Warning, S::Cooldown]),
        (S::Tripped, I::Emergency, &[S::EmergencyHalt]),
        (S::Tripped, I::Liquidate, &[S::Liquidating]),
        (S::Tripped, I::Maintain, &[S::Maintenance]),
        (S::Tripped, I::PolicyChanged, &[S::Active, S::Tripped]),
        (S::Tripped, I::Rebased, &[S::Tripped]),
        (S::Tripped, I::Retire, &[S::Retired]),
        (S::Cooldown, I::Good, &[S::Active, S::Warning]),
        (S::Cooldown, I::Breach, &[S::Tripped, S::Liquidating]),
        (S::Cooldown, I::Elapsed, &[S::Active, S::Warning]),
        (S::Cooldown, I::ProbePassed, &[S::Active, S::Warning]),
        (S::Cooldown, I::ProbeFailed, &[S::Tripped]),
        (S::Cooldown, I::ProbeRound, &[S::Cooldown]),
        (S::Cooldown, I::Trip, &[S::Tripped]),
        (S::Cooldown, I::Reset, &[S::Active, S::Warning]),
        (S::Cooldown, I::Emergency, &[S::EmergencyHalt]),
        (S::Cooldown, I::Liquidate, &[S::Liquidating]),
        (S::Cooldown, I::Maintain, &[S::Maintenance]),
        (S::Cooldown, I::PolicyChanged, &[S::Active, S::Cooldown]),
        (S::Cooldown, I::Rebased, &[S::Cooldown]),
        (S::Cooldown, I::Retire, &[S::Retired]),
        (S::EmergencyHalt, I::Emergency, &[S::EmergencyHalt]),
        (S::EmergencyHalt, I::ClearEmergency, &[S::Active, S::Warning]),
        (S::EmergencyHalt, I::PolicyChanged, &[S::EmergencyHalt]),
        (S::EmergencyHalt, I::Rebased, &[S::EmergencyHalt]),
        (S::Liquidating, I::Trip, &[S::Tripped]),
        (S::Liquidating, I::Emergency, &[S::EmergencyHalt]),
        (S::Liquidating, I::Liquidated, &[S::Tripped]),
        (S::Liquidating, I::PolicyChanged, &[S::Active, S::Liquidating]),
        (S::Liquidating, I::Rebased, &[S::Liquidating]),
        (S::Liquidating, I::Retire, &[S::Retired]),
        (S::Maintenance, I::Reset, &[S::Active, S::Warning]),
        (S::Maintenance, I::Emergency, &[S::EmergencyHalt]),
        (S::Maintenance, I::PolicyChanged, &[S::Active, S::Maintenance]),
        (S::Maintenance, I::Rebased, &[S::Maintenance]),
        (S::Maintenance, I::Retire, &[S::Retired]),
    ]
};
