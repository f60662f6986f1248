//! Where a feed and the control plane meet: the control plane builds a new panel of listeners, the feed takes it over
//! between two observations, with the windows of the panel before.

use std::sync::Mutex;

use crate::circuit::Circuit;
use crate::listener::Listener;
use crate::memory::orderings::at;
use crate::memory::sync::{AtomicU64, Mailbox, lock};
use crate::model::time::Nanos;

/// The breakers that hear one feed, with their windows. Built by the control plane, owned by whoever holds the feed.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) generation: u64,
    /// In the order of their lines, so that two panels can be merged in one pass.
    pub(crate) listeners: Vec<Listener>,
    /// Whether one of them wants to hear the bid and the ask together.
    pub(super) takes_quotes: bool,
}

impl Panel {
    pub(crate) fn new(generation: u64, listeners: Vec<Listener>) -> Self {
        let takes_quotes = listeners.iter().any(Listener::takes_quotes);
        Self { generation, listeners, takes_quotes }
    }
}

/// Where the control plane and a feed's thread meet.
#[derive(Debug)]
pub(crate) struct FeedCell {
    /// Raised after a new panel lies in the mailbox. A feed that is taking over the panel before may take that one, too: then
    /// it is ahead of this, and outdated is only who is behind.
    pub(super) generation: AtomicU64,
    pub(super) mailbox: Mailbox<Panel>,
    /// Panels that the feed has done with; it must not free them itself. Three places: when the control plane has just
    /// cleared up, the feed may still be about to leave one, find the next in the mailbox, and after it the one that the
    /// control plane leaves now.
    pub(super) returned: Mailbox<Panel>,
    pub(super) parked: Mutex<Parked>,
}

/// What one who holds the feed leaves to the next.
#[derive(Debug)]
pub(super) struct Parked {
    /// While nobody holds it.
    pub(super) panel: Option<Box<Panel>>,
    /// The time of the last observation: another claimant does not turn it back.
    pub(super) last_at: Nanos,
}

impl FeedCell {
    pub(crate) fn new() -> Self {
        let panel = Panel::new(0, Vec::new());
        Self {
            generation: AtomicU64::new(0),
            mailbox: Mailbox::new(1),
            returned: Mailbox::new(3),
            parked: Mutex::new(Parked { panel: Some(Box::new(panel)), last_at: Nanos(0) }),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(at::panel_look())
    }

    /// Hands a new panel over; returns those that nobody uses any more, for the control plane to free.
    #[expect(clippy::vec_box, reason = "the boxes are what the mailboxes hold")]
    pub(crate) fn hand_over(&self, circuit: &Circuit, panel: Panel) -> Vec<Box<Panel>> {
        let mut parked = lock(&self.parked);
        let mut done: Vec<_> = core::iter::from_fn(|| self.returned.take()).collect();
        let generation = panel.generation;
        let mut panel = Box::new(panel);
        if let Some(old) = parked.panel.as_deref_mut() {
            // Under the lock of a parked panel no other reload comes in between.
            adopt(old, &mut panel, circuit, &|| false);
            self.generation.store(generation, at::panel_publish());
            done.extend(parked.panel.replace(panel));
        } else {
            done.extend(self.mailbox.leave(panel));
            self.generation.store(generation, at::panel_publish());
        }
        done
    }

    /// Wakes up whoever holds the feed, so that it looks whether the System has shut down.
    pub(crate) fn nudge(&self) {
        self.generation.fetch_add(1, at::panel_publish());
    }
}

/// Moves the windows of the old panel into the new one: both are in the order of their lines.
pub(super) fn adopt(old: &mut Panel, new: &mut Panel, circuit: &Circuit, outdated: &impl Fn() -> bool) {
    let mut olds = old.listeners.iter_mut().peekable();
    for listener in &mut new.listeners {
        while olds.next_if(|o| o.line() < listener.line()).is_some() {}
        match olds.peek_mut() {
            Some(o) if o.line() == listener.line() => listener.inherit(o),
            _ => {}
        }
        listener.resume(circuit, outdated);
    }
}
