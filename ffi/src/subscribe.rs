//! Who hears of events: by a callback on a thread of its own, or inside `hl_drain`; or by asking.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use haltline::{Closer, Epoch, Error, Event, Overflow, Receiver, Subscriber, Subscription, Unsubscribed};

use crate::boundary::{Refused, call, place, places};
use crate::callback::{self, Callback, hl_events_fn, hl_release_fn};
use crate::events::{event, hl_event};
use crate::filter::{filter, hl_filter};
use crate::handle::{Table, Type, hl_subscription, hl_system, lock};
use crate::status::*;
use crate::structs::{self, Sized32};
use crate::system::with;
use crate::systems::{self, Held};
use crate::text::{self, HL_NAME_BYTES, chars};
use crate::views::fill;
use crate::words::{HL_OVERFLOW_DROP_NEWEST, HL_OVERFLOW_DROP_OLDEST};

/// Who hears of events, and what it may cost. Zero it, set `struct_size`, and what shall be otherwise.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_subscribe_options {
    /// `sizeof(hl_subscribe_options)`.
    pub struct_size: u32,
    /// `HL_OVERFLOW_...`: which event goes when too many wait.
    pub overflow: u32,
    /// What it is called in `hl_subscribers`, without control characters, ended by a NUL; NULL is "c".
    pub name: *const c_char,
    /// What it wants to hear of.
    pub filter: hl_filter,
    /// How many events wait for it at most, 1 to 1 048 576; 0 is 1 024.
    pub capacity: u32,
    /// How many events one call is given at most; 0 is 256. What brings it level after a loss may be more.
    pub batch: u32,
    /// How long one call may take, in nanoseconds; 0 is 100 ms. Of those on a thread of their own.
    pub budget_ns: u64,
    /// So many calls in a row over the budget suspend it; 0 is 10, UINT32_MAX never.
    pub max_overruns: u32,
    /// Zero.
    pub reserved: u32,
    /// Called with events; NULL: they are asked for by `hl_poll_events`.
    pub function: hl_events_fn,
    /// Given to `function`.
    pub user: *mut c_void,
    /// Called once with `user` when `function` is not running and never will again, whatever has ended it, so that what belongs to it can be
    /// freed; on any thread. NULL for nothing. Not called where `hl_subscribe` fails.
    pub release: hl_release_fn,
}

// SAFETY: `repr(C)`, begins with its size; numbers, pointers and an optional function.
unsafe impl Sized32 for hl_subscribe_options {
    const NAME: &'static str = "hl_subscribe_options";
    const LEAST: usize = 88;
    const RESERVED: &'static [(usize, &'static str)] = &[
        (offset_of!(hl_subscribe_options, filter.reserved), "hl_filter.reserved"),
        (offset_of!(hl_subscribe_options, reserved), "hl_subscribe_options.reserved"),
    ];
}

/// How a subscriber does.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_subscriber_info {
    /// Its number: what an event of its suspension carries as `value`.
    pub number: u64,
    /// How many events it was given.
    pub delivered: u64,
    /// How many did not fit, or came while it was suspended.
    pub dropped: u64,
    /// How many wait.
    pub queued: u64,
    /// Calls that took longer than their budget.
    pub overruns: u64,
    /// `HL_REASON_...` for which it is not called any more; 0 while it is.
    pub suspended: u32,
    /// Zero.
    pub reserved: u32,
    /// Its name.
    pub name: [c_char; HL_NAME_BYTES],
}

/// A subscription.
struct Entry {
    /// The handle of its System.
    system: u64,
    epoch: Epoch,
    seat: Seat,
}

enum Seat {
    /// Called on a thread of its own.
    Called(Mutex<Option<Subscription>>),
    /// Called inside `hl_drain`.
    Drained(Drained),
    /// Asks by itself.
    Asking(Mutex<Asking>, Closer),
}

struct Drained {
    state: Mutex<Turn>,
    /// Its call has ended.
    ended: Condvar,
    callback: Callback,
}

/// Its receiver is taken for as long as it is called, so no lock is held then.
struct Turn {
    receiver: Option<Receiver>,
    /// As [`callback::here`] says.
    runs_on: Option<usize>,
    is_gone: bool,
}

struct Asking {
    receiver: Receiver,
    /// Received and not yet given.
    rest: VecDeque<Event>,
}

/// Room for so many events of a call is made at once; it grows where a call is given more.
const USUAL_BATCH: usize = 256;

static SUBSCRIPTIONS: Table<Arc<Entry>> = Table::new(Type::Subscription);

/// # Safety
/// The texts are NULL or end with a NUL.
unsafe fn subscriber(options: &hl_subscribe_options) -> Result<Subscriber, Refused> {
    // SAFETY: as the caller says.
    let (name, filter) =
        unsafe { (text::optional(options.name, "hl_subscribe_options.name")?, filter(&options.filter)?) };
    let usual = Subscriber::new(name.unwrap_or("c"));
    let or = |given: u32, usual: usize| if given == 0 { usual } else { given as usize };
    let overflow = match options.overflow {
        HL_OVERFLOW_DROP_OLDEST => Overflow::DropOldest,
        HL_OVERFLOW_DROP_NEWEST => Overflow::DropNewest,
        other => {
            return Err(Refused::number("hl_subscribe_options.overflow", other.into(), "HL_OVERFLOW_ numbers 0 and 1"));
        }
    };
    Ok(Subscriber {
        filter,
        capacity: or(options.capacity, usual.capacity),
        batch: or(options.batch, usual.batch),
        overflow,
        budget: if options.budget_ns == 0 { usual.budget } else { Duration::from_nanos(options.budget_ns) },
        max_overruns: match options.max_overruns {
            0 => usual.max_overruns,
            u32::MAX => 0,
            given => given,
        },
        ..usual
    })
}

/// Subscribes to events. With a `function`: called on a thread of the subscription's own, in a manual System inside `hl_drain`; a
/// slow one costs nobody else. Without: ask by `hl_poll_events` or `hl_wait_events`. First everybody is told where each breaker is that
/// is not simply active. What does not fit is counted, and told by `HL_EVENT_GAP`: events may be lost, states may not. The function may
/// be called before this returns, so before `out` is written.
///
/// `HL_ERR_FULL` beyond `max_subscribers`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_BAD_INPUT` for numbers that cannot
/// be and a name with control characters, `HL_ERR_STRUCT_SIZE`, `HL_ERR_ARGUMENT`, `HL_ERR_BAD_SCOPE`, `HL_ERR_CLOSED`, `HL_ERR_PLATFORM` without a thread, `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// `options` is as long as it says, its texts end with a NUL, its function may be called on another thread; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_subscribe(
    system: hl_system,
    options: *const hl_subscribe_options,
    out: *mut hl_subscription,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (options, out) = unsafe { (structs::read(options, "options")?, place(out, "out")?) };
        // SAFETY: as the caller says.
        let subscriber = unsafe { subscriber(&options) }?;
        let callback = Callback::new(options.function, options.release, options.user);
        let release = callback.as_ref().map(Callback::release);
        let seat = seat(held, subscriber, callback)?;
        let entry = Entry { system: held.bits, epoch: held.system.epoch(), seat };
        let bits = SUBSCRIPTIONS.put(Arc::new(entry))?;
        // A close that has looked already does not find it.
        if !systems::is_open(held.bits) && SUBSCRIPTIONS.take(bits).is_some() {
            return Err(Refused::new(HL_ERR_CLOSED, "the System has shut down"));
        }
        out.write(hl_subscription { bits });
        if let Some(release) = release {
            release.accept();
        }
        Ok(())
    })
}

fn seat(held: &Held, subscriber: Subscriber, callback: Option<Callback>) -> Result<Seat, Error> {
    Ok(match callback {
        None => {
            let receiver = held.system.receive(subscriber)?;
            let closer = receiver.closer();
            Seat::Asking(Mutex::new(Asking { receiver, rest: VecDeque::new() }), closer)
        }
        Some(callback) if held.is_manual => {
            let turn = Turn { receiver: Some(held.system.receive(subscriber)?), runs_on: None, is_gone: false };
            Seat::Drained(Drained { state: Mutex::new(turn), ended: Condvar::new(), callback })
        }
        Some(callback) => {
            let (bits, epoch, mut told) =
                (held.bits, held.system.epoch(), Vec::with_capacity(subscriber.batch.min(USUAL_BATCH)));
            let subscription = held.system.subscribe(subscriber, move |events| {
                told.clear();
                told.extend(events.iter().map(|each| event(bits, epoch, each)));
                callback.tell(&told);
            })?;
            Seat::Called(Mutex::new(Some(subscription)))
        }
    })
}

/// Calls the callbacks of a manual System with what waits for them, one after the other until the deadline; the first is called in any
/// case. False if there was no time for all.
pub(crate) fn deliver(held: &Held, deadline: Option<Instant>) -> bool {
    let drained = |entry: &Arc<Entry>| entry.system == held.bits && matches!(entry.seat, Seat::Drained(_));
    let (mut may_call, mut is_all) = (true, true);
    for entry in SUBSCRIPTIONS.all(drained) {
        let Seat::Drained(drained) = &entry.seat else { continue };
        loop {
            match drained.turn(&entry, may_call) {
                Given::Batch => may_call = deadline.is_none_or(|end| Instant::now() < end),
                Given::Nothing => break,
                Given::TooLate => {
                    is_all = false;
                    break;
                }
            }
        }
    }
    is_all
}

/// What a turn has come to.
enum Given {
    /// A batch, and there may be more.
    Batch,
    /// There is nothing, it is being called already, or it is gone.
    Nothing,
    /// There was something, and it was not called any more.
    TooLate,
}

impl Drained {
    /// Gives it one batch, if it may be called.
    fn turn(&self, entry: &Entry, may_call: bool) -> Given {
        let taken = {
            let mut turn = lock(&self.state);
            let taken = turn.receiver.take();
            if taken.is_some() {
                turn.runs_on = Some(callback::here());
            }
            taken
        };
        let Some(receiver) = taken else { return Given::Nothing };
        let mut running = Running { drained: self, receiver: Some(receiver) };
        let batch = running.receiver.as_mut().and_then(|receiver| receiver.receive(Duration::ZERO).ok());
        let told: Vec<_> =
            batch.unwrap_or_default().iter().map(|each| event(entry.system, entry.epoch, each)).collect();
        let is_told = may_call && !told.is_empty();
        if is_told {
            self.callback.tell(&told);
        }
        drop(running);
        match () {
            () if told.is_empty() || lock(&self.state).is_gone => Given::Nothing,
            () if is_told => Given::Batch,
            () => Given::TooLate,
        }
    }

    /// No call begins any more. Waits for one that runs on another thread.
    fn end(&self, deadline: Option<Instant>) -> Unsubscribed {
        let mut turn = lock(&self.state);
        turn.is_gone = true;
        let receiver = turn.receiver.take();
        let done = loop {
            let left = deadline.map_or(Duration::from_secs(3600), |end| end.saturating_duration_since(Instant::now()));
            match turn.runs_on {
                None => break Unsubscribed::Done,
                Some(thread) if thread == callback::here() || left.is_zero() => break Unsubscribed::Pending,
                Some(_) => turn = self.ended.wait_timeout(turn, left).unwrap_or_else(PoisonError::into_inner).0,
            }
        };
        drop(turn);
        drop(receiver);
        done
    }
}

/// A turn. Over, its receiver is put back, also by a panic, and whoever waits for the turn goes on.
struct Running<'a> {
    drained: &'a Drained,
    receiver: Option<Receiver>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut turn = lock(&self.drained.state);
        turn.runs_on = None;
        // Of one that is gone it goes, outside of the lock.
        let rest = if turn.is_gone {
            self.receiver.take()
        } else {
            core::mem::replace(&mut turn.receiver, self.receiver.take())
        };
        drop(turn);
        self.drained.ended.notify_all();
        drop(rest);
    }
}

/// Ends what belongs to a System that is closed, but for those who ask by themselves: they may still take what waits for them. Waits for
/// a callback that is called on another thread by `hl_drain`; says whether none runs any more.
pub(crate) fn end_all(system: u64, deadline: Option<Instant>) -> bool {
    let ended = SUBSCRIPTIONS.take_all(|entry| entry.system == system && !matches!(entry.seat, Seat::Asking(..)));
    let is_done = |entry: &Arc<Entry>| match &entry.seat {
        Seat::Drained(drained) => drained.end(deadline) == Unsubscribed::Done,
        // Its thread was waited for by the System.
        _ => true,
    };
    ended.iter().filter(|entry| !is_done(entry)).count() == 0
}

/// Ends a subscription; its handle is stale then. `HL_OK`: its callback is not running, and will not run. `HL_PENDING`: it will not
/// start again, but may still be running, after `timeout_ns`, or because this is called in a callback, which waits neither for itself
/// nor for another.
///
/// `HL_ERR_STALE` the second time, and after its System has closed if it has a callback.
///
/// Threads: any, at once. Signals: no. Allocates: no. Progress: blocks for at most `timeout_ns`.
#[unsafe(no_mangle)]
pub extern "C" fn hl_unsubscribe(subscription: hl_subscription, timeout_ns: u64) -> hl_status {
    call(owner(subscription), || {
        systems::check_process()?;
        let stale = || Refused::stale("subscription", subscription.bits);
        let entry = SUBSCRIPTIONS.take(subscription.bits).ok_or_else(stale)?;
        // In a callback it could be for itself: two that wait for each other.
        let patience = if callback::is_inside() { Duration::ZERO } else { Duration::from_nanos(timeout_ns) };
        let ended = match &entry.seat {
            Seat::Called(place) => {
                let taken = lock(place).take();
                taken.map_or(Unsubscribed::Done, |subscription| subscription.unsubscribe(patience))
            }
            Seat::Drained(drained) => drained.end(Instant::now().checked_add(patience)),
            // Whoever waits there is woken.
            Seat::Asking(_, closer) => {
                closer.close();
                Unsubscribed::Done
            }
        };
        Ok(if ended == Unsubscribed::Done { HL_OK } else { HL_PENDING })
    })
}

/// The System of a subscription; 0 of one that is none.
fn owner(subscription: hl_subscription) -> u64 {
    // In a child a lock may be held for ever.
    let is_here = systems::check_process().is_ok();
    is_here.then(|| SUBSCRIPTIONS.get(subscription.bits)).flatten().map_or(0, |entry| entry.system)
}

/// Takes what waits for a subscription without a function: at most `cap` events, in order; `n` is how many, 0 if there is nothing.
///
/// `HL_ERR_CLOSED` when its System has closed and everything was taken; `HL_ERR_NOT_ALLOWED` for one with a function, `HL_ERR_STALE`,
/// `HL_ERR_NULL`.
///
/// Threads: any, at once; each event goes to one. Signals: no. Allocates: seldom. Progress: blocks beside another one that asks.
///
/// # Safety
/// `buf` has room for `cap`; `n` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_poll_events(
    subscription: hl_subscription,
    buf: *mut hl_event,
    cap: usize,
    n: *mut usize,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { hl_wait_events(subscription, buf, cap, 0, n) }
}

/// The same, and waits for the first event for at most `timeout_ns`.
///
/// As `hl_poll_events`.
///
/// Threads: any, at once; each event goes to one. Signals: no. Allocates: seldom. Progress: blocks for at most `timeout_ns`, and
/// beside another one that asks.
///
/// # Safety
/// `buf` has room for `cap`; `n` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_wait_events(
    subscription: hl_subscription,
    buf: *mut hl_event,
    cap: usize,
    timeout_ns: u64,
    n: *mut usize,
) -> hl_status {
    call(owner(subscription), || {
        systems::check_process()?;
        // SAFETY: as the caller says.
        let (room, n) = unsafe { (places(buf, cap, "buf")?, place(n, "n")?) };
        let entry =
            SUBSCRIPTIONS.get(subscription.bits).ok_or_else(|| Refused::stale("subscription", subscription.bits))?;
        let Seat::Asking(asking, _) = &entry.seat else {
            let text = "hl_poll_events: found a subscription with a function, allowed are those without";
            return Err(Refused::new(HL_ERR_NOT_ALLOWED, text));
        };
        let mut asking = lock(asking);
        let (mut given, mut patience) = (0, Duration::from_nanos(timeout_ns));
        while given < room.len() {
            if asking.rest.is_empty() {
                let Asking { receiver, rest } = &mut *asking;
                match receiver.receive(patience) {
                    Ok([]) => break,
                    Ok(batch) => rest.extend(batch),
                    Err(error) if given == 0 => return Err(error.into()),
                    Err(_) => break,
                }
                patience = Duration::ZERO;
            }
            for (place, each) in room[given..].iter_mut().zip(asking.rest.iter()) {
                place.write(event(entry.system, entry.epoch, each));
            }
            let some = asking.rest.len().min(room.len() - given);
            asking.rest.drain(..some);
            given += some;
        }
        n.write(given);
        Ok(())
    })
}

/// How the subscribers of a System do, in the order in which they came. At most `cap` are written, `n` is how many there are;
/// `HL_TRUNCATED` if they are more.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// `buf` has room for `cap`; `n` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_subscribers(
    system: hl_system,
    buf: *mut hl_subscriber_info,
    cap: usize,
    n: *mut usize,
) -> hl_status {
    with(system, |held| {
        let infos = held.system.subscribers().into_iter().map(|found| hl_subscriber_info {
            number: found.number,
            delivered: found.delivered,
            dropped: found.dropped,
            queued: found.queued as u64,
            overruns: found.overruns,
            suspended: found.suspended.map_or(0, |reason| reason as u32),
            reserved: 0,
            name: chars(&found.name),
        });
        // SAFETY: as the caller says.
        unsafe { fill(buf, cap, n, infos) }
    })
}
