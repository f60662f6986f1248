//! What the machine says of this process.

use std::fs;
use std::time::{Duration, Instant};

/// Memory, threads and open files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    /// Resident bytes.
    pub(super) resident: u64,
    pub(super) threads: usize,
    pub(super) files: usize,
}

impl Process {
    pub(super) fn look() -> Self {
        // Not all of them at once: the folder that is read is an open file, too, both times.
        Self { resident: resident(), threads: entries("/proc/self/task"), files: entries("/proc/self/fd") }
    }
}

/// From the page tables. The sums of /proc/self/statm are kept for each core; on some kernels they lag by hundreds of
/// kilobytes, more than what is looked for.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?.parse().ok());
    1_024 * kilobytes.unwrap_or(0_u64)
}

fn entries(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Waits until no thread is called like this any more; gives back those that still are.
pub(super) fn wait_for_end_of_threads(prefix: &str, patience: Duration) -> Vec<String> {
    let begin = Instant::now();
    loop {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        let left: Vec<_> = names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with(prefix)).collect();
        if left.is_empty() || begin.elapsed() > patience {
            return left;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
