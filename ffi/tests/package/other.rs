//! A second Rust archive in the same program: it has a standard library of its own, and unwinds with it.

#[unsafe(no_mangle)]
pub extern "C" fn other_answer() -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    match std::panic::catch_unwind(|| std::thread::spawn(|| panic!("on purpose")).join().is_err()) {
        Ok(true) => 42,
        _ => 0,
    }
}
