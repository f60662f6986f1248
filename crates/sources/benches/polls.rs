//! What five sources cost that are polled once a second: how long the calls take, and how much CPU, of both sides.
//!
//! `cargo bench -p haltline-sources --bench polls`. Fails above 50 ms of waiting or 1 ms of CPU in a second of polls.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use haltline::{Feed, Nanos, Plan, Skew, System};
use haltline_sources::{Clock, Source, Stop};

const SOURCES: usize = 5;
const SECONDS: u64 = 400;

/// Stands still; each round is told its time.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Nanos {
        Nanos(NOW.load(std::sync::atomic::Ordering::Relaxed))
    }

    fn wait(&self, _: Duration, _: &Stop) -> bool {
        true
    }
}

static NOW: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1_583_760_853_000_000_000);

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    for line in BufReader::new(stream.try_clone()?).lines() {
        if line?.is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"value\": 2746.56}")?;
        }
    }
    Ok(())
}

/// Of the whole process, as the kernel counts it: user and system.
fn cpu() -> Duration {
    let mut total = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        total += text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Duration::from_nanos(total)
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    let one = |n: usize| {
        format!(
            "[[source]]\nname = \"s{n}\"\nscope = \"ext/s{n}\"\npreset = \"index_level\"\nurl = {{ env = \"{n}\" }}\n"
        )
    };
    let text: String = (0..SOURCES).map(one).collect();
    let file = haltline_sources::parse(&text, "bench", &|n| Some(format!("{url}{n}"))).unwrap();
    let mut plan = Plan { skew: Skew { max_ahead: Duration::from_secs(60), ..Skew::default() }, ..Plan::default() };
    file.add_to(&mut plan);
    let system = System::manual(plan, Still.now()).unwrap();
    let sources = file.attach(&system, Still).unwrap();
    let calls = |n: usize| system.feed(&format!("ext/s{n}/calls")).unwrap();
    let mut all: Vec<(Source, Feed)> = sources.into_iter().zip((0..SOURCES).map(calls)).collect();
    let mut second = || {
        let now = Nanos(NOW.fetch_add(1_000_000_000, std::sync::atomic::Ordering::Relaxed) + 1_000_000_000);
        system.advance(now);
        for (source, calls) in &mut all {
            source.pull(calls, now).unwrap();
        }
    };
    (0..50).for_each(|_| second());
    let (begin, before) = (Instant::now(), cpu());
    (0..SECONDS).for_each(|_| second());
    let (waited, used) = (begin.elapsed() / SECONDS as u32, (cpu() - before) / SECONDS as u32);
    assert!(all.iter().all(|(source, _)| source.status().failures == 0));
    println!(
        "five sources, each second: {waited:?} of waiting (goal 50 ms), {used:?} of CPU, the server's too (goal 1 ms)"
    );
    assert!(waited < Duration::from_millis(50) && used < Duration::from_millis(1), "above the goal");
}
