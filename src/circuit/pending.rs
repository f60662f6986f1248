//! What comes by time alone, as a feed has said it: a breach that has lasted, a reference that is spent or good from now on.

use super::{Circuit, session_of};
use crate::memory::lines::{ListenerLine, Said};
use crate::model::machine::Input;
use crate::model::reading::{Level, Pending};
use crate::model::status::Signed;
use crate::model::time::Nanos;
use crate::snapshot::Entry;

impl Circuit {
    /// What one feed has said last, or what has come true in silence since.
    pub(crate) fn said(&self, entry: &Entry, line: usize, word: u64, now: Nanos) -> Said {
        let line = self.board.listener(line);
        let said = line.level();
        match self.pending(entry, line, word) {
            Some(p) if p.due <= now => Said { level: p.level, step: p.step, reason: p.reason },
            _ => said,
        }
    }

    /// What comes true in silence on one feed. A rung that has fired does not come again.
    pub(crate) fn pending(&self, entry: &Entry, line: &ListenerLine, word: u64) -> Option<Pending> {
        let pending = line.pending(word, self.epoch())?;
        let rung = pending.step.number();
        let used = self.board.breaker(entry.id.index()).used_rungs();
        let fired = rung > 0 && used.rung >= rung && Some(used.session) == session_of(entry, pending.due);
        (!fired).then_some(pending)
    }

    /// Lets the breaker follow what has come true on one feed by `now`. Good news of one feed does not end the doubt or the
    /// breach of another: then nothing is read, and time passes.
    pub(crate) fn come_true(&self, entry: &Entry, pending: Pending, now: Nanos) {
        let own = Said { level: pending.level, step: pending.step, reason: pending.reason };
        let what = |entry: &Entry| {
            let all =
                if own.level.is_good() { self.worst(entry, self.board.word(entry.id.index()), now) } else { None };
            match all.unwrap_or(own) {
                Said { level: Level::Unready | Level::Breach, .. } if own.level.is_good() => Input::Elapsed,
                Said { level, step, reason } => Input::Read(level, step, reason),
            }
        };
        // A reading is never refused; neither is the passing of time.
        let _ = self.put_what(entry.id, what, now, Signed::AUTO);
    }
}
