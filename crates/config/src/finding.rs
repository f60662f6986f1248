//! Findings with their positions, and the log in which the readers collect them.

use core::cell::RefCell;
use core::fmt;
use core::ops::Range;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::scalar::excerpt;

/// How many findings are kept; a file of garbage has millions.
const MOST: usize = 1_000;

/// A mistake or a warning, and where in the file it stands.
///
/// Prints as `risk.toml:12:9: breaker "dd": limit: found 1.5, allowed are fractions above 0 and at most 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file's name as it was given.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What was found, and what is allowed.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// All mistakes of a configuration, in the order in which its files are read; at least one. Prints one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<Finding>);

impl Mistakes {
    /// The findings.
    pub fn as_slice(&self) -> &[Finding] {
        &self.0
    }

    /// A mistake that is in no line of the file.
    #[cfg(feature = "watch")]
    pub(crate) fn of_host(file: &str, message: &str) -> Self {
        Self(vec![Finding { file: file.into(), line: 1, column: 1, message: message.into() }])
    }

    /// The mistakes of several files; none where there are none.
    pub(crate) fn of_files(files: Vec<Self>) -> Option<Self> {
        let all: Vec<Finding> = files.into_iter().flat_map(|mistakes| mistakes.0).collect();
        (!all.is_empty()).then_some(Self(all))
    }

    /// A mistake of the file as a whole.
    pub fn of_file(file: &str, message: String) -> Self {
        Self(vec![Finding { file: file.into(), line: 1, column: 1, message }])
    }

    /// The bytes are text up to `valid`, and no further.
    pub(crate) fn not_utf8(file: &str, bytes: &[u8], valid: usize) -> Self {
        let text = bytes.get(..valid).and_then(|head| core::str::from_utf8(head).ok()).unwrap_or_default();
        let (line, column) = Lines::new(text).position(valid);
        let found = bytes.get(valid).copied().unwrap_or_default();
        let message = format!("found the byte 0x{found:02x}, allowed is text in UTF-8");
        Self(vec![Finding { file: file.into(), line, column, message }])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Where the lines of a text begin.
struct Lines<'i> {
    text: &'i str,
    starts: Vec<usize>,
}

impl<'i> Lines<'i> {
    fn new(text: &'i str) -> Self {
        let starts = core::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { text, starts }
    }

    /// The line of a byte, counted from 0.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Whether a line begins a table.
    fn is_header(&self, line: usize) -> bool {
        let text = self.starts.get(line).and_then(|start| self.text.get(*start..)).unwrap_or_default();
        text.trim_start_matches([' ', '\t']).starts_with('[')
    }

    /// The first line behind this one that begins a table.
    fn next_header(&self, line: usize) -> usize {
        (line + 1..self.starts.len()).find(|line| self.is_header(*line)).unwrap_or(self.starts.len())
    }

    /// Line and column of a byte, counted from 1. A byte-order mark takes no column.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line(at);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..at.min(self.text.len())).unwrap_or_default();
        (line + 1, before.chars().filter(|c| *c != '\u{feff}').count() + 1)
    }
}

/// What a mistake is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The text is no TOML here.
    Syntax,
    /// Something is there that must not be.
    Wrong,
    /// Something is not there that must be.
    Missing,
}

/// A place in one of the files.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    /// The file.
    pub log: &'a Log<'a>,
    /// The byte.
    pub at: usize,
}

impl Spot<'_> {
    /// The place in words, for a message that stands in `log`.
    pub fn seen_from(self, log: &Log<'_>) -> String {
        if core::ptr::eq(&*self.log.file, &*log.file) {
            return self.log.place(self.at);
        }
        let (line, column) = self.log.lines.position(self.at);
        format!("{}:{line}:{column}", self.log.file)
    }
}

struct Note {
    at: usize,
    class: Class,
    message: String,
}

/// Collects findings by their bytes; turns them into lines and columns at the end.
pub struct Log<'i> {
    lines: Lines<'i>,
    file: Arc<str>,
    mistakes: RefCell<Vec<Note>>,
    warnings: RefCell<Vec<Note>>,
}

impl<'i> Log<'i> {
    /// A log of this text; `file` is the name that findings carry.
    pub fn new(text: &'i str, file: &str) -> Self {
        Self { lines: Lines::new(text), file: file.into(), mistakes: RefCell::default(), warnings: RefCell::default() }
    }

    /// The text of a span, as it stands in the file.
    pub fn text(&self, span: Range<usize>) -> &'i str {
        self.lines.text.get(span).unwrap_or_default()
    }

    /// All of the text.
    pub fn whole(&self) -> &'i str {
        self.lines.text
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line and the column of a byte, counted from 1.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        self.lines.position(at)
    }

    /// A position in words, for a message that points at a second place.
    pub fn place(&self, at: usize) -> String {
        let (line, column) = self.position(at);
        format!("line {line}, column {column}")
    }

    /// Whether there is a mistake already.
    pub fn is_marred(&self) -> bool {
        !self.mistakes.borrow().is_empty()
    }

    /// The text is no TOML here.
    pub fn syntax(&self, span: Option<Range<usize>>, message: &str) {
        let span = span.unwrap_or_default();
        let found = self.text(span.clone());
        let found = if found.is_empty() { String::new() } else { format!("; found {}", excerpt(found)) };
        self.note(span.start, Class::Syntax, format!("syntax: {message}{found}"));
    }

    /// Something is there that must not be.
    pub fn wrong(&self, at: usize, message: String) {
        self.note(at, Class::Wrong, message);
    }

    /// Something is not there that must be.
    pub fn missing(&self, at: usize, message: String) {
        self.note(at, Class::Missing, message);
    }

    /// Allowed, but worth a look.
    pub fn warn(&self, at: usize, message: String) {
        self.warnings.borrow_mut().push(Note { at, class: Class::Wrong, message });
    }

    fn note(&self, at: usize, class: Class, message: String) {
        self.mistakes.borrow_mut().push(Note { at, class, message });
    }

    /// The warnings, if there is no mistake.
    pub fn conclude(self) -> Result<Vec<Finding>, Mistakes> {
        let mistakes = self.without_echoes(self.mistakes.take());
        let warnings = self.warnings.take();
        if mistakes.is_empty() { Ok(self.findings(warnings)) } else { Err(Mistakes(self.findings(mistakes))) }
    }

    /// Where the syntax is broken, the parser guesses. What then seems wrong on such a line or behind such a header, or
    /// seems to be missing from a table with such a line, may be an echo of that.
    fn without_echoes(&self, mut mistakes: Vec<Note>) -> Vec<Note> {
        let syntax = mistakes.iter().filter(|note| note.class == Class::Syntax);
        let mut broken: BTreeSet<usize> = syntax.map(|note| self.lines.line(note.at)).collect();
        if broken.is_empty() {
            return mistakes;
        }
        let headers: Vec<usize> = broken.iter().copied().filter(|line| self.lines.is_header(*line)).collect();
        broken.extend(headers.into_iter().flat_map(|line| line..self.lines.next_header(line)));
        mistakes.retain(|note| {
            let line = self.lines.line(note.at);
            match note.class {
                Class::Syntax => true,
                Class::Wrong => !broken.contains(&line),
                // What the file as a whole lacks may stand anywhere in it.
                Class::Missing if note.at == 0 => false,
                Class::Missing => broken.range(line..self.lines.next_header(line)).next().is_none(),
            }
        });
        mistakes
    }

    fn findings(&self, mut notes: Vec<Note>) -> Vec<Finding> {
        notes.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
        notes.dedup_by(|a, b| a.at == b.at && a.message == b.message);
        let more = notes.len().saturating_sub(MOST);
        let mut findings: Vec<Finding> = notes.into_iter().take(MOST).map(|note| self.finding(note)).collect();
        if let (Some(last), true) = (findings.last_mut(), more > 0) {
            last.message.push_str(&format!("; and {more} more findings after this one"));
        }
        findings
    }

    fn finding(&self, note: Note) -> Finding {
        let (line, column) = self.lines.position(note.at);
        Finding { file: self.file.clone(), line, column, message: note.message }
    }
}
