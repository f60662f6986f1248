//! Subscribers: bounded, isolated from each other and from the producers, never uninformed.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::mpsc::{Receiver as Heard, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use haltline::*;
use support::*;

/// Longer than anything here takes; nothing waits so long unless it is broken.
const LONG: Duration = Duration::from_secs(60);

fn started(names: &[&str]) -> System {
    System::start(plan(names.iter().map(|name| manual(name, name)).collect())).unwrap()
}

fn trip(system: &System, name: &str) {
    system.trip(system.breaker(name).unwrap(), desk()).unwrap();
}

fn reset(system: &System, name: &str) {
    system.reset(system.breaker(name).unwrap(), stamp(system, name), desk()).unwrap();
}

fn sends(sender: Sender<Event>) -> impl FnMut(&[Event]) + Send + 'static {
    move |batch| batch.iter().for_each(|event| sender.send(*event).unwrap_or_default())
}

/// The next event of a type.
fn next(heard: &Heard<Event>, what: EventType) -> Event {
    loop {
        let event = heard.recv_timeout(LONG).unwrap();
        if event.event_type() == what {
            return event;
        }
    }
}

#[test]
fn who_comes_late_is_told_what_stands_and_nothing_else() {
    let system = started(&["a", "b", "c"]);
    trip(&system, "b");
    let (sender, heard) = channel();
    let _all = system.subscribe(Subscriber::new("all"), sends(sender)).unwrap();
    let first = heard.recv_timeout(LONG).unwrap();
    assert_eq!((first.event_type(), first.breaker), (EventType::Level, system.breaker("b").unwrap()));
    assert_eq!(first.after().status, Status::Tripped);
    trip(&system, "c");
    let second = heard.recv_timeout(LONG).unwrap();
    assert_eq!((second.event_type(), second.breaker), (EventType::Tripped, system.breaker("c").unwrap()));
}

#[test]
fn a_stuck_subscriber_delays_nobody_else() {
    let system = started(&["a"]);
    let (release, stuck) = channel::<()>();
    let (entered, is_in) = channel();
    let hang = move |_: &[Event]| {
        entered.send(()).unwrap();
        let _ = stuck.recv();
    };
    let stuck = system.subscribe(Subscriber { capacity: 4, ..Subscriber::new("stuck") }, hang).unwrap();
    trip(&system, "a");
    is_in.recv_timeout(LONG).unwrap();
    // From here on it hangs in its call; whoever comes now hears everything.
    let (sender, heard) = channel();
    let _quick = system.subscribe(Subscriber::new("quick"), sends(sender)).unwrap();
    for _ in 0..20 {
        reset(&system, "a");
        next(&heard, EventType::Reset);
        trip(&system, "a");
        next(&heard, EventType::Tripped);
    }
    let status = &system.subscribers()[0];
    assert_eq!((status.name.as_str(), status.queued), ("stuck", 4));
    // Behind the event that the quick one was offered last.
    assert!(status.dropped >= 35, "{status:?}");
    assert_eq!(stuck.unsubscribe(Duration::ZERO), Unsubscribed::Pending);
    drop(release);
}

#[test]
fn after_a_loss_it_knows_how_much_and_where_everything_stands() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let system = started(&["a", "b"]);
        let mut ears = system.receive(Subscriber { capacity: 2, overflow, ..Subscriber::new("ears") }).unwrap();
        assert_eq!(ears.receive(Duration::ZERO).unwrap(), [], "nothing stands");
        let (sender, heard) = channel();
        let _all = system.subscribe(Subscriber::new("all"), sends(sender)).unwrap();
        for _ in 0..5 {
            trip(&system, "a");
            reset(&system, "a");
        }
        trip(&system, "b");
        while next(&heard, EventType::Tripped).breaker != system.breaker("b").unwrap() {}
        let mut told = Vec::new();
        while told.iter().all(|event: &Event| event.event_type() != EventType::Gap) {
            told.extend_from_slice(ears.receive(LONG).unwrap());
        }
        let gap = told.iter().find(|event| event.event_type() == EventType::Gap).unwrap();
        assert_eq!(gap.value, 9.0, "11 events, 2 of them fitted");
        let id = system.breaker("b").unwrap();
        let last = told.iter().rfind(|event| event.breaker == id).unwrap();
        assert_eq!(last.after().status, Status::Tripped, "{overflow:?}: the last word on b is that it is tripped");
        assert_eq!(system.subscribers()[0].dropped, 9);
    }
}

#[test]
fn a_scope_that_is_not_declared_and_a_name_with_control_characters_are_refused() {
    let system = System::start(plan(vec![manual("desk", "XNAS")])).unwrap();
    let of = |path| Subscriber { filter: Filter { scope: scope(path), ..Filter::default() }, ..Subscriber::new("one") };
    let kinds = |subscriber: Subscriber| {
        let called = system.subscribe(subscriber.clone(), |_| {}).map(|_| ()).map_err(|error| error.kind());
        let asks = system.receive(subscriber).map(|_| ()).map_err(|error| error.kind());
        assert_eq!(called, asks);
        called
    };
    for path in ["", "XNAS"] {
        assert_eq!(kinds(of(path)), Ok(()), "{path}");
    }
    assert_eq!(kinds(of("XNYS")), Err(ErrorKind::Unknown));
    assert_eq!(system.receive(of("XNYS")).unwrap_err().to_string(), system.gate(&["XNYS"]).unwrap_err().to_string());
    system.declare(&[scope("XNYS")]).unwrap();
    assert_eq!(kinds(of("XNYS")), Ok(()));
    assert_eq!(kinds(Subscriber::new("pager\n")), Err(ErrorKind::BadInput));
}

#[test]
fn a_filter_is_asked_before_the_queue() {
    let system =
        System::start(plan(vec![manual("desk", "XNAS"), drawdown("dd", "XNAS/AAPL", 0.1), manual("other", "XNYS")]))
            .unwrap();
    let only = |filter| Subscriber { filter, capacity: 1, ..Subscriber::new("one") };
    let filter = Filter { scope: scope("XNAS"), types: vec![EventType::Tripped], ..Filter::default() };
    let mut ears = system.receive(only(filter)).unwrap();
    // The drawdown is not ready, so it denies: that stands.
    assert_eq!(ears.receive(LONG).unwrap()[0].breaker, system.breaker("dd").unwrap());
    let (sender, heard) = channel();
    let _all = system.subscribe(Subscriber::new("all"), sends(sender)).unwrap();
    for name in ["other", "desk"] {
        trip(&system, name);
        reset(&system, name);
    }
    next(&heard, EventType::Reset);
    next(&heard, EventType::Reset);
    let told = ears.receive(LONG).unwrap();
    assert_eq!(told.iter().map(Event::event_type).collect::<Vec<_>>(), [EventType::Tripped]);
    assert_eq!(told[0].breaker, system.breaker("desk").unwrap());
    assert_eq!(system.subscribers()[0].dropped, 0, "what it does not want takes no place");
}

#[test]
fn kinds_and_urgency_filter_too_and_a_kill_reaches_everybody() {
    let system = System::start(plan(vec![manual("desk", "X"), drawdown("dd", "X", 0.1)])).unwrap();
    let filter = Filter { kinds: vec![Kind::Drawdown], urgent: true, ..Filter::default() };
    let (sender, heard) = channel();
    let _dd = system.subscribe(Subscriber { filter, ..Subscriber::new("dd") }, sends(sender)).unwrap();
    next(&heard, EventType::Level);
    let mut feed = system.feed("X").unwrap();
    trip(&system, "desk");
    // Ready and a warning are routine, the trip is not.
    for equity in [100.0, 91.5, 90.0] {
        feed.equity(money(equity), system.now()).unwrap();
    }
    let first = heard.recv_timeout(LONG).unwrap();
    assert_eq!((first.event_type(), first.kind()), (EventType::Tripped, Some(Kind::Drawdown)));
    system.kill();
    assert_eq!(heard.recv_timeout(LONG).unwrap().event_type(), EventType::Killed);
}

#[test]
fn the_sixty_fifth_is_refused_and_a_place_is_free_again_when_one_goes() {
    let system = started(&[]);
    let mut all: Vec<_> = (0..64).map(|_| system.receive(Subscriber::new("one")).unwrap()).collect();
    assert_eq!(system.receive(Subscriber::new("one")).unwrap_err().kind(), ErrorKind::Full);
    assert_eq!(system.subscribe(Subscriber::new("one"), |_| {}).unwrap_err().kind(), ErrorKind::Full);
    all.pop();
    assert!(system.receive(Subscriber::new("one")).is_ok());
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let system = started(&[]);
    for spec in [
        Subscriber { capacity: 0, ..Subscriber::new("x") },
        Subscriber { capacity: Subscriber::MAX_CAPACITY + 1, ..Subscriber::new("x") },
        Subscriber { batch: 0, ..Subscriber::new("x") },
    ] {
        assert_eq!(system.receive(spec).unwrap_err().kind(), ErrorKind::BadInput);
    }
    let manual = support::system(vec![]);
    assert_eq!(manual.subscribe(Subscriber::new("x"), |_| {}).unwrap_err().kind(), ErrorKind::NotAllowed);
}

#[test]
fn panics_are_counted_and_repeated_ones_suspend() {
    let system = started(&["a"]);
    let (sender, heard) = channel();
    let _all = system.subscribe(Subscriber::new("all"), sends(sender)).unwrap();
    let (called, calls) = channel();
    let wild = move |_: &[Event]| {
        called.send(()).unwrap();
        panic!("of a subscriber, on purpose");
    };
    let wild = system.subscribe(Subscriber { max_panics: 2, ..Subscriber::new("wild") }, wild).unwrap();
    trip(&system, "a");
    calls.recv_timeout(LONG).unwrap();
    reset(&system, "a");
    calls.recv_timeout(LONG).unwrap();
    let told = next(&heard, EventType::SubscriberSuspended);
    assert_eq!((told.reason(), told.value), (Reason::Panicked, wild.number() as f64));
    trip(&system, "a");
    next(&heard, EventType::Tripped);
    let status = &system.subscribers()[1];
    assert_eq!((status.panics, status.suspended), (2, Some(Reason::Panicked)));
    assert!(status.dropped >= 1 && calls.try_recv().is_err(), "{status:?}");
    assert!(!system.gate(&["a"]).unwrap().permits(Intent::Increase));
}

#[test]
fn one_panic_among_good_calls_suspends_nobody() {
    let system = started(&["a"]);
    let (called, calls) = channel();
    let mut count = 0;
    let wild = move |_: &[Event]| {
        count += 1;
        called.send(count).unwrap();
        assert!(count % 2 == 0, "every other call, on purpose");
    };
    let _wild = system.subscribe(Subscriber { max_panics: 2, ..Subscriber::new("wild") }, wild).unwrap();
    for n in 0..8 {
        if n % 2 == 0 {
            trip(&system, "a")
        } else {
            reset(&system, "a")
        };
        calls.recv_timeout(LONG).unwrap();
    }
    assert_eq!(system.subscribers()[0].suspended, None);
}

#[test]
fn calls_over_the_budget_are_counted_and_suspend_in_the_end() {
    let system = started(&["a"]);
    let mut ears = system.receive(Subscriber::new("ears")).unwrap();
    // Every call takes longer than no time at all.
    let spec = Subscriber { budget: Duration::ZERO, max_overruns: 3, ..Subscriber::new("slow") };
    let (called, calls) = channel();
    let _slow = system.subscribe(spec, move |_| called.send(()).unwrap()).unwrap();
    for n in 0..3 {
        if n % 2 == 0 {
            trip(&system, "a")
        } else {
            reset(&system, "a")
        };
        calls.recv_timeout(LONG).unwrap();
    }
    let told = loop {
        let found =
            ears.receive(LONG).unwrap().iter().find(|e| e.event_type() == EventType::SubscriberSuspended).copied();
        if let Some(event) = found {
            break event;
        }
    };
    assert_eq!(told.reason(), Reason::Overrun);
    let status = &system.subscribers()[1];
    assert_eq!((status.overruns, status.suspended), (3, Some(Reason::Overrun)));
}

#[test]
fn after_unsubscribing_no_call_runs_and_none_begins() {
    let system = started(&["a"]);
    let running = Arc::new(Mutex::new(()));
    let (entered, is_in) = channel();
    let hold = running.clone();
    let call = move |_: &[Event]| {
        let _inside = hold.lock().unwrap();
        let _ = entered.send(());
    };
    let subscription = system.subscribe(Subscriber::new("x"), call).unwrap();
    trip(&system, "a");
    is_in.recv_timeout(LONG).unwrap();
    let outside = running.lock().unwrap();
    reset(&system, "a");
    // It may be waiting for the lock inside its call, or be asleep: either way it cannot end before we let go.
    let ended = std::thread::spawn(move || subscription.unsubscribe(LONG));
    drop(outside);
    assert_eq!(ended.join().unwrap(), Unsubscribed::Done);
    while is_in.try_recv().is_ok() {}
    trip(&system, "a");
    assert!(is_in.recv_timeout(LONG).is_err(), "its sender has gone with the callback");
    assert!(system.subscribers().is_empty());
}

#[test]
fn what_waits_for_one_who_leaves_is_counted() {
    let system = started(&["a"]);
    let (release, stuck) = channel::<()>();
    let (entered, is_in) = channel();
    let hang = move |_: &[Event]| {
        entered.send(()).unwrap_or_default();
        let _ = stuck.recv();
    };
    let leaves = system.subscribe(Subscriber::new("leaves"), hang).unwrap();
    trip(&system, "a");
    is_in.recv_timeout(LONG).unwrap();
    for _ in 0..3 {
        reset(&system, "a");
        trip(&system, "a");
    }
    while system.subscribers()[0].queued < 6 {
        std::thread::yield_now();
    }
    let ended = std::thread::spawn(move || leaves.unsubscribe(LONG));
    while !system.subscribers().is_empty() {
        std::thread::yield_now();
    }
    // It comes back from the one call that it had begun, finds the others, and is not to be called.
    drop(release);
    assert_eq!(ended.join().unwrap(), Unsubscribed::Done);
    let report = system.shutdown(LONG).unwrap();
    assert_eq!((report.delivered, report.dropped), (1, 6));
}

#[test]
fn a_callback_may_end_itself_and_others_without_waiting() {
    let system = started(&["a"]);
    let other = system.subscribe(Subscriber::new("other"), |_| {}).unwrap();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let (sender, heard) = channel();
    let (mine, mut other) = (own.clone(), Some(other));
    let call = move |_: &[Event]| {
        let both = [mine.lock().unwrap().take(), other.take()];
        let ended: Vec<_> = both.into_iter().flatten().map(|s| s.unsubscribe(LONG)).collect();
        sender.send(ended).unwrap();
    };
    *own.lock().unwrap() = Some(system.subscribe(Subscriber::new("self"), call).unwrap());
    trip(&system, "a");
    assert_eq!(heard.recv_timeout(LONG).unwrap()[0], Unsubscribed::Pending);
    assert!(heard.recv_timeout(LONG).is_err(), "never called again: its sender has gone with it");
}

#[test]
fn a_shutdown_delivers_what_has_happened_and_names_who_is_stuck() {
    let system = started(&["a"]);
    let (sender, heard) = channel();
    system.subscribe(Subscriber::new("all"), sends(sender)).unwrap().stay();
    let (release, stuck) = channel::<()>();
    let (entered, is_in) = channel();
    let hang = move |_: &[Event]| {
        entered.send(()).unwrap();
        let _ = stuck.recv();
    };
    system.subscribe(Subscriber::new("stuck"), hang).unwrap().stay();
    trip(&system, "a");
    is_in.recv_timeout(LONG).unwrap();
    // So long that the others end on a busy machine, too.
    let report = system.shutdown(Duration::from_secs(2)).unwrap();
    assert_eq!(report.joined, ["haltline-monitor", "haltline-dispatch", "haltline-sub-1"]);
    assert_eq!((report.abandoned, report.dropped), (vec!["haltline-sub-2".to_owned()], 1));
    let told: Vec<_> = heard.iter().map(|event| event.event_type()).collect();
    assert_eq!(told, [EventType::Tripped, EventType::Shutdown]);
    drop(release);
}

#[test]
fn a_shutdown_inside_a_callback_is_refused_and_no_deadlock() {
    let system = Arc::new(started(&["a"]));
    let (sender, heard) = channel();
    let inside = Arc::downgrade(&system);
    let call = move |_: &[Event]| {
        if let Some(system) = inside.upgrade() {
            let _ = sender.send(system.shutdown(LONG).map_err(|error| error.kind()));
        }
    };
    system.subscribe(Subscriber::new("x"), call).unwrap().stay();
    trip(&system, "a");
    assert_eq!(heard.recv_timeout(LONG).unwrap(), Err(ErrorKind::NotAllowed));
    assert_eq!(system.shutdown(LONG).unwrap().abandoned, Vec::<String>::new());
}

#[test]
fn nobody_comes_after_the_end_and_who_asks_is_told_of_it() {
    let system = started(&["a"]);
    let mut ears = system.receive(Subscriber::new("ears")).unwrap();
    system.shutdown(LONG).unwrap();
    assert_eq!(ears.receive(LONG).unwrap()[0].event_type(), EventType::Shutdown);
    assert_eq!(ears.receive(LONG).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(system.receive(Subscriber::new("late")).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(system.subscribe(Subscriber::new("late"), |_| {}).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn the_last_owner_may_drop_the_system_inside_a_callback() {
    let system = Arc::new(started(&["a"]));
    let gate = system.gate(&["a"]).unwrap();
    let (owned, owner) = (system.clone(), Mutex::new(None));
    *owner.lock().unwrap() = Some(owned);
    let (sender, heard) = channel();
    let call = move |_: &[Event]| {
        drop(owner.lock().unwrap().take());
        let _ = sender.send(());
    };
    system.subscribe(Subscriber::new("x"), call).unwrap().stay();
    trip(&system, "a");
    drop(system);
    heard.recv_timeout(LONG).unwrap();
    // Whoever let go last, it has shut down, or is about to on the other thread.
    while gate.explain(gate.check()).reason != Reason::ShutDown {
        std::thread::yield_now();
    }
}

#[test]
fn a_manual_system_tells_its_receivers_what_is_drained() {
    let system = support::system(vec![manual("a", "A")]);
    let mut ears = system.receive(Subscriber::new("ears")).unwrap();
    trip(&system, "a");
    assert!(ears.receive(Duration::ZERO).unwrap().is_empty(), "nobody has drained");
    assert_eq!(event_types(&system).last(), Some(&EventType::Tripped));
    let told: Vec<_> = ears.receive(Duration::ZERO).unwrap().iter().map(Event::event_type).collect();
    assert_eq!(told, [EventType::Tripped], "and not the installation, which was before it came");
}

#[test]
fn who_comes_after_a_kill_is_told_of_it_first() {
    let system = started(&["a"]);
    trip(&system, "a");
    system.kill();
    let mut ears = system.receive(Subscriber::new("ears")).unwrap();
    let told: Vec<_> = ears.receive(LONG).unwrap().iter().map(Event::event_type).collect();
    assert_eq!(told, [EventType::Killed, EventType::Level]);
}

#[test]
fn whoever_lost_a_kill_or_a_removal_is_told_of_it_after_the_gap() {
    let system = support::system(vec![manual("a", "A"), manual("b", "B")]);
    let mut ears = system.receive(Subscriber { capacity: 1, ..Subscriber::new("ears") }).unwrap();
    trip(&system, "b");
    events(&system);
    ears.receive(Duration::ZERO).unwrap();
    let b = system.breaker("b").unwrap();
    system.kill();
    system.reload(&plan(vec![manual("a", "A")])).unwrap();
    trip(&system, "a");
    reset(&system, "a");
    events(&system);
    let told = ears.receive(Duration::ZERO).unwrap();
    assert!(told.iter().any(|event| event.event_type() == EventType::Gap));
    assert!(told.iter().any(|event| event.event_type() == EventType::Killed), "{told:?}");
    let last = told.iter().rfind(|event| event.breaker == b).unwrap();
    assert_eq!(last.after().status, Status::Retired);
}

#[test]
fn a_level_says_until_when() {
    let mut timed = drawdown("dd", "acct/a", 0.1);
    timed.policy.release = Release::Timed;
    let system = support::system(vec![timed]);
    let mut feed = system.feed("acct/a").unwrap();
    for equity in [100.0, 90.0] {
        feed.equity(money(equity), at(0)).unwrap();
    }
    let mut ears = system.receive(Subscriber::new("ears")).unwrap();
    let level = ears.receive(Duration::ZERO).unwrap()[0];
    assert_eq!((level.event_type(), Some(level.until)), (EventType::Level, status(&system, "dd").until));
}
