//! What must hold at the end, and the summary.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use haltline::*;
use serde_json::{Value, json};

use super::args::LONG;
use super::figures::Figures;
use super::listeners::{Heard, Listener, Listeners, Nature};
use super::load::Load;
use super::process::Process;

/// Bytes, of a run of ten minutes or more. In less it is noise of the allocator.
const MOST_AN_HOUR: i64 = 100_000;
const MOST_OF_A_SHORT_RUN: i64 = 1_000_000;

/// How it has ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// After the warm-up.
    pub(super) warm: Figures,
    /// When everything was still, before the shutdown.
    pub(super) end: Figures,
    /// What each listener had heard by then.
    pub(super) heard: Vec<Heard>,
    /// Whether the System had killed itself.
    pub(super) killed: Option<Reason>,
    pub(super) report: ShutdownReport,
    /// Threads of the System after the stuck one was let go.
    pub(super) left: Vec<String>,
}

/// What one listener was told of what it was offered.
#[derive(Debug)]
struct Account {
    name: &'static str,
    offered: u64,
    delivered: u64,
    dropped: u64,
    waiting: u64,
    levels: u64,
    /// What it need not be told of, for a walk had been ahead of it.
    superseded: i64,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Verdict {
    rows: Vec<(&'static str, Value)>,
    accounts: Vec<Account>,
    /// What was asked, what was found, whether that holds.
    claims: Vec<(&'static str, String, bool)>,
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Verdict {
    pub(super) fn of(load: &Load, listeners: &Listeners, ending: &Ending) -> Self {
        let Ending { end, heard, killed, report, left, .. } = ending;
        let stuck = listeners.all.iter().find(|listener| listener.nature == Nature::Stuck);
        let stuck: Vec<_> = stuck.and_then(|listener| listener.thread.clone()).into_iter().collect();
        let (asked, open) = (count(&load.looks), count(&load.open));
        let (visits, stayed) = (count(&listeners.visits), count(&listeners.stayed));
        let pages = Growth::of(|process| process.resident, ending);
        let heap = Growth::of(|process| process.allocated, ending);
        let mut claims = vec![
            (
                "a tripped breaker denies at every look",
                format!("{open} of {asked} looks were open"),
                asked > 0 && open == 0,
            ),
            ("the System has not killed itself", format!("{killed:?}"), killed.is_none()),
            ("what is allocated stands", heap.to_string(), heap.is_small()),
            ("the memory that is resident stands", pages.to_string(), pages.is_small()),
            (
                "as many files are open as after the warm-up",
                pair(|f| f.process.files, ending),
                same(|f| f.process.files, ending),
            ),
            ("a subscriber that has gone is not called", format!("{stayed} of {visits} were still there"), stayed == 0),
            ("a shutdown abandons the stuck one alone", format!("{:?}", report.abandoned), report.abandoned == stuck),
            ("let go, it ends, too", format!("{left:?} are left"), left.is_empty()),
        ];
        let mut accounts = Vec::new();
        for (listener, heard) in listeners.all.iter().zip(heard) {
            let Some(account) = account(listener, heard, load, listeners, end) else {
                claims.push(("all subscribers are there", listener.nature.name().to_owned(), false));
                continue;
            };
            claims.extend(account.claims(listener, heard, end.lost));
            accounts.push(account);
        }
        Self { rows: rows(load, listeners, ending, &heap, &pages), accounts, claims }
    }

    pub(super) fn holds(&self) -> bool {
        self.claims.iter().all(|(.., holds)| *holds)
    }

    pub(super) fn print(&self, json: bool) {
        if json {
            println!("{}", self.to_json());
            return;
        }
        for (what, value) in &self.rows {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            println!("{:<38} {value:>16}", what.replace('_', " "));
        }
        println!(
            "\n{:<12}{:>12}{:>12}{:>12}{:>10}{:>12}{:>12}",
            "subscriber", "offered", "delivered", "dropped", "waiting", "levels", "superseded"
        );
        for Account { name, offered, delivered, dropped, waiting, levels, superseded } in &self.accounts {
            println!("{name:<12}{offered:>12}{delivered:>12}{dropped:>12}{waiting:>10}{levels:>12}{superseded:>12}");
        }
        println!();
        for (what, found, holds) in &self.claims {
            println!("{} {what}: {found}", if *holds { "held  " } else { "BROKEN" });
        }
    }

    fn to_json(&self) -> Value {
        let rows: serde_json::Map<_, _> =
            self.rows.iter().map(|(what, value)| ((*what).to_owned(), value.clone())).collect();
        let accounts = self.accounts.iter().map(|a| {
            json!({ "name": a.name, "offered": a.offered, "delivered": a.delivered, "dropped": a.dropped,
                "waiting": a.waiting, "levels": a.levels, "superseded": a.superseded })
        });
        let claims =
            self.claims.iter().map(|(what, found, holds)| json!({ "what": what, "found": found, "holds": holds }));
        json!({ "figures": rows, "subscribers": accounts.collect::<Vec<_>>(), "claims": claims.collect::<Vec<_>>(),
            "holds": self.holds() })
    }
}

/// From the warm-up to the end.
#[derive(Debug)]
struct Growth {
    bytes: i64,
    hourly: i64,
    is_long: bool,
}

impl Growth {
    fn of(of: impl Fn(&Process) -> u64, Ending { warm, end, .. }: &Ending) -> Self {
        let bytes = of(&end.process) as i64 - of(&warm.process) as i64;
        let hours = (end.at - warm.at).as_secs_f64() / 3_600.0;
        Self { bytes, hourly: (bytes as f64 / hours) as i64, is_long: end.at >= LONG }
    }

    fn is_small(&self) -> bool {
        if self.is_long { self.hourly < MOST_AN_HOUR } else { self.bytes < MOST_OF_A_SHORT_RUN }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {} an hour; ", self.bytes, self.hourly)?;
        if self.is_long { write!(f, "< {MOST_AN_HOUR} an hour") } else { write!(f, "< {MOST_OF_A_SHORT_RUN} bytes") }
    }
}

fn pair(of: impl Fn(&Figures) -> usize, Ending { warm, end, .. }: &Ending) -> String {
    format!("{} then, {} at the end", of(warm), of(end))
}

fn same(of: impl Fn(&Figures) -> usize, Ending { warm, end, .. }: &Ending) -> bool {
    of(warm) == of(end)
}

fn rows(
    load: &Load,
    listeners: &Listeners,
    ending: &Ending,
    heap: &Growth,
    pages: &Growth,
) -> Vec<(&'static str, Value)> {
    let Ending { warm, end, report, .. } = ending;
    let seconds = end.at.as_secs_f64();
    let Statistics { counts, breakers, events, dispatch, .. } = end.statistics;
    let micros = |time: Duration| json!(time.as_micros() as u64);
    vec![
        ("seconds", json!((seconds * 10.0).round() / 10.0)),
        ("breakers", json!(breakers)),
        ("observations", json!(end.observations)),
        ("observations_a_second", json!((end.observations as f64 / seconds) as u64)),
        ("transitions", json!(end.transitions())),
        ("trips", json!(counts.trips)),
        ("checks_by_the_checker", json!(count(&load.checks))),
        ("looks_at_tripped_breakers", json!(count(&load.looks))),
        ("drills", json!(count(&load.drills))),
        ("reloads", json!(count(&load.reloads))),
        ("visits_of_a_subscriber", json!(count(&listeners.visits))),
        ("events", json!(events)),
        ("events_lost_in_the_rings", json!(end.lost)),
        ("dispatch_p50_us", micros(dispatch.p50)),
        ("dispatch_p99_us", micros(dispatch.p99)),
        ("dispatch_max_us", micros(dispatch.max)),
        ("resident_after_warm_up_bytes", json!(warm.process.resident)),
        ("resident_at_the_end_bytes", json!(end.process.resident)),
        ("growth_bytes", json!(pages.bytes)),
        ("growth_an_hour_bytes", json!(pages.hourly)),
        ("allocated_after_warm_up_bytes", json!(warm.process.allocated)),
        ("allocated_at_the_end_bytes", json!(end.process.allocated)),
        ("allocated_growth_bytes", json!(heap.bytes)),
        ("threads_after_warm_up", json!(warm.process.threads)),
        ("threads_at_the_end", json!(end.process.threads)),
        ("files_after_warm_up", json!(warm.process.files)),
        ("files_at_the_end", json!(end.process.files)),
        ("delivered_to_subscribers", json!(report.delivered)),
        ("dropped_by_subscribers", json!(report.dropped)),
    ]
}

fn account(listener: &Listener, heard: &Heard, load: &Load, listeners: &Listeners, end: &Figures) -> Option<Account> {
    let name = listener.nature.name();
    let status = end.subscribers.iter().find(|status| status.name == name)?;
    let offered = match listener.nature {
        Nature::Drills => count(&load.drills),
        _ => end.statistics.dispatch.events - listeners.before,
    };
    // By its own count: what the stuck one holds in its hands is not yet among what is delivered.
    let told = heard.events - heard.levels - heard.gaps;
    let (delivered, dropped, waiting) = (status.delivered, status.dropped, status.queued as u64);
    let superseded = offered as i64 - (told + dropped + waiting) as i64;
    Some(Account { name, offered, delivered, dropped, waiting, levels: heard.levels, superseded })
}

impl Account {
    /// What must hold for one of them; `lost` events never came out of the rings.
    fn claims(&self, listener: &Listener, heard: &Heard, lost: u64) -> Vec<(&'static str, String, bool)> {
        let &Self { delivered, dropped, superseded, name, .. } = self;
        // Only after a gap is anything passed over; and the gaps of the rings are among what is offered.
        let adds_up = if heard.gaps == 0 { superseded == 0 } else { superseded >= 0 };
        let what = "delivered and dropped are what was offered";
        let mut claims = vec![(what, format!("{name}, but for {superseded} that a walk was ahead of"), adds_up)];
        if listener.nature != Nature::Stuck {
            let what = "it has heard what is counted as delivered";
            claims.push((what, format!("{name}, {} of {delivered}", heard.events), heard.events == delivered));
            let what = "it was told of every loss";
            let is_told = (dropped..=dropped + lost).contains(&heard.lost);
            claims.push((what, format!("{name}, {} of {dropped}", heard.lost), is_told));
        }
        claims
    }
}
