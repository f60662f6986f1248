//! The days of the demonstration, from the daily bars of the S&P 500 and the seconds of the four halts, and how a second of it
//! becomes a time of theirs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use haltline::{Date, Nanos, Session, Sessions};

/// A day lasts so long, of which trading takes all but a moment.
pub(crate) const DAY: Duration = Duration::from_millis(1_600);
const TRADING: Duration = Duration::from_millis(1_500);
/// The day whose close is the first reference.
const FROM: &str = "2020-02-28";
/// Half past nine to four, in seconds.
const HOURS: f64 = 6.5 * 3_600.0;
/// Half past nine.
const OPEN: f64 = 9.5 * 3_600.0;
/// So long the market stands still, 7 % below the last close.
const HALT: f64 = 900.0 / HOURS;
const LEVEL: f64 = 0.93;

/// A daily bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) date: String,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
}

/// The days, the one before them, and when each trades.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    pub(crate) bars: Vec<Bar>,
    /// The closes before the first of them.
    pub(crate) closes: Vec<f64>,
    /// When the market halted, from 0 to 1, by date.
    halts: BTreeMap<String, f64>,
    begin: Nanos,
}

impl Days {
    /// From Friday, 28 February, to 20 March 2020; the first but one begins at `begin`.
    pub(crate) fn read(begin: Nanos) -> Result<Self, Box<dyn std::error::Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut all = Vec::new();
        for row in csv::Reader::from_path(root.join("scenarios/data/sp500-daily-2000-2020.csv"))?.records() {
            let row = row?;
            let number = |i: usize| row.get(i).unwrap_or_default().parse::<f64>();
            let (open, high, low, close) = (number(1)?, number(2)?, number(3)?, number(4)?);
            all.push(Bar { date: row.get(0).unwrap_or_default().to_owned(), open, high, low, close });
        }
        let bars: Vec<_> = all.iter().filter(|bar| (FROM.."2020-03-21").contains(&&*bar.date)).cloned().collect();
        let before = all.iter().filter(|bar| bar.date.as_str() < FROM);
        let mut halts = BTreeMap::new();
        for row in csv::Reader::from_path(root.join("examples/live-demo/halts.csv"))?.records() {
            let row = row?;
            let mut second = 0.0;
            for part in row.get(1).unwrap_or_default().split(':') {
                second = second * 60.0 + part.parse::<f64>()?;
            }
            halts.insert(row.get(0).unwrap_or_default().to_owned(), (second - OPEN) / HOURS);
        }
        Ok(Self { bars, closes: before.map(|bar| bar.close).collect(), halts, begin })
    }

    /// When the market of this day halted.
    fn halt(&self, number: usize) -> Option<f64> {
        self.halts.get(&self.bars[number].date).copied()
    }

    /// The halt after `last` and until `now`: its day, its time, and the price that began it.
    pub(crate) fn halt_between(&self, last: Nanos, now: Nanos) -> Option<(usize, Nanos, f64)> {
        (1..self.bars.len()).find_map(|number| {
            let far = self.halt(number)?;
            let at = self.open(number) + TRADING.mul_f64(far);
            let stop = self.stops(number).into_iter().find(|(when, _)| *when == far)?;
            (last < at && at <= now).then_some((number, at, stop.1))
        })
    }

    /// Whether the market stands still.
    pub(crate) fn is_halted(&self, number: usize, far: f64) -> bool {
        self.halt(number).is_some_and(|from| (from..from + HALT).contains(&far))
    }

    /// The day of this number, and how far it is, from 0 to 1; `None` between two days and after the last.
    pub(crate) fn at(&self, now: Nanos) -> Option<(usize, f64)> {
        let since = now - self.begin;
        let number = usize::try_from(since.as_nanos() / DAY.as_nanos()).ok()? + 1;
        let within = Duration::from_nanos(u64::try_from(since.as_nanos() % DAY.as_nanos()).ok()?);
        let far = within.as_secs_f64() / TRADING.as_secs_f64();
        (number < self.bars.len() && now >= self.begin && far < 1.0).then_some((number, far))
    }

    /// The day of this number has begun, and the next one has not.
    pub(crate) fn number(&self, now: Nanos) -> usize {
        let number = usize::try_from((now - self.begin).as_nanos() / DAY.as_nanos()).unwrap_or(usize::MAX);
        number.saturating_add(1).min(self.bars.len() - 1)
    }

    pub(crate) fn end(&self) -> Nanos {
        self.open(self.bars.len())
    }

    fn open(&self, number: usize) -> Nanos {
        // The first of all lies before the begin: its close is the first reference.
        self.begin + DAY * u32::try_from(number).unwrap_or(u32::MAX) - DAY
    }

    /// As the ladder of halts knows them.
    pub(crate) fn sessions(&self) -> Result<Sessions, haltline::Error> {
        let session = |(number, bar): (usize, &Bar)| {
            let mut parts = bar.date.split('-').map(|part| part.parse::<u16>().unwrap_or_default());
            let mut next = || parts.next().unwrap_or_default();
            let (year, month, day) = (next(), next() as u8, next() as u8);
            let open = self.open(number);
            Session { date: Date::new(year, month, day), open, close: open + TRADING }
        };
        Sessions::new(self.bars.iter().enumerate().map(session).collect())
    }

    /// What is known of this day, and where it stands in it: a day that fell had its high first. The market halts on the level, or
    /// at the open where that is below it; what is left lies evenly between its end and the close.
    fn stops(&self, number: usize) -> Vec<(f64, f64)> {
        let Bar { open, high, low, close, .. } = self.bars[number];
        let Some(halt) = self.halt(number) else {
            let (first, second) = if close < open { (high, low) } else { (low, high) };
            return vec![(0.0, open), (1.0 / 3.0, first), (2.0 / 3.0, second), (1.0, close)];
        };
        // In cents, and through the level.
        let level = (LEVEL * self.bars[number - 1].close * 100.0).floor() / 100.0;
        let mut stops = Vec::new();
        let mut left = vec![low, close];
        if open <= level {
            stops.push((halt, open));
            left.insert(0, high);
        } else {
            stops.extend([(0.0, open), (halt / 2.0, high), (halt, level)]);
        }
        let (end, price) = (halt + HALT, stops[stops.len() - 1].1);
        stops.push((end, price));
        let step = (1.0 - end) / left.len() as f64;
        stops.extend((1..).zip(left).map(|(i, price)| (end + step * f64::from(i), price)));
        stops
    }

    /// A price of this day, on the straight line between two stops and rounded towards the first of them, so that none is through
    /// the level too early; `None` before the first.
    pub(crate) fn price(&self, number: usize, far: f64) -> Option<f64> {
        let stops = self.stops(number);
        let pair = stops.windows(2).find(|pair| (pair[0].0..pair[1].0).contains(&far))?;
        let ((begin, from), (end, to)) = (pair[0], pair[1]);
        let cents = (from + (to - from) * (far - begin) / (end - begin)) * 100.0;
        // A whole cent stays one.
        let cents = if to < from { (cents - 1e-6).ceil() } else { (cents + 1e-6).floor() };
        Some(cents / 100.0)
    }

    /// How much the last ten closes before this day moved, in percent a year, which are the points of a volatility index:
    /// what the demonstration has for one.
    pub(crate) fn volatility(&self, number: usize) -> f64 {
        let closes: Vec<_> =
            self.closes.iter().copied().chain(self.bars[..number].iter().map(|bar| bar.close)).collect();
        let last = &closes[closes.len() - 11..];
        let squares: f64 = last.windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2)).sum();
        (squares / 10.0 * 252.0).sqrt() * 100.0
    }

    /// `2020-03-09 09:34:13`, in New York.
    pub(crate) fn say(&self, now: Nanos) -> String {
        match self.at(now) {
            Some((number, far)) => {
                let second = (OPEN + HOURS * far).round() as u32;
                let (hour, minute) = (second / 3_600, second / 60 % 60);
                format!("{} {hour:02}:{minute:02}:{:02}", self.bars[number].date, second % 60)
            }
            None => "between two days".into(),
        }
    }

    /// A quarter of an hour of theirs.
    pub(crate) fn quarter() -> Duration {
        TRADING.mul_f64(HALT)
    }
}
