//! Which lines of the Board are in use.

use std::collections::VecDeque;

use crate::model::error::{Error, ErrorKind};

/// Lines of the Board: those never used, and those that are free again, the longest free first.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    what: &'static str,
    next: usize,
    cap: usize,
    pub(crate) free: VecDeque<usize>,
}

impl Lines {
    pub(crate) fn new(what: &'static str, cap: u32) -> Self {
        Self { what, next: 0, cap: cap as usize, free: VecDeque::new() }
    }

    pub(crate) fn take(&mut self) -> Result<usize, Error> {
        if let Some(line) = self.free.pop_front() {
            return Ok(line);
        }
        if self.next == self.cap {
            let text = format!("{}: {} are in use, which is the configured capacity", self.what, self.cap);
            return Err(Error::new(ErrorKind::Full, text));
        }
        self.next += 1;
        Ok(self.next - 1)
    }

    pub(crate) fn available(&self) -> usize {
        self.cap - self.next + self.free.len()
    }
}
