//! The values of a window in order, to be asked by rank.
//!
//! A sorted list, cut into chunks of at most 128 values so that nothing long is ever moved; with more than that a chunk is
//! split, and two neighbours that would fill at most half of one are joined. Two neighbours always hold more than half a
//! chunk together, so `n` values never need more than `n / 32 + 2` chunks, and all of them are allocated at first: 33 bytes
//! a value. A window of up to 128 is one chunk, and a plain sorted list.
//!
//! Exact. To replace a value are four binary searches, moves of at most 2 KB, and one step for each chunk between the two
//! (four bytes each, as many at once as the machine can). A split or a join is O(n / 64), at most one in 32 changes. By rank
//! it is a binary search over the chunks.

/// Values of a chunk.
const CHUNK: usize = 128;

/// Values in order. Equal ones may be there several times. None may be NaN.
#[derive(Clone, Debug)]
pub(crate) struct Sorted {
    /// The chunks, in no order; the values of each are sorted, and lie at its beginning.
    slots: Box<[[f64; CHUNK]]>,
    /// Slots without values.
    free: Vec<u32>,
    /// The slot of each chunk, in order.
    order: Vec<u32>,
    /// The least value of each chunk.
    least: Vec<f64>,
    /// The rank of each chunk's least value; then the number of all.
    starts: Vec<u32>,
}

impl Sorted {
    /// Room for `n` values.
    pub(crate) fn new(n: usize) -> Self {
        let chunks = if n <= CHUNK { 1 } else { n / (CHUNK / 4) + 2 };
        let mut sorted = Self {
            slots: vec![[0.0; CHUNK]; chunks].into_boxed_slice(),
            free: Vec::with_capacity(chunks),
            order: Vec::with_capacity(chunks),
            least: Vec::with_capacity(chunks),
            starts: Vec::with_capacity(chunks + 1),
        };
        sorted.clear();
        sorted
    }

    pub(crate) fn clear(&mut self) {
        self.free.clear();
        self.free.extend((1..self.slots.len() as u32).rev());
        self.order.clear();
        self.order.push(0);
        self.least.clear();
        self.least.push(f64::NEG_INFINITY);
        self.starts.clear();
        self.starts.extend([0, 0]);
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.last().map_or(0, |all| *all as usize)
    }

    /// The value of a rank: 0 is the least. Of a rank that there is not, NaN.
    pub(crate) fn get(&self, rank: usize) -> f64 {
        if rank >= self.len() {
            return f64::NAN;
        }
        let chunk = self.starts.partition_point(|start| *start as usize <= rank) - 1;
        self.slots[self.order[chunk] as usize][rank - self.starts[chunk] as usize]
    }

    pub(crate) fn insert(&mut self, value: f64) {
        let mut chunk = self.chunk_of(value);
        if self.chunk_len(chunk) == CHUNK {
            self.split(chunk);
            chunk = self.chunk_of(value);
        }
        self.put(chunk, value);
        self.starts[chunk + 1..].iter_mut().for_each(|start| *start += 1);
    }

    /// Takes one of the value `old` out, which must be there, and adds another.
    pub(crate) fn replace(&mut self, old: f64, new: f64) {
        let (from, to) = (self.chunk_of(old), self.chunk_of(new));
        if from == to {
            self.turn(from, old, new);
        } else if self.chunk_len(to) < CHUNK {
            self.take(from, old);
            self.put(to, new);
            // Only the ranks between them have moved.
            if from < to {
                self.starts[from + 1..=to].iter_mut().for_each(|start| *start -= 1);
            } else {
                self.starts[to + 1..=from].iter_mut().for_each(|start| *start += 1);
            }
            self.thin(from);
        } else {
            self.take(from, old);
            self.starts[from + 1..].iter_mut().for_each(|start| *start -= 1);
            self.thin(from);
            self.insert(new);
        }
    }

    /// Adds a value to a chunk that is not full.
    fn put(&mut self, chunk: usize, value: f64) {
        let len = self.chunk_len(chunk);
        let slot = &mut self.slots[self.order[chunk] as usize];
        let at = slot[..len].partition_point(|other| *other <= value);
        slot.copy_within(at..len, at + 1);
        slot[at] = value;
        self.least[chunk] = slot[0];
    }

    /// Takes a value out of a chunk.
    fn take(&mut self, chunk: usize, value: f64) {
        let len = self.chunk_len(chunk);
        let slot = &mut self.slots[self.order[chunk] as usize];
        let at = slot[..len].partition_point(|other| *other < value);
        slot.copy_within(at + 1..len, at);
        self.least[chunk] = slot[0];
    }

    /// Both, in one chunk: only what lies between them moves.
    fn turn(&mut self, chunk: usize, old: f64, new: f64) {
        let len = self.chunk_len(chunk);
        let slot = &mut self.slots[self.order[chunk] as usize];
        let from = slot[..len].partition_point(|other| *other < old);
        let to = slot[..len].partition_point(|other| *other < new);
        if from < to {
            slot.copy_within(from + 1..to, from);
            slot[to - 1] = new;
        } else {
            slot.copy_within(to..from, to + 1);
            slot[to] = new;
        }
        self.least[chunk] = slot[0];
    }

    /// Joins a chunk that has lost a value with a neighbour if both have little, or one of them nothing.
    fn thin(&mut self, chunk: usize) {
        let own = self.chunk_len(chunk);
        let fits = |other: usize| own == 0 || own + other <= CHUNK / 2;
        if chunk > 0 && fits(self.chunk_len(chunk - 1)) {
            self.join(chunk - 1);
        } else if chunk + 1 < self.order.len() && fits(self.chunk_len(chunk + 1)) {
            self.join(chunk);
        }
    }

    /// The last chunk that begins at or before a value, or the first one.
    fn chunk_of(&self, value: f64) -> usize {
        self.least.partition_point(|least| *least <= value).saturating_sub(1)
    }

    fn chunk_len(&self, chunk: usize) -> usize {
        (self.starts[chunk + 1] - self.starts[chunk]) as usize
    }

    /// Moves the upper half of a full chunk to a new one.
    fn split(&mut self, chunk: usize) {
        let Some(new) = self.free.pop() else { return };
        let old = self.order[chunk] as usize;
        let upper = self.slots[old];
        self.slots[new as usize][..CHUNK / 2].copy_from_slice(&upper[CHUNK / 2..]);
        self.order.insert(chunk + 1, new);
        self.least.insert(chunk + 1, upper[CHUNK / 2]);
        self.starts.insert(chunk + 1, self.starts[chunk] + (CHUNK / 2) as u32);
    }

    /// Moves the values of the next chunk to this one.
    fn join(&mut self, chunk: usize) {
        let (len, more) = (self.chunk_len(chunk), self.chunk_len(chunk + 1));
        let (to, from) = (self.order[chunk] as usize, self.order[chunk + 1]);
        let moved = self.slots[from as usize];
        self.slots[to][len..len + more].copy_from_slice(&moved[..more]);
        self.least[chunk] = self.slots[to][0];
        self.free.push(from);
        self.order.remove(chunk + 1);
        self.least.remove(chunk + 1);
        self.starts.remove(chunk + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::drift::noise;
    use super::*;
    use proptest::prelude::*;

    fn holds(sorted: &Sorted, expected: &[f64]) -> Result<(), String> {
        let found: Vec<_> = (0..sorted.len()).map(|rank| sorted.get(rank)).collect();
        if found != expected || !sorted.get(expected.len()).is_nan() {
            return Err(format!("{} values for {}", found.len(), expected.len()));
        }
        let pairs = || (1..sorted.order.len()).map(|chunk| sorted.chunk_len(chunk - 1) + sorted.chunk_len(chunk));
        if pairs().any(|pair| pair <= CHUNK / 2) {
            return Err("neighbours that are nearly empty".into());
        }
        let slots = sorted.order.len() + sorted.free.len();
        if slots == sorted.slots.len() { Ok(()) } else { Err(format!("{slots} slots")) }
    }

    #[test]
    fn an_empty_list_has_no_rank_and_can_be_filled_again() {
        let mut sorted = Sorted::new(3);
        assert!(sorted.get(0).is_nan());
        for value in [5.0, -7.0] {
            sorted.insert(value);
            assert_eq!(holds(&sorted, &[value]), Ok(()));
            sorted.clear();
            assert_eq!(holds(&sorted, &[]), Ok(()));
        }
    }

    #[test]
    fn rising_falling_equal_and_mixed_values_never_need_more_than_was_allocated() {
        const N: usize = 5_000;
        let orders: [fn(u64) -> f64; 5] = [
            |step| step as f64,
            |step| -(step as f64),
            |step| (step % 3) as f64,
            noise,
            // Comes in one order and leaves in another, so that chunks thin out evenly.
            |step| if (step / N as u64).is_multiple_of(2) { step as f64 } else { noise(step) * 1e4 },
        ];
        for value in orders {
            let (mut sorted, mut list) = (Sorted::new(N), Vec::<f64>::new());
            let room =
                (sorted.free.capacity(), sorted.order.capacity(), sorted.least.capacity(), sorted.starts.capacity());
            for step in 0..5 * N as u64 {
                match step.checked_sub(N as u64).map(value) {
                    Some(old) => {
                        sorted.replace(old, value(step));
                        list.remove(list.partition_point(|other| *other < old));
                    }
                    None => sorted.insert(value(step)),
                }
                list.insert(list.partition_point(|other| *other < value(step)), value(step));
                if step % 997 == 0 {
                    assert_eq!(holds(&sorted, &list), Ok(()), "{step}");
                }
            }
            let now =
                (sorted.free.capacity(), sorted.order.capacity(), sorted.least.capacity(), sorted.starts.capacity());
            assert_eq!(now, room);
        }
    }

    #[test]
    fn as_many_chunks_as_so_many_values_can_need_are_there() {
        let n = 64 * CHUNK;
        let mut sorted = Sorted::new(n);
        let mut greatest = 0.0;
        let mut next = || {
            greatest += 1.0;
            greatest
        };
        (0..n).for_each(|_| sorted.insert(next()));
        for _ in 0..6 {
            // Of every second chunk one value is left: two neighbours hold 65, and what was taken out fills new chunks.
            let chunks = sorted.order.len();
            let thinned = (0..chunks).step_by(2).filter(|chunk| sorted.chunk_len(*chunk) == CHUNK / 2);
            let ranks = thinned.flat_map(|chunk| sorted.starts[chunk] + 1..sorted.starts[chunk + 1]);
            let values: Vec<_> = ranks.map(|rank| sorted.get(rank as usize)).collect();
            values.into_iter().for_each(|old| sorted.replace(old, next()));
            assert!(sorted.order.len() >= chunks);
        }
        assert!(sorted.order.len() > n / (CHUNK / 4) - 10, "{}", sorted.order.len());
        assert_eq!(sorted.order.len() + sorted.free.len(), sorted.slots.len());
        assert_eq!(sorted.len(), n);
    }

    /// A chunk of one 5, behind one that ends with 5.
    #[test]
    fn equal_values_in_two_chunks_leave_though_the_second_becomes_empty() {
        let mut sorted = Sorted::new(300);
        (0..128).for_each(|_| sorted.insert(5.0));
        sorted.insert(5.0);
        (0..100).for_each(|value| sorted.insert(f64::from(value) * 0.01));
        (0..129).for_each(|_| sorted.replace(5.0, 1.0));
        let mut expected: Vec<_> = (0..100).map(|value| f64::from(value) * 0.01).collect();
        expected.extend([1.0; 129]);
        assert_eq!(holds(&sorted, &expected), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_a_sorted_list(
            n in 1usize..700,
            few in 1u32..5,
            values in prop::collection::vec((any::<bool>(), -1e9f64..1e9, any::<prop::sample::Index>()), 0..1_000),
        ) {
            let (mut sorted, mut list) = (Sorted::new(n), Vec::<f64>::new());
            for (is_rounded, value, index) in values {
                let value = if is_rounded { (value % f64::from(few)).round() } else { value };
                if list.len() < n {
                    sorted.insert(value);
                } else {
                    sorted.replace(list.remove(index.index(n)), value);
                }
                list.insert(list.partition_point(|other| *other < value), value);
            }
            prop_assert_eq!(holds(&sorted, &list), Ok(()));
        }
    }
}
