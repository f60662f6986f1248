//! The statuses of a breaker and who may bring it back.

use core::fmt;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident : $what:literal { $($(#[$vdoc:meta])* $variant:ident = $value:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $value,)+ }

        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in TOML, C, on the command line and in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// From its number.
            pub const fn from_raw(raw: u8) -> Option<Self> {
                match raw { $($value => Some(Self::$variant),)+ _ => None }
            }

            /// From the word used in TOML and on the command line.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|x| x.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// Where a breaker is. Seven are of the market; `Retired` is the line of a removed breaker, which denies nothing
    /// and takes no input (zeroed memory reads as that, so an unused line can do no harm).
    ///
    /// ```
    /// use haltline::{Intent, Lanes, Policy, Status};
    /// let denied = |status| Policy::default().mask(status);
    /// // A warning is seen and never felt.
    /// assert!(denied(Status::Warning).warns() && !denied(Status::Warning).denies_any());
    /// // While the book is reduced, orders that reduce it pass; a halt stops them, too.
    /// assert!(!denied(Status::Liquidating).denies(Intent::Reduce) && denied(Status::Tripped).denies(Intent::Reduce));
    /// // By default not even an emergency stop holds back a cancel.
    /// assert!(!denied(Status::EmergencyHalt).denies(Intent::Cancel));
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    Status: "status" {
        /// Removed by a reload, or not yet in use.
        Retired = 0, "retired";
        /// Nothing to report; while it is unready it may deny all the same.
        Active = 1, "active";
        /// At or above the warn level.
        Warning = 2, "warning";
        /// Denies what its policy says.
        Tripped = 3, "tripped";
        /// On the way back; denies what its policy says for this time.
        Cooldown = 4, "cooldown";
        /// Stopped by a person or an emergency source; only `clear_emergency_stop` leaves it.
        EmergencyHalt = 5, "emergency_halt";
        /// The book is being reduced: orders that reduce pass.
        Liquidating = 6, "liquidating";
        /// Out of service by an operator's word: denies like Tripped, left by a reset.
        Maintenance = 7, "maintenance";
    }
}

impl Status {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::ALL.len();
}

named! {
    /// Who asks. Ordered: an authority may do what a lesser one may.
    ///
    /// ```
    /// use haltline::Authority;
    /// assert!(Authority::Admin > Authority::RiskDesk);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    Authority: "authority" {
        /// The machine itself.
        Auto = 0, "auto";
        /// A trader.
        Trader = 1, "trader";
        /// The risk desk.
        RiskDesk = 2, "risk_desk";
        /// An administrator.
        Admin = 3, "admin";
    }
}

impl Authority {
    /// One step up; an admin stays one.
    pub const fn above(self) -> Self {
        match self {
            Self::Auto => Self::Trader,
            Self::Trader => Self::RiskDesk,
            Self::RiskDesk | Self::Admin => Self::Admin,
        }
    }
}

/// Who did it, as numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed {
    pub(crate) authority: Authority,
    pub(crate) actor: u32,
}

impl Signed {
    pub(crate) const AUTO: Self = Self { authority: Authority::Auto, actor: 0 };
}
