//! Compilers, and the tools under which a program runs. One that is not there is skipped with a word.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::archive::archive;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Compiler {
    Gcc,
    Clang,
    Gxx,
    Clangxx,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    None,
    /// gcc's, of addresses and of what is undefined. The library itself is not instrumented.
    Sanitizers,
    /// gcc's, of threads; the same holds.
    Threads,
    /// valgrind.
    Memcheck,
}

/// A program of the suite.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) extension: &'static str,
}

const STRICT: [&str; 7] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g", "-pthread"];
const MEMCHECK: [&str; 3] = ["--quiet", "--error-exitcode=9", "--fair-sched=yes"];
const LEAKS: [&str; 3] = ["--leak-check=full", "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"];

impl Compiler {
    fn command(self) -> &'static str {
        match self {
            Self::Gcc => "gcc",
            Self::Clang => "clang",
            Self::Gxx => "g++",
            Self::Clangxx => "clang++",
        }
    }

    fn standard(self) -> &'static [&'static str] {
        match self {
            Self::Gcc | Self::Clang => &["-std=c11", "-D_GNU_SOURCE"],
            Self::Gxx | Self::Clangxx => &["-std=c++17"],
        }
    }
}

impl Program {
    /// Compiles and runs it, with so many times fewer rounds of what it repeats. What it prints is shown if it fails.
    pub(crate) fn run(self, compiler: Compiler, tool: Tool, fewer: u32) {
        let name = self.name;
        let sanitize: &[&str] = match tool {
            Tool::None | Tool::Memcheck => &[],
            Tool::Sanitizers => &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
            Tool::Threads => &["-fsanitize=thread"],
        };
        if !has(compiler.command()) || (matches!(tool, Tool::Memcheck) && !has("valgrind")) {
            println!("{name}: skipped, {compiler:?} or {tool:?} is not installed");
            return;
        }
        if !sanitize.is_empty() && !links(compiler, sanitize) {
            println!("{name}: skipped, {compiler:?} has no {sanitize:?}");
            return;
        }
        let binary = folder().join(format!("{name}-{compiler:?}{tool:?}"));
        let mut compile = Command::new(compiler.command());
        compile.args(compiler.standard()).args(STRICT).args(sanitize);
        compile.arg("-I").arg(root().join("include")).arg("-I").arg(programs());
        compile.arg(programs().join(format!("{name}.{}", self.extension))).arg(archive());
        succeed(compile.args(["-ldl", "-lm", "-o"]).arg(&binary));
        let mut run = if matches!(tool, Tool::Memcheck) { Command::new("valgrind") } else { Command::new(&binary) };
        if matches!(tool, Tool::Memcheck) {
            // A forked child has lost whatever the threads of its parent held.
            let leaks: &[&str] = if name == "fork" { &[] } else { &LEAKS };
            run.args(MEMCHECK).args(leaks).arg(&binary);
        }
        succeed(run.arg(fewer.to_string()).current_dir(folder()));
        // Each is as large as the library.
        let _ = fs::remove_file(binary);
    }
}

/// Where programs and the library are built.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn programs() -> PathBuf {
    root().join("ffi/tests/c")
}

/// The files of the suite: name and extension.
pub(crate) fn sources() -> impl Iterator<Item = (String, String)> {
    fs::read_dir(programs()).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (name, extension) = name.rsplit_once('.').unwrap();
        (name.to_owned(), extension.to_owned())
    })
}

/// The text of a file of the suite.
pub(crate) fn source(name: &str) -> String {
    let (_, extension) = sources().find(|(found, _)| found == name).unwrap();
    fs::read_to_string(programs().join(format!("{name}.{extension}"))).unwrap()
}

fn has(command: &str) -> bool {
    let said = Command::new(command).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    said.is_ok_and(|status| status.success())
}

/// Whether a compiler has the library of a sanitizer.
fn links(compiler: Compiler, sanitize: &[&str]) -> bool {
    // Each thread has its own, so that none reads what another one is just writing.
    let out = folder().join(format!("links-{}-{:?}", std::process::id(), std::thread::current().id()));
    let empty = out.with_extension("c");
    fs::write(&empty, "int main(void) { return 0; }\n").unwrap();
    let mut compile = Command::new(compiler.command());
    let linked = compile.args(sanitize).arg(&empty).arg("-o").arg(&out).output().is_ok_and(|out| out.status.success());
    let _ = (fs::remove_file(out), fs::remove_file(empty));
    linked
}

/// Runs a command; shows what it printed if it fails.
pub(crate) fn succeed(command: &mut Command) {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (said, told) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{command:?}: {}\n{said}{told}", out.status);
}
