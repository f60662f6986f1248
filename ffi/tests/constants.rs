//! The numbers of the header are those of the core.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use haltline::*;

/// The constants of both headers whose names begin with a prefix, by what follows it.
fn constants(prefix: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
    let headers = ["haltline.h", "haltline_gate.h"].map(|name| fs::read_to_string(root.join(name)).unwrap());
    let lines = headers.iter().flat_map(|header| header.lines());
    let defines = lines.filter_map(|line| line.strip_prefix("#define ")?.strip_prefix(prefix)?.split_once(' '));
    // As bare numbers: in the header those that are multiplied have their type.
    let bare = |value: &str| value.trim_start_matches("INT64_C").trim_matches(['(', ')']).to_owned();
    defines.map(|(name, value)| (name.to_owned(), bare(value))).collect()
}

/// That the words with a prefix are exactly these.
fn hold<'a>(prefix: &str, words: impl IntoIterator<Item = (&'a str, u32)>) {
    let wanted: BTreeMap<_, _> =
        words.into_iter().map(|(name, number)| (name.to_uppercase(), number.to_string())).collect();
    assert_eq!(constants(prefix), wanted, "{prefix}");
}

macro_rules! hold_all {
    ($($prefix:literal: $enumeration:ty;)+) => {
        $(hold($prefix, <$enumeration>::ALL.iter().map(|word| (word.name(), *word as u32)));)+
    };
}

#[test]
fn each_word_has_the_number_of_the_core_and_there_is_no_other() {
    hold_all! {
        "HL_REASON_": Reason;
        "HL_EVENT_": EventType;
        "HL_STATUS_": Status;
        "HL_AUTHORITY_": Authority;
        "HL_VENUE_": VenueStatus;
        "HL_OUTCOME_": Outcome;
        "HL_SOURCE_": EmergencySource;
        "HL_RELEASE_": Release;
        "HL_ON_UNREADY_": OnUnready;
        "HL_ON_STALE_": OnStale;
        "HL_ON_BAD_INPUT_": OnBadInput;
    }
    hold("HL_OVERFLOW_", [("drop_oldest", Overflow::DropOldest as u32), ("drop_newest", Overflow::DropNewest as u32)]);
    hold("HL_IDLE_", [("park", Idle::Park as u32), ("spin", Idle::Spin as u32)]);
}

#[test]
fn intents_sides_and_lanes_are_those_of_the_gate() {
    let all = constants("HL_");
    let number = |name: &str| all[name].parse::<u64>().unwrap();
    for intent in Intent::ALL {
        let name = intent.name().to_uppercase();
        assert_eq!((number(&name), number(&format!("DENY_{name}"))), (intent as u64, 1 << intent as u64));
    }
    for side in Side::ALL {
        assert_eq!(number(&side.name().to_uppercase()), *side as u64);
    }
    for (name, lanes) in [("NO_NEW", Lanes::NO_NEW), ("HALT", Lanes::HALT), ("CLOSE", Lanes::CLOSE)] {
        let denied = Intent::ALL.into_iter().filter(|intent| lanes.denies(*intent));
        assert_eq!(number(name), denied.map(|intent| 1 << intent as u64).sum::<u64>());
    }
    let system = System::manual(Plan::default(), Nanos::from_secs(0)).unwrap();
    let gate = system.gate(&[]).unwrap();
    system.kill();
    assert_eq!(gate.check().bits(), number("DISARMED") | number("DENY_INCREASE") | number("DENY_REDUCE"));
    assert!(Verdict::from_bits(number("WARNS")).warns());
}

#[test]
fn units_are_those_of_the_core() {
    let all = constants("HL_");
    assert_eq!(all["PRICE_SCALE"], Price::SCALE.to_string());
    assert_eq!(all["MONEY_SCALE"], Money::SCALE.to_string());
    assert_eq!((haltline_ffi::HL_PRICE_SCALE, haltline_ffi::HL_MONEY_SCALE), (Price::SCALE, Money::SCALE));
    assert_eq!(all["NO_PRICE"], "INT64_MIN");
    assert_eq!(haltline_ffi::HL_NAME_BYTES, KILL_PREFIX.len() + PATH_BYTES.max(NAME_BYTES) + 3);
}

#[test]
fn no_number_of_a_status_is_given_twice_and_each_has_its_words() {
    let mut seen = BTreeMap::new();
    for (name, number) in constants("HL_ERR_") {
        let number: i32 = number.parse().unwrap();
        assert!(number < 0, "{name}");
        assert_eq!(seen.insert(number, name), None);
    }
    let words = |number| {
        let text = haltline_ffi::hl_status_str(number);
        // SAFETY: a static text.
        unsafe { std::ffi::CStr::from_ptr(text) }.to_str().unwrap()
    };
    let all: Vec<_> = seen.keys().copied().chain([0, 1, 2]).collect();
    let mut texts: Vec<_> = all.iter().map(|number| words(*number)).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all.len());
    assert!(!texts.contains(&words(77)) && words(77) == words(i32::MIN));
}
