//! The breakers of sources: what guards an endpoint, and what hears of values that cannot be.

use core::time::Duration;

use haltline::{
    BreakerSpec, CallWindow, CooldownEffect, DataFeedIntegrity, Halt, IntegritySource, Kind, Plan, Policy, Ratio,
    RuleSpec, ScopePath, Technical,
};

use crate::file::SourceFile;
use crate::judge::WINDOW;
use crate::spec::{Mode, SourceSpec};

/// Below this score too many of the last values were refused: three of twenty.
const SCORE: i64 = 90;
/// A halt is not longer than so many of the first.
const LONGEST: u32 = 16;

impl SourceFile {
    /// Two breakers a source, on its scope and nowhere else: `calls:NAME`, a `technical` one that hears how its calls end and
    /// while tripped keeps it from calling, and `data:NAME`, a `data_feed_integrity` one whose score is the share of the last
    /// 20 values that were not refused. They guard the source's own scope: only a gate that names it asks them.
    ///
    /// ```
    /// # let text = "[[source]]\nname = \"a\"\nscope = \"ext/a\"\npreset = \"index_level\"\nurl = { env = \"A\" }\n";
    /// # let file = haltline_sources::parse(text, "sources.toml", &|_| Some("https://a.example".into()))?;
    /// let names: Vec<_> = file.breakers().into_iter().map(|breaker| breaker.name).collect();
    /// assert_eq!(names, ["calls:a", "data:a"]);
    /// # Ok::<(), haltline_config::Mistakes>(())
    /// ```
    pub fn breakers(&self) -> Vec<BreakerSpec> {
        self.sources.iter().flat_map(|spec| [calls(spec), data(spec)]).collect()
    }

    /// The scopes of the sources and of their calls.
    pub fn scopes(&self) -> Vec<ScopePath> {
        self.sources.iter().flat_map(|spec| [spec.scope.clone(), spec.calls_scope()]).collect()
    }

    /// Adds the scopes and the breakers to a plan that has none of them yet. To be done before a System is made from it, and
    /// before each reload.
    pub fn add_to(&self, plan: &mut Plan) {
        plan.scopes.extend(self.scopes());
        plan.breakers.extend(self.breakers());
    }
}

fn calls(spec: &SourceSpec) -> BreakerSpec {
    let rule = Technical {
        window: CallWindow::Last(20),
        min_calls: 10,
        consecutive: Some(spec.failures),
        ..Technical::default()
    };
    let policy = Policy {
        halt: Halt::Timed { base: spec.halt, backoff: 2.0, max: spec.halt.saturating_mul(LONGEST) },
        // Then it is called again, and trips at once for longer if that fails.
        cooldown_for: spec.halt,
        cooldown_effect: CooldownEffect::AsTripped,
        ..Kind::Technical.default_policy()
    };
    BreakerSpec::new(&spec.calls_breaker(), spec.scope.clone(), RuleSpec::Technical(rule))
        .watching(vec![spec.calls_scope()])
        .with_policy(policy)
}

fn data(spec: &SourceSpec) -> BreakerSpec {
    let rule = DataFeedIntegrity {
        source: IntegritySource::Level,
        window: WINDOW as usize,
        ..DataFeedIntegrity::with_limit(Ratio::from_raw(SCORE * Ratio::SCALE))
    };
    let default = Kind::DataFeedIntegrity.default_policy();
    // The longest of what is asked rarely and what is refused for a while.
    let listens = if spec.mode == Mode::Poll { Duration::ZERO } else { spec.timeouts.read.saturating_mul(2) };
    let silence = spec.every.saturating_mul(4).max(listens);
    let policy = Policy { stale_after: default.stale_after.max(silence), ..default };
    BreakerSpec::new(&spec.data_breaker(), spec.scope.clone(), RuleSpec::DataFeedIntegrity(rule))
        .watching(vec![spec.calls_scope()])
        .with_policy(policy)
}
