//! The basket's slow twin: every nanosecond is looked at, all closes are kept, and every pair is correlated by itself.

use proptest::prelude::*;

use super::*;

struct Twin {
    spec: Correlation,
    sessions: Option<Arc<Sessions>>,
    now: u64,
    closes: Vec<Vec<i64>>,
    means: Vec<f64>,
}

impl Twin {
    fn is_edge(&self, at: u64) -> bool {
        let closes = |session: &&crate::model::session::Session| at > session.open.0 && at <= session.close.0;
        match (self.spec.sample, &self.sessions) {
            (Some(sample), None) => at.is_multiple_of(sample.as_nanos() as u64),
            (Some(sample), Some(sessions)) => {
                let session = sessions.as_slice().iter().find(closes);
                session.is_some_and(|session| (at - session.open.0).is_multiple_of(sample.as_nanos() as u64))
            }
            (None, Some(sessions)) => sessions.as_slice().iter().any(|session| session.close.0 == at),
            (None, None) => false,
        }
    }

    fn begin(&self, at: u64) -> u64 {
        let Some(sessions) = self.sessions.as_ref().filter(|_| self.spec.sample.is_some()) else { return 0 };
        sessions.as_slice().iter().rfind(|session| session.open.0 <= at).map_or(0, |session| session.open.0)
    }

    fn advance(&mut self, to: u64, last: &[Option<(i64, u64)>]) -> Sampled {
        let mut sampled = Sampled::Filling;
        for at in self.now + 1..=to {
            if self.begin(at) != self.begin(at - 1) {
                self.closes.iter_mut().for_each(Vec::clear);
                sampled = Sampled::Filling;
            }
            if self.is_edge(at) {
                let begin = self.begin(at);
                for (closes, last) in self.closes.iter_mut().zip(last) {
                    let heard = last.filter(|(price, heard)| *price > 0 && *heard >= begin).map(|(price, _)| price);
                    closes.extend(heard.or(closes.last().copied()));
                }
                sampled = self.sample();
            }
        }
        self.now = self.now.max(to);
        sampled
    }

    fn sample(&mut self) -> Sampled {
        let n = self.spec.returns;
        let windows: Vec<Vec<f64>> = self
            .closes
            .iter()
            .filter_map(|closes| {
                let from = closes.len().checked_sub(n + 1)?;
                Some(closes[from..].windows(2).map(|pair| (pair[1] as f64 / pair[0] as f64).ln()).collect())
            })
            .collect();
        if windows.is_empty() {
            return Sampled::Filling;
        }
        let moving: Vec<_> = windows.iter().filter(|window| window.iter().any(|r| *r != window[0])).collect();
        let pairs = moving.iter().enumerate().flat_map(|(i, a)| moving[i + 1..].iter().map(move |b| pearson(a, b)));
        let pairs: Vec<f64> = pairs.collect();
        if pairs.is_empty() {
            return Sampled::Nothing;
        }
        let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
        if self.spec.mode == CorrelationMode::Rise {
            return Sampled::Value(mean);
        }
        self.means.push(mean);
        let Some(from) = (self.means.len() - 1).checked_sub(self.spec.baseline) else { return Sampled::Nothing };
        let before = &self.means[from..self.means.len() - 1];
        Sampled::Value((mean - before.iter().sum::<f64>() / before.len() as f64).abs())
    }
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (of_a, of_b) = (mean(a), mean(b));
    let together: f64 = a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum();
    let alone = |values: &[f64], mean: f64| values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>().sqrt();
    together / (alone(a, of_a) * alone(b, of_b))
}

fn agree(found: Sampled, expected: Sampled) -> bool {
    match (found, expected) {
        (Sampled::Value(found), Sampled::Value(expected)) => (found - expected).abs() < 1e-6,
        _ => found == expected,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn agrees_with_the_slow_twin(
        mode in prop::sample::select(CorrelationMode::ALL.to_vec()),
        sample in prop_oneof![8 => (1u64..9).prop_map(Some), 2 => Just(None)],
        (returns, baseline, count) in (2usize..6, 1usize..4, 1usize..5),
        in_sessions: bool,
        steps in prop::collection::vec(
            (prop_oneof![6 => 0u64..6, 3 => 0u64..20, 1 => 0u64..200], 0usize..5, prop_oneof![20 => 9_000i64..11_000, 1 => 0i64..2]),
            1..150,
        ),
    ) {
        let days: Vec<_> = (1..28).map(|day| (day, u64::from(day) * 100, u64::from(day) * 100 + 60)).collect();
        let calendar = in_sessions.then(|| sessions(&days));
        let sample = sample.map(Duration::from_nanos);
        let spec = Correlation { sample, returns, baseline, ..Correlation::with_mode(mode) };
        let lines: Vec<_> = (0..count).collect();
        let mut basket = Basket::new(&spec, calendar.clone(), &lines, Nanos(50));
        let mut twin = Twin { spec, sessions: calendar, now: 50, closes: vec![vec![]; count], means: vec![] };
        let (mut now, mut last) = (50, vec![None; count]);
        for (gap, line, price) in steps {
            if let Some(last) = last.get_mut(line) {
                *last = Some((price, now));
            }
            // As the monitor does: from one edge to the next.
            let until = now + gap;
            while basket.next().0 <= until && gap < 100 {
                let next = basket.next();
                let found = basket.advance(next, |line| last[line].map(|(price, at)| (price, Nanos(at))));
                let expected = twin.advance(next.0, &last);
                prop_assert!(agree(found, expected), "at {}: {:?} {:?}", next, found, expected);
            }
            // Or as after a long sleep: all at once.
            now = until;
            let found = basket.advance(Nanos(now), |line| last[line].map(|(price, at)| (price, Nanos(at))));
            let expected = twin.advance(now, &last);
            prop_assert!(agree(found, expected), "at {now}: {found:?} {expected:?}");
        }
    }
}
