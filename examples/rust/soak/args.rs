//! What somebody asks for.

use std::time::Duration;

use super::Failure;

/// From here on the warm-up is a tenth of the run; before, at most ten seconds.
pub(super) const LONG: Duration = Duration::from_secs(600);

/// When it ends: at the first of the two.
#[derive(Debug)]
pub(super) struct Args {
    time: Duration,
    observations: u64,
    pub(super) json: bool,
}

impl Args {
    pub(super) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let (mut time, mut observations, mut json) = (None, None, false);
        while let Some(arg) = args.next() {
            let mut number = || {
                let given = args.next().unwrap_or_default();
                let found = given.parse::<u64>().ok().filter(|number| (1..1 << 50).contains(number));
                found.ok_or_else(|| format!("{arg}: found {given:?}, allowed are whole numbers from 1"))
            };
            match arg.as_str() {
                "--minutes" => time = Some(Duration::from_secs(60 * number()?)),
                "--seconds" => time = Some(Duration::from_secs(number()?)),
                "--observations" => observations = Some(number()?),
                "--json" => json = true,
                _ => {
                    return Err(format!(
                        "found {arg:?}, allowed are --minutes N, --seconds N, --observations N, --json"
                    )
                    .into());
                }
            }
        }
        // Without any end, a minute.
        let time = time.unwrap_or(if observations.is_some() { Duration::MAX } else { Duration::from_secs(60) });
        Ok(Self { time, observations: observations.unwrap_or(u64::MAX), json })
    }

    pub(super) fn is_over(&self, elapsed: Duration, observations: u64) -> bool {
        elapsed >= self.time || observations >= self.observations
    }

    /// A tenth of the run is over; of one shorter than ten minutes also if ten seconds are.
    pub(super) fn is_warm(&self, elapsed: Duration, observations: u64) -> bool {
        let is_short = self.time < LONG && elapsed >= Duration::from_secs(10);
        is_short || elapsed >= self.time / 10 || observations >= self.observations / 10
    }
}
