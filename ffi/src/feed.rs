//! Observations in: a feed is one thread's. Allocates nothing once it is open.

use core::ffi::c_char;
use core::ptr::null_mut;
use core::time::Duration;

use haltline::{CheckId, Date, Feed, Money, Nanos, Price, Qty, VenueStatus};

use crate::boundary::{Refused, call, place, quietly};
use crate::handle::{self, hl_breaker, hl_system};
use crate::status::hl_status;
use crate::structs::{self, Sized32};
use crate::system::with;
use crate::{systems, text, words};

/// A price of 1, in the units of prices: 1e-9; in C it stands in `haltline_gate.h`, with its type.
pub const HL_PRICE_SCALE: i64 = 1_000_000_000;
/// An amount of 1, in the units of money: 1e-4; in C as above.
pub const HL_MONEY_SCALE: i64 = 10_000;

/// A trade that does not make a price: an odd lot, one out of sequence, an average price.
pub const HL_TRADE_INELIGIBLE: u32 = 1;

/// An absent price; in C it stands in `haltline_gate.h`.
const NO_PRICE: i64 = i64::MIN;

/// The feed of a scope, of one thread at a time.
pub struct hl_feed {
    feed: Feed,
    /// The handle of its System.
    system: u64,
}

/// What is held of an instrument. Zero it and set `struct_size`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_position {
    /// `sizeof(hl_position)`.
    pub struct_size: u32,
    /// The number of its sector; 0 is a sector of its own.
    pub sector: u32,
    /// The caller's number of the instrument.
    pub instrument: u64,
    /// Lots: long is positive, short negative, 0 closes it.
    pub quantity: i64,
    /// The market value, in units of 1e-4; its magnitude counts.
    pub value: i64,
}

// SAFETY: `repr(C)`, begins with its size; numbers.
unsafe impl Sized32 for hl_position {
    const NAME: &'static str = "hl_position";
    const LEAST: usize = 32;
}

/// Says something to a feed.
///
/// # Safety
/// `feed` is NULL or not closed, and no other thread uses it.
unsafe fn tell<E: Into<Refused>>(feed: *mut hl_feed, say: impl FnOnce(&mut hl_feed) -> Result<(), E>) -> hl_status {
    // SAFETY: as the caller says.
    match unsafe { feed.as_mut() } {
        Some(feed) => call(feed.system, || say(feed).map_err(Into::into)),
        None => call(0, || Err::<(), _>(Refused::null("feed"))),
    }
}

/// Claims the feed of a scope for one thread at a time. Observations go into it; the breakers that watch the scope react at once, on
/// the thread that tells. Times are those of the observations, in nanoseconds since 1970: they must not run backwards by more than
/// `max_backstep`, nor be ahead of the System's by more than `max_ahead`. What is refused changes nothing and is counted.
///
/// `HL_ERR_CLAIMED` if somebody holds it, `HL_ERR_BAD_SCOPE`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_CLOSED`,
/// `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks beside other control calls.
///
/// # Safety
/// `scope` ends with a NUL; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_open(system: hl_system, scope: *const c_char, out: *mut *mut hl_feed) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (scope, out) = unsafe { (text::text(scope, "scope")?, place(out, "out")?) };
        let feed = held.system.feed(scope)?;
        out.write(Box::into_raw(Box::new(hl_feed { feed, system: held.bits })));
        Ok(())
    })
}

/// Gives the feed back, windows and all, so that another thread can claim it, and sets the pointer to NULL; NULL and a pointer to NULL
/// are left as they are. Copies of the pointer must not be used any more.
///
/// Threads: one. Signals: no. Allocates: no. Progress: blocks for an instant beside a reload.
///
/// # Safety
/// `*feed` is NULL or a feed that is not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_close(feed: *mut *mut hl_feed) {
    let mut system = 0;
    let done = quietly(false, || {
        // SAFETY: as the caller says.
        let taken = unsafe { feed.as_mut() }.map_or(null_mut(), |place| core::mem::replace(place, null_mut()));
        // In a forked child the lock may be held for ever; what is left goes with the process.
        if !taken.is_null() && systems::check_process().is_ok() {
            // SAFETY: made by `hl_feed_open`, and taken once.
            let feed = unsafe { Box::from_raw(taken) };
            system = feed.system;
        }
        true
    });
    if !done {
        systems::disarm(system);
    }
}

/// A trade: its price in units of 1e-9, its quantity in lots. One with `HL_TRADE_INELIGIBLE` says no price: time passes.
///
/// `HL_ERR_BAD_INPUT` if the price is not positive, the quantity negative, the time runs backwards, too far ahead, or more than a year behind;
/// `HL_ERR_ARGUMENT`
/// for other flags, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_trade(feed: *mut hl_feed, price: i64, qty: i64, flags: u32, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(feed, |feed| match flags {
            0 => Ok::<_, Refused>(feed.feed.trade(Price::from_raw(price), Qty(qty), Nanos(ts_ns))?),
            HL_TRADE_INELIGIBLE => Ok(feed.feed.heartbeat(Nanos(ts_ns))?),
            other => Err(Refused::number("flags", other.into(), "0 and HL_TRADE_INELIGIBLE (1)")),
        })
    }
}

/// The best bid and ask, in units of 1e-9. A crossed or locked book is no error. With `HL_NO_PRICE` on a side there is neither a middle nor
/// a spread, and the other side is heard all the same: an offer at the lower price band is a limit state also where nobody bids. A side
/// that nobody quotes counts as beyond every band.
///
/// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_quote(feed: *mut hl_feed, bid: i64, ask: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(feed, |feed| {
            let [bid, ask] = [bid, ask].map(|side| (side != NO_PRICE).then_some(Price::from_raw(side)));
            feed.feed.top_of_book(bid, ask, Nanos(ts_ns))
        })
    }
}

/// The official close of a session, in units of 1e-9, and its date, as 20200309: the reference of the session after it.
///
/// `HL_ERR_BAD_INPUT` as for a trade, also for a date that does not exist; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_reference(
    feed: *mut hl_feed,
    price: i64,
    session_yyyymmdd: u32,
    ts_ns: u64,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.reference(Price::from_raw(price), Date(session_yyyymmdd), Nanos(ts_ns))) }
}

/// The equity of the account, marked to market, in units of 1e-4.
///
/// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_equity(feed: *mut hl_feed, equity: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.equity(Money::from_raw(equity), Nanos(ts_ns))) }
}

/// A gain (positive) or a loss that has been booked, in units of 1e-4; 0 says that nothing was.
///
/// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_pnl(feed: *mut hl_feed, delta: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.pnl(Money::from_raw(delta), Nanos(ts_ns))) }
}

/// A deposit (positive) or a withdrawal, in units of 1e-4: moves the baselines, is no gain and no loss.
///
/// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_flow(feed: *mut hl_feed, amount: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.flow(Money::from_raw(amount), Nanos(ts_ns))) }
}

/// What is held of an instrument from now on.
///
/// `HL_ERR_BAD_INPUT` as for a trade, also if nothing is held and has a value, and if more positions are open than a breaker has room for;
/// `HL_ERR_STRUCT_SIZE`, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed; `position` is as long as it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_position(feed: *mut hl_feed, position: *const hl_position, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(feed, |feed| {
            let hl_position { instrument, quantity, value, sector, .. } = structs::read(position, "position")?;
            let told = feed.feed.position(instrument, Qty(quantity), Money::from_raw(value), sector, Nanos(ts_ns));
            told.map_err(Refused::from)
        })
    }
}

/// The margin of the account, in units of 1e-4: what is used of it, and what is left, which is negative in a deficit.
///
/// `HL_ERR_BAD_INPUT` as for a trade, also if less than nothing is used; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_margin(feed: *mut hl_feed, used: i64, available: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.margin(Money::from_raw(used), Money::from_raw(available), Nanos(ts_ns))) }
}

/// How a call ended (`HL_OUTCOME_...`) that began `duration_ns` before `ts_ns`; who does not measure gives 0.
///
/// `HL_ERR_BAD_INPUT` as for a trade, also for a call that would have begun before 1970; `HL_ERR_ARGUMENT` for an outcome that is none,
/// `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_outcome(feed: *mut hl_feed, outcome: u32, duration_ns: u64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(feed, |feed| {
            let outcome = words::outcome(outcome)?;
            feed.feed.outcome(outcome, Duration::from_nanos(duration_ns), Nanos(ts_ns)).map_err(Refused::from)
        })
    }
}

/// Time passes; nothing else is new. Closes samples; does not count as hearing from the source.
///
/// `HL_ERR_BAD_INPUT` if the time runs backwards or too far ahead; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_heartbeat(feed: *mut hl_feed, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.heartbeat(Nanos(ts_ns))) }
}

/// What the venue says of itself: `HL_VENUE_...`.
///
/// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_ARGUMENT` for a status that is none, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_venue(feed: *mut hl_feed, status: u32, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(feed, |feed| {
            let allowed = "HL_VENUE_UNKNOWN (0) to HL_VENUE_CLOSED (3)";
            let status = words::word("status", status, VenueStatus::from_raw, allowed)?;
            feed.feed.venue(status, Nanos(ts_ns)).map_err(Refused::from)
        })
    }
}

/// A message of a numbered stream has come: its number, when the source sent it and when it was received. Gaps, repeats and wrong orders are
/// no errors but the news.
///
/// `HL_ERR_BAD_INPUT` if the time of receiving runs backwards or too far ahead; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_sequence(feed: *mut hl_feed, seq: u64, sent_ns: u64, received_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.sequence(seq, Nanos(sent_ns), Nanos(received_ns))) }
}

/// A check before the open has passed or failed; `hl_check_find` gives its number.
///
/// `HL_ERR_UNKNOWN` if no breaker that listens asks for it; `HL_ERR_BAD_INPUT` as for a trade, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_check(feed: *mut hl_feed, check_id: u32, passed: bool, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.check(CheckId::from_raw(check_id), passed, Nanos(ts_ns))) }
}

/// Whether a prediction of the model has come true, told when that is known.
///
/// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_prediction(feed: *mut hl_feed, right: bool, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(feed, |feed| feed.feed.prediction(right, Nanos(ts_ns))) }
}

/// A value made elsewhere, in the breaker's unit, for one breaker that takes such.
///
/// `HL_ERR_UNKNOWN` if the breaker does not listen to this feed, `HL_ERR_STALE` if it is one of another System; `HL_ERR_BAD_INPUT` also for
/// what is no number, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `feed` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_feed_reading(feed: *mut hl_feed, breaker: hl_breaker, value: f64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(feed, |feed| {
            let breaker = handle::breaker_id(feed.system, breaker)?;
            feed.feed.reading(breaker, value, Nanos(ts_ns)).map_err(Refused::from)
        })
    }
}

/// The number of a check before the open, for `hl_feed_check`. It stays the same through reloads.
///
/// `HL_ERR_UNKNOWN` if no breaker asks for a check of that name; `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom, and on failure. Progress: lock-free.
///
/// # Safety
/// `name` ends with a NUL; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_check_find(system: hl_system, name: *const c_char, out: *mut u32) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (name, out) = unsafe { (text::text(name, "name")?, place(out, "out")?) };
        out.write(held.system.check_id(name)?.raw());
        Ok(())
    })
}
