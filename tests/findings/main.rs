//! The twenty-five findings of the review of the system that Haltline replaces, each with a test that it cannot come back:
//! `docs/findings.md` has the table. 2813 and 2814 are in `crates/sources/tests/findings.rs`.
//!
//! What counts threads, files or all of the heap runs in a process of its own.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/mod.rs"]
mod support;

mod answers;
mod ends;
mod lasting;
mod page;
mod telling;
mod threads;

use std::any::type_name;
use std::process::Command;
use std::time::Duration;

use counting::live_bytes;

/// Longer than anything here takes; nothing waits so long unless it is broken.
const LONG: Duration = Duration::from_secs(60);

/// Runs a test's `body` in a process that runs nothing else.
fn alone<F: FnOnce()>(body: F) {
    const MARK: &str = "HALTLINE_ALONE";
    if std::env::var_os(MARK).is_some() {
        let harness = format!("/proc/self/task/{}/stat", std::process::id());
        let sleeps = || std::fs::read_to_string(&harness).unwrap().rsplit_once(") ").unwrap().1.starts_with('S');
        // The thread that waits for the test asks the heap until it does.
        while !sleeps() {
            std::thread::yield_now();
        }
        return body();
    }
    // The test is what its closure lies in, without the name of this crate.
    let name = type_name::<F>().trim_end_matches("::{{closure}}").split_once("::").unwrap().1;
    let me = std::env::current_exe().unwrap();
    let run = Command::new(me).args(["--exact", name, "--test-threads=1"]).env(MARK, "1").output().unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && told.contains(" 1 passed;"), "{told}");
}

/// What a process may leak.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    bytes: i64,
    threads: usize,
    files: usize,
}

fn held() -> Held {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
    // The kernel's own count: a listing of the tasks leaves some out while others end.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let threads = stat.rsplit_once(") ").unwrap().1.split(' ').nth(17).unwrap().parse().unwrap();
    Held { threads, files, bytes: live_bytes() }
}

fn many_threads_look() {
    const MANY: usize = 80;
    let (system, all) = (support::system(vec![]), std::sync::Barrier::new(MANY));
    std::thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                system.breakers();
                all.wait();
            });
        }
    });
}

/// Asserts that doing it again and again holds no more than having done it once.
fn leaves_nothing(times: usize, mut once: impl FnMut()) {
    let threads = held().threads;
    // A thread that has been joined is listed until the kernel has put it away.
    let settled = || {
        (0..100_000).take_while(|_| held().threads > threads).for_each(|_| std::thread::yield_now());
        held()
    };
    // What is made once in a process, some of it for as many threads as there ever were at once; and what a thread keeps that
    // has waited at a channel, since whoever shuts down waits for some threads and finds others ended.
    many_threads_look();
    crossbeam_channel::bounded::<()>(0).1.recv_timeout(Duration::from_millis(1)).unwrap_err();
    once();
    let before = settled();
    (0..times).for_each(|_| once());
    assert_eq!(settled(), before);
    assert_eq!(before.threads, threads);
}
