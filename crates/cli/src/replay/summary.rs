//! What a replay comes to, for people.

use core::time::Duration;
use std::io::Write;

use haltline::{BreakerStatus, Intent, Status};

use super::account::{Account, UNREADY};
use super::drive::Tally;
use super::stage::Stage;
use crate::output::{BAD, Failure, GOOD, HEAD, grouped, hours, styled, table};

/// Said wherever prices between the bars are shown.
pub(crate) fn interpolated(stage: &Stage) -> &'static str {
    if stage.scenario.anchors.is_empty() {
        "interpolated between the daily bars: open, high, low and close of a day are data, straight lines lie between them"
    } else {
        "interpolated between the daily bars: open, high, low and close of a day and the second of each halt are data, \
         straight lines lie between them"
    }
}

/// What stands over the timeline.
pub(crate) fn head(out: &mut impl Write, stage: &Stage) -> Result<(), Failure> {
    let scenario = &stage.scenario;
    let (config, data) = (scenario.config.get_ref().display(), scenario.data.get_ref().display());
    let (from, to) = (scenario.from.get_ref().0, scenario.to.get_ref().0);
    let names: Vec<_> = stage.plan.breakers.iter().map(|b| b.name.as_str()).collect();
    writeln!(out, "{}", styled(HEAD, &scenario.title))?;
    writeln!(out, "  data      {data}, {} sessions from {from} to {to}", stage.days.len())?;
    writeln!(out, "  prices    {}", interpolated(stage))?;
    writeln!(out, "  breakers  {config}: {}", names.join(", "))?;
    writeln!(out, "  gate      {}", scenario.gate.scopes.get_ref().join(", "))?;
    writeln!(out)?;
    Ok(())
}

/// What stands under it.
pub(crate) fn tell(
    out: &mut impl Write,
    stage: &Stage,
    tally: &Tally,
    account: &Account,
    differences: &[String],
) -> Result<(), Failure> {
    orders(out, tally)?;
    breakers(out, tally, account)?;
    let (score, at) = tally.peak_risk;
    let when = if score > 0.0 { format!(", first at {}", stage.zone.long(at)) } else { String::new() };
    writeln!(out, "peak risk score {score:.1} of 100{when}")?;
    if tally.lost > 0 {
        writeln!(out, "{}", styled(BAD, format!("{} events were lost", tally.lost)))?;
    }
    for difference in differences {
        writeln!(out, "{}", styled(BAD, difference))?;
    }
    let expect = &stage.scenario.expect;
    let count = expect.halts.as_ref().map_or(0, |_| 1) + expect.trips.len();
    if differences.is_empty() && count > 0 {
        writeln!(out, "{}", styled(GOOD, "as expected by the scenario"))?;
    }
    Ok(())
}

fn orders(out: &mut impl Write, tally: &Tally) -> Result<(), Failure> {
    let row = |name: String, counts: &[u64; 3]| {
        core::iter::once(name).chain(counts.iter().map(|count| grouped(*count))).collect::<Vec<_>>()
    };
    let mut rows = vec![row("admitted".into(), &tally.admitted), row("denied".into(), &tally.denied)];
    rows.extend(tally.denied_by.iter().map(|((name, unready), counts)| {
        row(format!("  by {name}{}", if *unready { ", not ready" } else { "" }), counts)
    }));
    let head: Vec<_> = ["orders"].into_iter().chain(Intent::ALL.map(Intent::name)).collect();
    write!(out, "\n{}", table(&head, rows, &[1, 2, 3]))?;
    if tally.denied_by.len() > 1 {
        writeln!(out, " an order may be denied by several breakers")?;
    }
    Ok(())
}

fn breakers(out: &mut impl Write, tally: &Tally, account: &Account) -> Result<(), Failure> {
    let head =
        ["session time", "not ready", "active", "warning", "tripped", "cooldown", "other", "trips", "near misses"];
    let row = |status: &BreakerStatus| {
        let spent = account.spent(&status.name);
        let of = |status: Status| spent[status as usize];
        let known = [of(Status::Active), of(Status::Warning), of(Status::Tripped), of(Status::Cooldown)];
        let rest: Duration = spent.iter().sum::<Duration>() - known.iter().sum::<Duration>() - spent[UNREADY];
        let mut row = vec![status.name.to_string(), hours(spent[UNREADY])];
        row.extend(known.map(hours));
        row.extend([hours(rest), status.trips.to_string(), status.near_misses.to_string()]);
        row
    };
    let rows = tally.breakers.iter().map(row).collect();
    write!(out, "\n{}", table(&head, rows, &[1, 2, 3, 4, 5, 6, 7, 8]))?;
    writeln!(out, " near misses came within 5 % of the limit and went away again\n")?;
    Ok(())
}
