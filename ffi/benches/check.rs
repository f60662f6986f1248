//! The inline check of the header against the check of Rust, in one process and in turn: the same System, the same loop over 16 gates,
//! the answers kept alive by the same empty assembly.
//!
//! `cargo bench -p haltline-ffi`; on a quiet machine. `CC` names another compiler.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::undocumented_unsafe_blocks)]

#[path = "../tests/support/mod.rs"]
mod support;

use core::arch::asm;
use core::ffi::c_void;
use std::ffi::CString;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use haltline::{BreakerSpec, Gate, Nanos, Plan, RuleSpec, ScopePath, System};
use haltline_ffi::{hl_gate, hl_gate_open};
use support::{given, manual};

const SCOPE: &str = "XNAS/AAPL";
const CHECKS: u64 = 200_000;
const BLOCKS: usize = 301;
/// The goal: the header is at most so much slower.
const MOST: f64 = 1.1;

/// Which of the gates is next an engine looks up, too.
const GATES: usize = 16;

type CheckLoop = unsafe extern "C" fn(*const *const hl_gate, u64) -> u64;

fn main() {
    let Some(check_loop) = compiled() else { return };
    let (ours, theirs) = (rust_gate(), c_gate());
    let (ours, theirs) = (std::array::from_fn(|_| &ours.1), [theirs.cast_const(); GATES]);
    let c = |n| assert_eq!(unsafe { check_loop(theirs.as_ptr(), n) }, 0, "nothing denies");
    let rust = |n| assert_eq!(rust_loop(&ours, n), 0, "nothing denies");
    let (mut times, mut ratios, mut noise) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BLOCKS {
        let (first, header, second) = (nanos(&rust), nanos(&c), nanos(&rust));
        times.push((first, header));
        // Beside the mean of its neighbours, so that a clock that speeds up or slows down favours neither.
        ratios.push(2.0 * header / (first + second));
        noise.push(second / first);
    }
    let (rust, header): (Vec<_>, Vec<_>) = times.into_iter().unzip();
    let ratio = median(ratios);
    println!("gate.check() of Rust    {:6.3} ns", median(rust));
    println!("hl_gate_check, inline   {:6.3} ns", median(header));
    println!("{ratio:.4} of it, in {BLOCKS} blocks; two of Rust {:.4}", median(noise));
    println!("<= {MOST}: {}", if ratio <= MOST { "held" } else { "MISSED" });
}

/// Nanoseconds a check.
fn nanos(checks: &impl Fn(u64)) -> f64 {
    let begin = Instant::now();
    checks(CHECKS);
    begin.elapsed().as_secs_f64() * 1e9 / CHECKS as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What the loop of check.c does.
#[inline(never)]
fn rust_loop(gates: &[&Gate; GATES], n: u64) -> u64 {
    let mut denied = 0;
    for i in 0..n {
        let mut bits = gates[i as usize % GATES].check().bits();
        unsafe { asm!("/* {0} */", inout(reg) bits, options(nostack, preserves_flags)) };
        denied |= bits;
    }
    denied
}

fn rust_gate() -> (System, Gate) {
    let scope = ScopePath::new(SCOPE).unwrap();
    let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    let plan = Plan { scopes: vec![scope], breakers: vec![desk], ..Plan::default() };
    let system = System::manual(plan, Nanos::from_secs(1)).unwrap();
    let gate = system.gate(&[SCOPE]).unwrap();
    (system, gate)
}

/// The same System, opened as C does; it lives as long as the process.
fn c_gate() -> *mut hl_gate {
    let config = format!("scopes = [\"{SCOPE}\"]\n[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"\"\n");
    let (system, scope) = (manual(&config), CString::new(SCOPE).unwrap());
    given(|out| unsafe { hl_gate_open(system, &scope.as_ptr(), 1, out) })
}

/// The loop of check.c as this machine's C compiler makes it; `None`, with a word, where there is none. What it would call if something
/// were denied is found when it is called, so never.
fn compiled() -> Option<CheckLoop> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check.so");
    let cc = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut compile = Command::new(&cc);
    compile.args(["-std=c99", "-O2", "-shared", "-fPIC", "-I"]).arg(here.join("../include"));
    compile.arg(here.join("benches/check.c")).arg("-o").arg(&library);
    if !compile.status().is_ok_and(|status| status.success()) {
        println!("skipped: {cc} compiles nothing");
        return None;
    }
    let path = CString::new(library.to_str().unwrap()).unwrap();
    let check_loop = unsafe { libc::dlsym(libc::dlopen(path.as_ptr(), libc::RTLD_LAZY), c"check_loop".as_ptr()) };
    assert!(!check_loop.is_null(), "{}", library.display());
    Some(unsafe { core::mem::transmute::<*mut c_void, CheckLoop>(check_loop) })
}
