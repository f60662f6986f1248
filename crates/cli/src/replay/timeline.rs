//! One transition, and how people read it.

use std::sync::Arc;

use haltline::{Event, EventType, Kind, Nanos, Plan, Reason, RuleSpec, State, Status, Step, System, VolatilitySource};

use crate::output::{BAD, FAINT, HEAD, Zone, colour, scope_name, styled};

/// A transition with its names.
#[derive(Clone, Debug)]
pub(crate) struct Transition {
    pub(crate) at: Nanos,
    pub(crate) breaker: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) scope: String,
    pub(crate) event: EventType,
    pub(crate) before: State,
    pub(crate) after: State,
    pub(crate) rung: Option<u8>,
    pub(crate) reason: Reason,
    pub(crate) value: f64,
    pub(crate) limit: f64,
    pub(crate) until: Option<Nanos>,
}

impl Transition {
    /// What an event says of a breaker, if it does.
    pub(crate) fn of(system: &System, event: &Event) -> Option<Self> {
        if !event.event_type().has_words() {
            return None;
        }
        let scope = system.scope_path(event.scope)?;
        let (before, after) = (event.before(), event.after());
        Some(Self {
            at: event.at(system.epoch()),
            breaker: system.breaker_name(event.breaker)?,
            kind: event.kind()?,
            scope: scope.as_str().to_owned(),
            event: event.event_type(),
            before,
            after,
            rung: event.rung(),
            reason: event.reason(),
            value: event.value,
            limit: event.limit,
            until: (event.until != Nanos::NEVER).then_some(event.until),
        })
    }

    /// Whether it says only that a breaker has, or has lost, a usable value; or that it was put into service.
    pub(crate) fn is_readiness(&self) -> bool {
        matches!(self.event, EventType::Ready | EventType::Unready | EventType::Installed)
    }

    /// Whether the exchange prints nothing after it: a rung stands.
    pub(crate) fn halts_exchange(&self) -> bool {
        let step = self.after.step;
        self.after.status == Status::Tripped && step != Step::FIRST && step != Step::LATCHED
    }
}

/// How the lines of a timeline are set.
#[derive(Debug)]
pub(crate) struct Lines<'z> {
    zone: &'z Zone,
    scope: usize,
    breaker: usize,
    plain: Vec<String>,
}

const CHANGE: usize = 26;
const VALUE: usize = 22;

impl<'z> Lines<'z> {
    /// Columns wide enough for the breakers of a plan.
    pub(crate) fn new(zone: &'z Zone, plan: &Plan) -> Self {
        let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or_default();
        let is_plain = |b: &&haltline::BreakerSpec| match &b.rule {
            RuleSpec::Volatility(v) => v.source == VolatilitySource::Level,
            // A number of checks; of positions, beside shares.
            RuleSpec::PremarketValidation(_) | RuleSpec::PositionLimit(_) => true,
            RuleSpec::Correlation(_) | RuleSpec::AnomalyDetection(_) | RuleSpec::DataFeedIntegrity(_) => true,
            RuleSpec::Polled(_) => true,
            RuleSpec::MarketCircuitBreaker(rule) => rule.ladder().is_none(),
            _ => false,
        };
        Self {
            zone,
            scope: widest(&mut plan.breakers.iter().map(|b| scope_name(b.scope.as_str()).len()).chain(["scope".len()])),
            breaker: widest(&mut plan.breakers.iter().map(|b| b.name.len()).chain(["breaker".len()])),
            plain: plan.breakers.iter().filter(is_plain).map(|b| b.name.clone()).collect(),
        }
    }

    /// The heading over the columns.
    pub(crate) fn head(&self) -> String {
        let Self { scope, breaker, .. } = self;
        let text = format!(
            "{:<26}  {:<scope$}  {:<breaker$}  {:<CHANGE$}  {:<VALUE$}  why, until",
            "time", "scope", "breaker", "change", "value and limit",
        );
        styled(HEAD, text).to_string()
    }

    /// One line.
    pub(crate) fn line(&self, t: &Transition) -> String {
        let Self { scope, breaker, .. } = self;
        let change = change(t);
        let pad = " ".repeat(CHANGE.saturating_sub(change.chars().count()));
        let text = format!(
            "{}  {:<scope$}  {:<breaker$}  {}{pad}  {:<VALUE$}  {}{}",
            self.zone.long(t.at),
            scope_name(&t.scope),
            t.breaker,
            styled(colour(t.after.status), change),
            self.value(t),
            styled(FAINT, t.reason.name().replace('_', " ")),
            self.until(t).map(|until| format!(", until {}", styled(BAD, until))).unwrap_or_default(),
        );
        text.trim_end().to_owned()
    }

    fn value(&self, t: &Transition) -> String {
        if t.limit <= 0.0 {
            return String::new();
        }
        let sign = if t.value < t.limit { "<" } else { "≥" };
        if is_count(t.reason) {
            return format!("{} {sign} {}", t.value, t.limit);
        }
        if self.plain.iter().any(|name| *name == *t.breaker) {
            return format!("{:.4} {sign} {}", t.value, t.limit);
        }
        if t.reason == Reason::Consecutive {
            return format!("{} {sign} {} in a row", t.value, t.limit);
        }
        let limit = format!("{:.4}", t.limit * 100.0);
        format!("{:>8.4} % {sign} {} %", t.value * 100.0, limit.trim_end_matches('0').trim_end_matches('.'))
    }

    /// A time of the same day without its date.
    fn until(&self, t: &Transition) -> Option<String> {
        let until = t.until?;
        let same_day = self.zone.date(until) == self.zone.date(t.at);
        Some(if same_day { self.zone.clock(until) } else { self.zone.long(until) })
    }
}

/// Whether what was tested is no share but a number of things.
fn is_count(reason: Reason) -> bool {
    use Reason as R;
    matches!(reason, R::Streak | R::PositionCount | R::PositionQuantity | R::PositionNotional)
}

/// `active → tripped (rung 1)`.
fn change(t: &Transition) -> String {
    let detail = match (t.rung, t.after.step) {
        (Some(rung), _) => format!(" (rung {rung})"),
        (None, Step::LATCHED) if t.after.status == Status::Tripped => " (latched)".into(),
        _ => String::new(),
    };
    format!("{} → {}{detail}", t.before.status, t.after.status)
}
