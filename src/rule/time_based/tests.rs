use proptest::prelude::*;

use super::*;
use crate::rule::trial::sessions;

/// Sessions from 100 to 200, 300 to 400; blackouts within, over a close, over an open, right after another, outside.
fn rule() -> TimeBased {
    let blackout = |from, to| Blackout { from: Nanos(from), to: Nanos(to), reason: format!("{from}") };
    TimeBased {
        sessions: sessions(&[(9, 100, 200), (10, 300, 400)]),
        blackouts: [(20, 30), (110, 120), (120, 125), (190, 210), (290, 310), (399, 400)]
            .map(|(f, t)| blackout(f, t))
            .into(),
    }
}

fn said(at: u64) -> (Option<Reason>, u64) {
    let Hour { level, reason, until } = rule().hour(Nanos(at));
    assert_eq!(level == Level::Breach, reason != Reason::None);
    ((level == Level::Breach).then_some(reason), until.0)
}

#[test]
fn each_boundary_is_where_the_clock_changes_its_mind() {
    const OUT: Option<Reason> = Some(Reason::OutOfSession);
    const BLACK: Option<Reason> = Some(Reason::Blackout);
    for (at, expected) in [
        (0, (OUT, 20)),
        (25, (OUT, 30)),
        (30, (OUT, 100)),
        (99, (OUT, 100)),
        (100, (None, 110)),
        (109, (None, 110)),
        (110, (BLACK, 120)),
        (119, (BLACK, 120)),
        (120, (BLACK, 125)),
        (125, (None, 190)),
        (189, (None, 190)),
        (190, (BLACK, 201)),
        (200, (BLACK, 201)),
        (201, (OUT, 210)),
        (209, (OUT, 210)),
        (210, (OUT, 290)),
        (299, (OUT, 300)),
        (300, (BLACK, 310)),
        (310, (None, 399)),
        (399, (BLACK, 400)),
        (400, (None, 401)),
        (401, (Some(Reason::CalendarEnded), u64::MAX)),
        (u64::MAX, (Some(Reason::CalendarEnded), u64::MAX)),
    ] {
        assert_eq!(said(at), expected, "{at}");
    }
}

#[test]
fn it_opens_when_neither_session_nor_blackout_stands_against_it() {
    for (at, opens) in [
        (0, Some(100)),
        (100, Some(100)),
        (110, Some(125)),
        (195, Some(310)),
        (201, Some(310)),
        (400, Some(400)),
        (401, None),
    ] {
        assert_eq!(rule().opens(Nanos(at)), opens.map(Nanos), "{at}");
    }
}

#[test]
fn a_blackout_says_what_it_is_for_while_it_is_the_reason() {
    for (at, remark) in
        [(100, None), (110, Some("110")), (120, Some("120")), (200, Some("190")), (205, None), (300, Some("290"))]
    {
        assert_eq!(rule().remark(Nanos(at)).as_deref(), remark, "{at}");
    }
}

#[test]
fn parameters_that_cannot_be_are_refused() {
    let policy = || crate::Kind::TimeBased.default_policy();
    let of = |blackouts: &[(u64, u64)], reason: &str| {
        let blackout = |(from, to): &(u64, u64)| Blackout { from: Nanos(*from), to: Nanos(*to), reason: reason.into() };
        TimeBased { blackouts: blackouts.iter().map(blackout).collect(), ..rule() }
    };
    assert!(rule().check(&policy()).is_ok() && of(&[], "").check(&policy()).is_ok());
    assert!(of(&[(1, 2), (2, 3)], &"x".repeat(128)).check(&policy()).is_ok());
    for bad in [
        of(&[(2, 2)], ""),
        of(&[(3, 2)], ""),
        of(&[(1, 3), (2, 4)], ""),
        of(&[(5, 6), (1, 2)], ""),
        of(&[(1, 2)], &"x".repeat(129)),
        of(&[(1, 2)], "two\nlines"),
        TimeBased::within(Arc::new(Sessions::new(vec![]).unwrap())),
    ] {
        assert!(bad.check(&policy()).is_err(), "{bad:?}");
    }
    assert!(rule().check(&Policy { release: Release::Latched, ..policy() }).is_ok());
    for bad in [
        Policy { release: Release::Timed, ..policy() },
        Policy { confirm: 2, ..policy() },
        Policy { confirm_for: TICK, ..policy() },
    ] {
        assert!(rule().check(&bad).is_err());
    }
}

#[test]
fn a_blackout_takes_the_memory_that_its_documentation_says() {
    assert_eq!((size_of::<Blackout>(), size_of::<crate::Session>()), (40, 24));
}

/// The slow twin: goes through everything, instant by instant.
fn slowly(rule: &TimeBased, at: u64) -> Option<Reason> {
    let in_session = rule.sessions.as_slice().iter().any(|s| s.open.0 <= at && at <= s.close.0);
    let last = rule.sessions.as_slice().iter().map(|s| s.close.0).max();
    let blacked_out = rule.blackouts.iter().any(|b| b.from.0 <= at && at < b.to.0);
    match (in_session, blacked_out) {
        (true, false) => None,
        (true, true) => Some(Reason::Blackout),
        (false, _) if last.is_none_or(|last| at > last) => Some(Reason::CalendarEnded),
        (false, _) => Some(Reason::OutOfSession),
    }
}

/// Lengths and gaps to a list of intervals; a blackout may follow upon the other at once.
fn blackouts() -> impl Strategy<Value = Vec<Blackout>> {
    prop::collection::vec((0u64..12, 1u64..12), 0..8).prop_map(|list| {
        let mut end = 0;
        let blackout = |(gap, length): (u64, u64)| {
            let from = end + gap;
            end = from + length;
            Blackout { from: Nanos(from), to: Nanos(end), reason: String::new() }
        };
        list.into_iter().map(blackout).collect()
    })
}

fn calendar() -> impl Strategy<Value = Arc<Sessions>> {
    prop::collection::vec((1u64..12, 1u64..12), 0..6).prop_map(|list| {
        let mut close = 0;
        let session = |(day, (gap, length)): (u8, (u64, u64))| {
            let open = close + gap;
            close = open + length;
            (day, open, close)
        };
        sessions(&(1..).zip(list).map(session).collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// At each instant the slow twin says the same; between two boundaries nothing changes, and at one it may.
    #[test]
    fn agrees_with_the_slow_twin_at_every_instant(sessions in calendar(), blackouts in blackouts()) {
        let rule = TimeBased { sessions, blackouts };
        let mut until = 0;
        let mut before = None;
        for at in 0..150 {
            let hour = rule.hour(Nanos(at));
            let expected = slowly(&rule, at);
            prop_assert_eq!(hour.level, if expected.is_some() { Level::Breach } else { Level::Normal });
            prop_assert_eq!(hour.reason, expected.unwrap_or(Reason::None));
            prop_assert!(hour.until.0 > at);
            prop_assert!(at >= until || before == Some(hour), "between two boundaries at {}", at);
            (until, before) = (hour.until.0, Some(hour));
            let opens = (at..150).find(|at| slowly(&rule, *at).is_none());
            prop_assert_eq!(rule.opens(Nanos(at)), opens.map(Nanos));
        }
    }

    #[test]
    fn no_number_panics(ends in prop::collection::vec((any::<u64>(), any::<u64>()), 0..6), at in any::<u64>()) {
        let blackout = |(from, to): &(u64, u64)| Blackout { from: Nanos(*from), to: Nanos(*to), reason: String::new() };
        let sessions = sessions(&[(9, 0, 1), (10, 100, 1 << 60), (13, u64::MAX - 1, u64::MAX)]);
        let rule = TimeBased { sessions, blackouts: ends.iter().map(blackout).collect() };
        for at in [at, 0, 1, 2, u64::MAX - 1, u64::MAX] {
            rule.hour(Nanos(at));
            rule.remark(Nanos(at));
        }
    }
}
