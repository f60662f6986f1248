//! The same as one JSON object a line: a header, the transitions, the summary.

use core::time::Duration;

use haltline::{BreakerStatus, Intent, Status};
use serde_json::{Map, Value, json};

use super::account::{Account, UNREADY};
use super::drive::Tally;
use super::stage::Stage;
use super::summary::interpolated;
use super::timeline::Transition;
use crate::output::Zone;

/// The first line.
pub(crate) fn header(stage: &Stage) -> Value {
    let scenario = &stage.scenario;
    json!({
        "type": "header",
        "title": scenario.title,
        "data": scenario.data.get_ref().to_string_lossy(),
        "config": scenario.config.get_ref().to_string_lossy(),
        "from": scenario.from.get_ref().0.to_string(),
        "to": scenario.to.get_ref().0.to_string(),
        "sessions": stage.days.len(),
        "gate": scenario.gate.scopes.get_ref(),
        "interpolated": true,
        "prices": interpolated(stage),
    })
}

/// A line of the timeline. A value without a limit is none.
pub(crate) fn transition(t: &Transition, zone: &Zone) -> Value {
    let has_value = t.limit > 0.0;
    json!({
        "type": "transition",
        "time": zone.iso(t.at),
        "breaker": t.breaker.as_ref(),
        "kind": t.kind.name(),
        "scope": t.scope,
        "event": t.event.name(),
        "from": t.before.status.name(),
        "to": t.after.status.name(),
        "denies": crate::check::intents(t.after.denies),
        "value": has_value.then_some(t.value),
        "limit": has_value.then_some(t.limit),
        "level": t.rung,
        "reason": t.reason.name(),
        "until": t.until.map(|until| zone.iso(until)),
    })
}

/// The last line.
pub(crate) fn summary(stage: &Stage, tally: &Tally, account: &Account, differences: &[String]) -> Value {
    let (score, at) = tally.peak_risk;
    let denied_by: Vec<_> = tally
        .denied_by
        .iter()
        .map(|((name, unready), counts)| json!({ "breaker": name, "unready": unready, "orders": by_intent(counts) }))
        .collect();
    let breakers: Vec<_> = tally.breakers.iter().map(|status| breaker(status, account)).collect();
    json!({
        "type": "summary",
        "interpolated": true,
        "prices": tally.prices,
        "orders": { "admitted": by_intent(&tally.admitted), "denied": by_intent(&tally.denied), "denied_by": denied_by },
        "breakers": breakers,
        "peak_risk_score": score,
        "peak_risk_at": (score > 0.0).then(|| stage.zone.iso(at)),
        "events_lost": tally.lost,
        "as_expected": differences.is_empty(),
        "differences": differences,
    })
}

fn by_intent(counts: &[u64; 3]) -> Value {
    let each = Intent::ALL.into_iter().zip(counts).map(|(intent, count)| (intent.name().to_owned(), json!(count)));
    Value::Object(each.collect())
}

fn breaker(status: &BreakerStatus, account: &Account) -> Value {
    let spent = account.spent(&status.name);
    let seconds = |time: Duration| json!(time.as_secs_f64());
    let mut times: Map<String, Value> =
        Status::ALL.iter().map(|s| (s.name().to_owned(), seconds(spent[*s as usize]))).collect();
    times.insert("unready".into(), seconds(spent[UNREADY]));
    times.retain(|_, time| time.as_f64() != Some(0.0));
    json!({
        "breaker": status.name.as_ref(),
        "status": status.status.name(),
        "session_seconds": times,
        "trips": status.trips,
        "near_misses": status.near_misses,
        "refused": status.refused,
    })
}
