//! `manual` and `kill_switch`: tripped by people and other systems, without readings.

use haltline::{EmergencySource, KillSwitch, Kind, Policy, RuleSpec};

use crate::policy::{CONFIRM_KEYS, COOLDOWN_KEYS, DOUBT_KEYS, LIMIT_KEYS, RELEASE_KEYS, cooldown, general};
use crate::table::Table;

pub(crate) fn manual(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::Manual);
    cooldown(table, &mut policy);
    refuse_readings(table, "a manual breaker");
    (Some(RuleSpec::Manual), policy)
}

pub(crate) fn kill_switch(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let policy = general(table, Kind::KillSwitch);
    refuse_readings(table, "a kill switch");
    table.refuse(&COOLDOWN_KEYS, "an emergency stop ends as a whole when it is cleared");
    (sources(table).map(RuleSpec::KillSwitch), policy)
}

/// What only means something where observations drive a breaker.
fn refuse_readings(table: &Table<'_>, who: &str) {
    let keys = [&["watch", "calendar"][..], &LIMIT_KEYS, &CONFIRM_KEYS, &DOUBT_KEYS].concat();
    table.refuse(&keys, &format!("{who} has no readings"));
    table.refuse(&RELEASE_KEYS, &format!("{who} is held until a person ends it"));
}

fn sources(table: &Table<'_>) -> Option<KillSwitch> {
    let Some(item) = table.optional("sources") else { return Some(KillSwitch::default()) };
    let mut allows = [false; 3];
    let elements = item.elements("arrays of \"manual\", \"anomaly\", \"external\"")?;
    if elements.is_empty() {
        return item
            .complain("found none, allowed are arrays with at least one of \"manual\", \"anomaly\", \"external\"");
    }
    for element in elements {
        let source = element.word(EmergencySource::ALL, EmergencySource::name)?;
        for (allowed, each) in allows.iter_mut().zip(EmergencySource::ALL) {
            *allowed |= *each == source;
        }
    }
    Some(KillSwitch { allows })
}
