//! What the machine says of this process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts what is allocated, to the byte: a leak shows here whatever the allocator does with its pages.
struct Counting;

static ALLOCATED: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does all of it; a counter beside it touches no memory of anybody's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

/// One heap for all threads: with one for each, how many pages are in use depends on which thread has met which.
pub(super) fn use_one_heap() {
    // SAFETY: sets a number.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Memory, threads and open files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    /// Resident bytes.
    pub(super) resident: u64,
    /// Bytes on the heap.
    pub(super) allocated: u64,
    pub(super) threads: usize,
    pub(super) files: usize,
}

impl Process {
    pub(super) fn look() -> Self {
        // Not all of them at once: the folder that is read is an open file, too, both times.
        let allocated = ALLOCATED.load(Ordering::Relaxed);
        Self { resident: resident(), allocated, threads: entries("/proc/self/task"), files: entries("/proc/self/fd") }
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
