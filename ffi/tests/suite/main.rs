//! The programs in `ffi/tests/c`, each a topic of the interface as C sees it: compiled by gcc and clang, run as they are, under
//! valgrind, and under the sanitizers of gcc.
#![allow(clippy::unwrap_used, clippy::panic)]

mod archive;
mod prototypes;
mod tools;

use tools::{Compiler, Program, Tool};

/// Everything, with fewer rounds where it is slow: so many times fewer under valgrind.
fn everywhere(name: &'static str, fewer: u32) {
    let program = Program { name, extension: "c" };
    program.run(Compiler::Gcc, Tool::None, 1);
    program.run(Compiler::Clang, Tool::None, fewer.min(10));
    program.run(Compiler::Gcc, Tool::Sanitizers, fewer.min(10));
    program.run(Compiler::Gcc, Tool::Memcheck, fewer);
}

macro_rules! programs {
    ($($property:ident: $name:literal, $fewer:literal;)+) => {
        $(#[test] fn $property() { everywhere($name, $fewer); })+
        const NAMES: &[&str] = &[$($name),+];
    };
}

programs! {
    systems_open_reload_and_close: "life", 1;
    all_ways_to_ask_before_an_order_agree: "order_path", 1;
    price_bands_admit_their_own_prices_and_none_beyond: "price_bands", 1;
    observations_are_heard_and_bad_ones_refused: "observations", 1;
    requests_of_people_need_their_authority: "operators", 1;
    views_say_how_everything_stands: "views", 1;
    kinds_of_the_market_warn_trip_and_come_back: "kinds_market", 1;
    kinds_of_the_account_warn_trip_and_come_back: "kinds_account", 1;
    kinds_of_services_trip_and_come_back: "kinds_service", 1;
    null_is_refused_in_every_place: "null", 1;
    handles_of_nothing_do_nothing: "handles", 100;
    structs_are_read_as_far_as_they_say: "structs", 1;
    texts_are_read_to_their_end_and_no_further: "texts", 1;
    callbacks_may_do_all_but_close: "callbacks", 1;
    what_is_pulled_has_gaps_that_are_told: "pull", 1;
    a_close_beside_eight_threads_denies: "close_race", 20;
    a_forked_child_inherits_nothing: "fork", 1;
    a_kill_may_come_from_a_signal_handler: "signals", 100;
}

/// Its own malloc takes the place of those of the tools.
#[test]
fn the_order_path_and_the_observations_allocate_nothing() {
    let program = Program { name: "no_alloc", extension: "c" };
    program.run(Compiler::Gcc, Tool::None, 1);
    program.run(Compiler::Clang, Tool::None, 1);
}

#[test]
fn an_exception_that_leaves_a_callback_ends_the_process() {
    let program = Program { name: "throws", extension: "cpp" };
    program.run(Compiler::Gxx, Tool::None, 1);
    program.run(Compiler::Clangxx, Tool::None, 1);
    program.run(Compiler::Gxx, Tool::Sanitizers, 1);
}

/// It sees the loads of the inline gate; of the library it sees nothing, and would take its own locks for none.
#[test]
fn the_inline_gate_is_clean_under_the_thread_sanitizer() {
    let program = Program { name: "gate_threads", extension: "c" };
    program.run(Compiler::Gcc, Tool::None, 1);
    program.run(Compiler::Gcc, Tool::Threads, 10);
}

#[test]
fn no_program_is_forgotten() {
    let found = tools::sources().filter(|(_, extension)| extension == "c" || extension == "cpp");
    let mut found: Vec<_> = found.map(|(name, _)| name).collect();
    let mut listed: Vec<_> =
        NAMES.iter().chain(&["no_alloc", "throws", "gate_threads"]).map(ToString::to_string).collect();
    found.sort();
    listed.sort();
    assert_eq!(found, listed);
}

#[test]
fn every_function_of_the_headers_is_called_by_a_program_that_expects_its_success() {
    let programs: Vec<_> =
        tools::sources().filter(|(name, _)| name != "null").map(|(name, _)| tools::source(&name)).collect();
    let is_called = |each: &prototypes::Prototype| {
        // One that returns a status is to succeed.
        let call = if each.tells { format!("OK({}(", each.name) } else { format!("{}(", each.name) };
        programs.iter().any(|program| program.contains(&call))
    };
    let missing: Vec<_> = prototypes::all().into_iter().filter(|each| !is_called(each)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn null_is_given_in_the_place_of_every_pointer_of_every_function() {
    let calls = prototypes::calls(&tools::source("null"));
    let mut missing = Vec::new();
    let all = prototypes::all();
    let pointers = all.iter().flat_map(|each| {
        let places = each.arguments.iter().enumerate().filter(|(_, argument)| argument.contains('*'));
        places.map(move |(place, argument)| (each, place, argument))
    });
    for (count, (each, place, argument)) in pointers.enumerate() {
        let is_null = |call: &prototypes::Call| call.name == each.name && call.arguments[place] == "NULL";
        if !calls.iter().any(is_null) {
            missing.push(format!("{}: {argument}, pointer {count}", each.name));
        }
    }
    assert!(missing.is_empty() && all.len() > 80, "of {} functions: {missing:#?}", all.len());
}
