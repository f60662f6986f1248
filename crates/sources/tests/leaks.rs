//! Nothing is left of sources that were dropped, whatever they were doing. Alone in its process, whose threads and files it counts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]
#![cfg(target_os = "linux")]

mod common;

use common::raw::{Manner, RawServer};
use common::server::{Answer, Server};
use common::{file, index, until};
use haltline::{Plan, System};

/// Threads and files. The kernel's own count of threads: a listing leaves some out while others end.
fn held() -> (usize, usize) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let threads = stat.rsplit_once(") ").unwrap().1.split(' ').nth(17).unwrap();
    (threads.parse().unwrap(), std::fs::read_dir("/proc/self/fd").unwrap().count())
}

/// Starts three sources and drops them: one in the middle of a stream, one in a call, one between two.
fn once(stream: &Server, silent: &RawServer, good: &Server) {
    let one = |name: &str, further: &str| index(further).replace("spx", name).replace("URL", &name.to_uppercase());
    let text = one("stream", "mode = \"stream\"") + &one("silent", "") + &one("good", "");
    let urls = [("STREAM", stream.url()), ("SILENT", silent.url()), ("GOOD", good.url())];
    let file = file(&text, &urls.each_ref().map(|(name, url)| (*name, url.as_str())));
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let system = System::start(plan).unwrap();
    let sources = file.start(&system).unwrap();
    until("values", || sources.statuses()[0].value.is_some() && sources.statuses()[2].value.is_some());
}

#[test]
fn whatever_sources_were_doing_no_thread_and_no_file_of_them_is_left() {
    let senders = std::sync::Mutex::new(Vec::new());
    let stream = Server::new(move |_, _| {
        let (sender, answer) = Answer::events();
        sender.send("data: {\"value\": 1}\n\n".into()).unwrap();
        senders.lock().unwrap().push(sender);
        answer
    });
    let good = Server::new(|_, _| Answer::json("{\"value\": 1}"));
    let silent = RawServer::new(Manner::Silent);
    // The other ends of the connections are ours, too; the one of the silent server keeps its own.
    once(&stream, &silent, &good);
    let begin = std::time::Instant::now();
    let before = held();
    for _ in 0..10 {
        once(&stream, &silent, &good);
    }
    // One file a round is the silent server's, that of the first round included if it came late. One that leaked would be two.
    until("nothing is left", || held().0 <= before.0 && held().1 <= before.1 + 11);
    assert!(begin.elapsed().as_secs() < 600, "ten calls of a minute were broken off");
}
