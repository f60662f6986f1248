//! The days of the demonstration, from the daily bars of the S&P 500, and how a second of it becomes a time of theirs.

use std::path::Path;
use std::time::Duration;

use haltline::{Date, Nanos, Session, Sessions};

/// A day lasts so long, of which trading takes all but a moment.
pub(crate) const DAY: Duration = Duration::from_millis(1_600);
const TRADING: Duration = Duration::from_millis(1_500);
/// The day whose close is the first reference.
const FROM: &str = "2020-02-28";
/// Half past nine to four.
const HOURS: f64 = 6.5;

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
    begin: Nanos,
}

impl Days {
    /// From Friday, 28 February, to 20 March 2020; the first but one begins at `begin`.
    pub(crate) fn read(begin: Nanos) -> Result<Self, Box<dyn std::error::Error>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/data/sp500-daily-2000-2020.csv");
        let mut all = Vec::new();
        for row in csv::Reader::from_path(path)?.records() {
            let row = row?;
            let number = |i: usize| row.get(i).unwrap_or_default().parse::<f64>();
            let (open, high, low, close) = (number(1)?, number(2)?, number(3)?, number(4)?);
            all.push(Bar { date: row.get(0).unwrap_or_default().to_owned(), open, high, low, close });
        }
        let bars: Vec<_> = all.iter().filter(|bar| (FROM.."2020-03-21").contains(&&*bar.date)).cloned().collect();
        let before = all.iter().filter(|bar| bar.date.as_str() < FROM);
        Ok(Self { bars, closes: before.map(|bar| bar.close).collect(), begin })
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

    /// A price of this day: straight lines from the open through low and high, or high and low, to the close. Only four of them
    /// are known.
    pub(crate) fn price(&self, number: usize, far: f64) -> f64 {
        let Bar { open, high, low, close, .. } = self.bars[number];
        // A day that fell had its high first.
        let stops = if close < open { [open, high, low, close] } else { [open, low, high, close] };
        let leg = (far * 3.0).min(2.999);
        let (from, to) = (stops[leg as usize], stops[leg as usize + 1]);
        ((from + (to - from) * leg.fract()) * 100.0).round() / 100.0
    }

    /// How much the last ten closes before this day moved, in percent a year: what the demonstration has for a volatility index.
    pub(crate) fn volatility(&self, number: usize) -> f64 {
        let closes: Vec<_> =
            self.closes.iter().copied().chain(self.bars[..number].iter().map(|bar| bar.close)).collect();
        let last = &closes[closes.len() - 11..];
        let squares: f64 = last.windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2)).sum();
        (squares / 10.0 * 252.0).sqrt() * 100.0
    }

    /// `2020-03-09 09:34`, in New York.
    pub(crate) fn say(&self, now: Nanos) -> String {
        match self.at(now) {
            Some((number, far)) => {
                let minutes = (9.5 + HOURS * far) * 60.0;
                format!("{} {:02}:{:02}", self.bars[number].date, minutes as u32 / 60, minutes as u32 % 60)
            }
            None => "between two days".into(),
        }
    }

    /// A quarter of an hour of theirs.
    pub(crate) fn quarter() -> Duration {
        TRADING.mul_f64(0.25 / HOURS)
    }
}
