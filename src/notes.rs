//! What people said when they acted: texts stay in the control plane, numbers travel in events.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use crate::memory::sync::lock;
use crate::model::error::{Error, ErrorKind};
use crate::model::event::BreakerId;
use crate::model::state::State;
use crate::model::status::{Authority, Signed};

/// The longest reason, in bytes.
pub const REASON_BYTES: usize = 128;
/// The longest name of an actor, in bytes.
pub const ACTOR_BYTES: usize = 64;
/// So many actors are remembered by name; later ones appear as "unlisted".
const ACTORS: usize = 4_096;
const UNLISTED: u32 = u32::MAX;

/// Who acts, with what authority, and why.
///
/// ```
/// use haltline::{Authority, By};
/// let by = By::new("ann", Authority::RiskDesk, "fat finger in AAPL");
/// assert!(by.authority >= Authority::Trader);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The actor: 1 to 64 bytes, no control characters.
    pub actor: &'a str,
    /// His authority. The library trusts the caller in this.
    pub authority: Authority,
    /// Why: at most 128 bytes, no control characters.
    pub reason: &'a str,
}

impl<'a> By<'a> {
    /// All three.
    pub const fn new(actor: &'a str, authority: Authority, reason: &'a str) -> Self {
        Self { actor, authority, reason }
    }
}

/// Words of somebody who halts: a halt is not refused for its words, so they are made such as can be kept.
pub(crate) struct Words {
    actor: String,
    reason: String,
}

impl Words {
    /// Control characters become spaces, what is too long is cut at a character, nobody is "unknown".
    pub(crate) fn of(by: By<'_>) -> Self {
        let kept = |text: &str, most| -> String {
            let spaced = |c: char| if c.is_control() { ' ' } else { c };
            text[..text.floor_char_boundary(most)].chars().map(spaced).collect()
        };
        let actor = if by.actor.is_empty() { "unknown" } else { by.actor };
        Self { actor: kept(actor, ACTOR_BYTES), reason: kept(by.reason, REASON_BYTES) }
    }

    pub(crate) fn by(&self, authority: Authority) -> By<'_> {
        By::new(&self.actor, authority, &self.reason)
    }
}

/// So many notes of statuses that stand no more are kept, for who reads the history.
const PAST: usize = 4_096;

/// Actors by number, the last note of each breaker, and the last of those before them. Bounded by all three.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    actors: Vec<Arc<str>>,
    notes: HashMap<BreakerId, Note>,
    /// In the order in which they ended.
    past: VecDeque<(BreakerId, Note)>,
}

impl Books {
    fn end(&mut self, breaker: BreakerId, note: Note) {
        if self.past.len() == PAST {
            self.past.pop_front();
        }
        self.past.push_back((breaker, note));
    }
}

#[derive(Debug)]
struct Note {
    /// The word that the action led to.
    word: u64,
    text: String,
}

impl Note {
    /// Whether `word` is that status, perhaps in a later version. What came before it in the same microsecond is not.
    fn is_of(&self, word: u64) -> bool {
        State::same_entry(self.word, word) && State::version_of(self.word) <= State::version_of(word)
    }
}

impl Notes {
    /// Checks the texts and gives the actor his number.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] for texts that are too long or hold control characters.
    pub(crate) fn sign(&self, by: By<'_>) -> Result<Signed, Error> {
        check("actor", by.actor, ACTOR_BYTES, 1)?;
        check("reason", by.reason, REASON_BYTES, 0)?;
        let mut books = lock(&self.0);
        let known = books.actors.iter().position(|actor| &**actor == by.actor);
        let index = match known {
            Some(index) => Some(index),
            None if books.actors.len() < ACTORS => {
                books.actors.push(by.actor.into());
                Some(books.actors.len() - 1)
            }
            None => None,
        };
        // Number 0 is the machine itself.
        Ok(Signed { authority: by.authority, actor: index.map_or(UNLISTED, |index| index as u32 + 1) })
    }

    pub(crate) fn keep(&self, breaker: BreakerId, word: u64, by: By<'_>) {
        let text = format!("{}: {}", by.actor, by.reason);
        let mut books = lock(&self.0);
        if let Some(before) = books.notes.insert(breaker, Note { word, text }) {
            books.end(breaker, before);
        }
    }

    /// What was said when the status of `word`, which stands, was entered; a reload in between changes nothing of that.
    pub(crate) fn of(&self, breaker: BreakerId, word: u64) -> Option<String> {
        let books = lock(&self.0);
        books.notes.get(&breaker).filter(|note| note.is_of(word)).map(|note| note.text.clone())
    }

    /// The same of a status that may stand no more; O(notes).
    pub(crate) fn of_past(&self, breaker: BreakerId, word: u64) -> Option<String> {
        let books = lock(&self.0);
        let past = books.past.iter().rev().filter(|(id, _)| *id == breaker).map(|(_, note)| note);
        // Its own words first: of statuses that were entered in one microsecond each has had its own.
        let all = || books.notes.get(&breaker).into_iter().chain(past.clone());
        let found = all().find(|note| note.word == word).or_else(|| all().find(|note| note.is_of(word)));
        found.map(|note| note.text.clone())
    }

    /// The name behind an event's number.
    pub(crate) fn actor(&self, number: u32) -> String {
        match number {
            0 => "auto".into(),
            UNLISTED => "unlisted".into(),
            n => lock(&self.0).actors.get(n as usize - 1).map_or_else(|| format!("#{n}"), |name| name.to_string()),
        }
    }

    /// The notes of breakers that are no more become past ones.
    pub(crate) fn retain(&self, lives: impl Fn(BreakerId) -> bool) {
        let mut books = lock(&self.0);
        let ended: Vec<_> = books.notes.extract_if(|id, _| !lives(*id)).collect();
        ended.into_iter().for_each(|(id, note)| books.end(id, note));
    }
}

fn check(what: &str, text: &str, most: usize, least: usize) -> Result<(), Error> {
    if text.len() < least || text.len() > most || text.chars().any(char::is_control) {
        let found = text.len();
        let text = format!("{what}: found {found} bytes, allowed are {least} to {most} without control characters");
        return Err(Error::new(ErrorKind::BadInput, text));
    }
    Ok(())
}
