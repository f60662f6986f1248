//! What became of the last `n` messages that were expected, by their sequence numbers.
//!
//! A number above the last says that all between them are missing. One that comes after a higher one, or again, is a fault of
//! its own message. A number further back than the window, or from before the count began, belongs to nothing that is
//! known: it is held, and if the next one follows it, the source has begun to count anew. What was lost before that stays in
//! the window until as many messages have pushed it out.
//!
//! Cost: O(1), and a step for each missing number, at most `n`. Memory: `n` bytes, allocated once.

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It came once, in order and in time. Or it was sent before anybody listened.
    Good,
    /// It has not come.
    Missing,
    /// It came too late, out of order or more than once.
    Faulty,
}

/// The numbers of one count: the first and the highest heard.
#[derive(Clone, Copy, Debug)]
struct Count {
    first: u64,
    last: u64,
}

#[derive(Debug)]
pub(crate) struct Arrivals {
    /// A ring: the oldest lies at `next`.
    fates: Box<[Fate]>,
    next: usize,
    /// How many of them are missing, and how many are not good, the missing included.
    missing: usize,
    faults: usize,
    count: Option<Count>,
    /// A number that nothing is known of, and whether it was in time.
    held: Option<(u64, bool)>,
}

impl Arrivals {
    /// Room for `n` messages, at least one.
    pub(crate) fn new(n: usize) -> Self {
        let fates = vec![Fate::Good; n.max(1)].into_boxed_slice();
        Self { fates, next: 0, missing: 0, faults: 0, count: None, held: None }
    }

    /// Takes notice of a message. False if it is held.
    pub(crate) fn hear(&mut self, number: u64, in_time: bool) -> bool {
        let held = self.held.take();
        let n = self.fates.len() as u64;
        match self.count {
            None => {
                self.count = Some(Count { first: number, last: number });
                self.push(came(in_time));
            }
            Some(Count { first, last }) if number > last => {
                for _ in 0..(number - last - 1).min(n) {
                    self.push(Fate::Missing);
                }
                self.push(came(in_time));
                self.count = Some(Count { first, last: number });
            }
            Some(Count { first, last }) if number >= first && last - number < n => self.spoil(last - number),
            Some(_) => match held {
                Some((before, was_in_time)) if before.checked_add(1) == Some(number) => {
                    self.push(came(was_in_time));
                    self.push(came(in_time));
                    self.count = Some(Count { first: before, last: number });
                }
                _ => {
                    self.held = Some((number, in_time));
                    return false;
                }
            },
        }
        true
    }

    /// Whether this is the number after the last one.
    pub(crate) fn expects(&self, number: u64) -> bool {
        self.count.is_some_and(|count| count.last.checked_add(1) == Some(number))
    }

    fn push(&mut self, fate: Fate) {
        if let Some(slot) = self.fates.get_mut(self.next) {
            let left = core::mem::replace(slot, fate);
            self.missing = self.missing + usize::from(fate == Fate::Missing) - usize::from(left == Fate::Missing);
            self.faults = self.faults + usize::from(fate != Fate::Good) - usize::from(left != Fate::Good);
        }
        self.next = if self.next + 1 >= self.fates.len() { 0 } else { self.next + 1 };
    }

    /// The message so many before the last came out of order, or again.
    fn spoil(&mut self, age: u64) {
        let n = self.fates.len();
        let back = age as usize + 1;
        let at = if self.next >= back { self.next - back } else { self.next + n - back };
        if let Some(slot) = self.fates.get_mut(at) {
            match core::mem::replace(slot, Fate::Faulty) {
                Fate::Good => self.faults += 1,
                Fate::Missing => self.missing -= 1,
                Fate::Faulty => {}
            }
        }
    }

    /// Whether any has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.count.is_some()
    }

    /// How many messages the window holds.
    pub(crate) fn len(&self) -> usize {
        self.fates.len()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.fates)
    }

    /// How many of them have not come.
    pub(crate) fn missing(&self) -> usize {
        self.missing
    }

    /// How many came once, in order and in time.
    pub(crate) fn good(&self) -> usize {
        self.fates.len() - self.faults
    }
}

fn came(in_time: bool) -> Fate {
    if in_time { Fate::Good } else { Fate::Faulty }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (good, missing) of a window of `n` after these numbers, all in time.
    fn after(n: usize, numbers: &[u64]) -> (usize, usize) {
        let mut arrivals = Arrivals::new(n);
        numbers.iter().for_each(|number| {
            arrivals.hear(*number, true);
        });
        (arrivals.good(), arrivals.missing())
    }

    #[test]
    fn whatever_the_first_number_is_it_begins_the_count() {
        for first in [0, 1, 77, u64::MAX] {
            assert_eq!(after(10, &[first]), (10, 0));
        }
    }

    #[test]
    fn a_gap_is_as_many_missing_messages_up_to_the_window() {
        assert_eq!(after(10, &[1, 2, 3]), (10, 0));
        assert_eq!(after(10, &[1, 3]), (9, 1));
        assert_eq!(after(10, &[1, 10]), (2, 8));
        assert_eq!(after(10, &[1, 11]), (1, 9));
        assert_eq!(after(10, &[0, u64::MAX]), (1, 9));
    }

    #[test]
    fn what_comes_after_a_higher_number_is_not_missing_but_out_of_order() {
        assert_eq!(after(10, &[1, 4]), (8, 2));
        assert_eq!(after(10, &[1, 4, 2]), (8, 1));
        assert_eq!(after(10, &[1, 4, 2, 3]), (8, 0));
    }

    #[test]
    fn a_message_that_comes_again_is_one_fault_however_often_it_comes() {
        assert_eq!(after(10, &[1, 2, 2]), (9, 0));
        assert_eq!(after(10, &[1, 2, 2, 2, 2]), (9, 0));
        assert_eq!(after(10, &[1, 2, 1, 2]), (8, 0));
    }

    #[test]
    fn a_fault_leaves_with_its_message_n_messages_later() {
        let numbers: Vec<u64> = [1].into_iter().chain(3..=12).collect();
        assert_eq!(after(10, &numbers[..10]), (9, 1), "2 is the oldest of ten");
        assert_eq!(after(10, &numbers), (10, 0));
    }

    #[test]
    fn a_number_before_the_window_is_held_and_the_next_that_follows_it_begins_anew() {
        let mut arrivals = Arrivals::new(4);
        for number in [100, 102, 103] {
            assert!(arrivals.hear(number, true));
        }
        assert!(arrivals.hear(100, true), "the oldest of four: it came again");
        assert!(!arrivals.hear(99, true), "before the count");
        assert!(!arrivals.hear(7, true) && !arrivals.hear(9, true), "these do not follow each other");
        assert!(arrivals.hear(10, true));
        assert_eq!((arrivals.good(), arrivals.missing()), (4, 0), "102, 103, and the two of the new count");
        assert!(!arrivals.hear(8, true), "before the new count, though its window would reach so far");
    }

    #[test]
    fn what_was_lost_before_a_new_count_stays_in_the_window() {
        assert_eq!(after(10, &[1_000, 1_005, 1, 2]), (6, 4));
    }

    #[test]
    fn a_number_far_ahead_costs_the_window_and_two_that_follow_bring_it_back() {
        let mut arrivals = Arrivals::new(3);
        for number in [5, u64::MAX] {
            assert!(arrivals.hear(number, true));
        }
        assert_eq!((arrivals.good(), arrivals.missing()), (1, 2));
        assert!(!arrivals.hear(6, true));
        assert!([7, 8].into_iter().all(|number| arrivals.hear(number, true)));
        assert_eq!(arrivals.good(), 3);
    }

    #[test]
    fn late_messages_are_faults_but_not_missing() {
        let mut arrivals = Arrivals::new(4);
        for (number, in_time) in [(1, true), (2, false), (3, true)] {
            arrivals.hear(number, in_time);
        }
        assert_eq!((arrivals.good(), arrivals.missing()), (3, 0));
    }
}
