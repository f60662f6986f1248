//! What to do with what was read: pure.

use haltline::{Caps, Nanos, Plan, Skew};

use super::WatchError;
use crate::{Config, Finding, Mistakes};

/// What is in force, and what was said.
#[derive(Debug)]
pub(super) struct Known {
    in_force: Plan,
    /// The `[system]` that the file had last; that of the start is in `in_force`.
    system: (Caps, Skew),
    /// Why the file was refused when it was read last.
    refused: Option<WatchError>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing that was not done or said already.
    Same,
    /// Refused before, and again what is in force.
    Restored,
    /// It has mistakes.
    Refuse(Mistakes),
    /// It is another one.
    Reload { plan: Plan, warnings: Vec<Finding> },
}

impl Known {
    pub(super) fn new(in_force: Plan) -> Self {
        Self { system: (in_force.caps, in_force.skew), in_force, refused: None }
    }

    /// What is to be done with what was read at `now`, and whether `[system]` has become another one than that of the start.
    pub(super) fn judge(&mut self, read: Result<Config, Mistakes>, now: Nanos) -> (Verdict, bool) {
        let (ends, Config { plan, mut warnings, .. }) = match read {
            Ok(config) => (config.ends(now), config),
            Err(mistakes) => return (Verdict::Refuse(mistakes), false),
        };
        warnings.extend(ends);
        let (system, start) = ((plan.caps, plan.skew), (self.in_force.caps, self.in_force.skew));
        let needs_restart = system != start && system != self.system;
        self.system = system;
        let plan = Plan { caps: start.0, skew: start.1, ..plan };
        let verdict = match (plan == self.in_force, &self.refused) {
            (true, None) => Verdict::Same,
            (true, Some(_)) => Verdict::Restored,
            (false, _) => Verdict::Reload { plan, warnings },
        };
        (verdict, needs_restart)
    }

    pub(super) fn reloaded(&mut self, plan: Plan) {
        self.in_force = plan;
        self.refused = None;
    }

    pub(super) fn restored(&mut self) {
        self.refused = None;
    }

    /// Whether this was not said the last time.
    pub(super) fn refused(&mut self, why: &WatchError) -> bool {
        let is_news = self.refused.as_ref() != Some(why);
        self.refused = Some(why.clone());
        is_news
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::parse;

    const DD: &str = "[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = \"a\"\nlimit = 0.08\n";

    const NOW: Nanos = Nanos::from_secs(1_608_000_000);

    fn known() -> Known {
        Known::new(parse(DD, "f").unwrap().plan)
    }

    #[test]
    fn the_same_plan_in_other_words_reloads_nothing() {
        assert_eq!(known().judge(parse(&format!("# a comment\n{DD}"), "f"), NOW), (Verdict::Same, false));
    }

    #[test]
    fn another_system_needs_a_restart_and_says_so_once() {
        let mut known = known();
        let mut judge = |ring: u32| known.judge(parse(&format!("[system]\nring = {ring}\n{DD}"), "f"), NOW);
        assert_eq!(judge(8), (Verdict::Same, true));
        assert_eq!(judge(8), (Verdict::Same, false));
        assert_eq!(judge(16), (Verdict::Same, true));
        // That of the start: nothing needs anything.
        assert_eq!(judge(4096), (Verdict::Same, false));
        assert_eq!(judge(16), (Verdict::Same, true));
    }

    #[test]
    fn what_changes_beside_system_is_reloaded_with_the_capacities_of_the_start() {
        let mut known = known();
        let (verdict, needs_restart) = known.judge(parse(&format!("[system]\nring = 8\n{DD}warn = 0.01\n"), "f"), NOW);
        let Verdict::Reload { plan, .. } = verdict else { unreachable!("{verdict:?}") };
        assert!(needs_restart);
        assert_eq!(plan.caps, Caps::default());
        known.reloaded(plan);
        assert_eq!(known.judge(parse(&format!("{DD}warn = 0.01\n"), "f"), NOW), (Verdict::Same, false));
    }

    #[test]
    fn a_mistake_is_said_once_and_its_end_too() {
        let mut known = known();
        let broken = || parse("[[breaker]]", "f");
        let mistakes = broken().unwrap_err();
        assert_eq!(known.judge(broken(), NOW), (Verdict::Refuse(mistakes.clone()), false));
        assert!(known.refused(&WatchError::Mistakes(mistakes.clone())));
        assert!(!known.refused(&WatchError::Mistakes(mistakes.clone())));
        assert_eq!(known.judge(parse(DD, "f"), NOW), (Verdict::Restored, false));
        known.restored();
        assert_eq!(known.judge(parse(DD, "f"), NOW), (Verdict::Same, false));
        assert!(known.refused(&WatchError::Mistakes(mistakes)));
    }

    #[test]
    fn a_calendar_that_ends_is_told_with_the_reload() {
        let calendar = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-01-01\nto = 2020-12-31\n\
                        sessions = { mon-fri = [\"09:30\", \"16:00\"] }\n";
        let told = |now| match known()
            .judge(parse(&format!("{DD}on_stale = \"warn\"\nshadow = true\n{calendar}"), "f"), now)
            .0
        {
            Verdict::Reload { warnings, .. } => warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(),
            other => unreachable!("{other:?}"),
        };
        assert_eq!(told(NOW), [7, 12]);
        assert_eq!(told(Nanos::from_secs(1_585_699_200)), [7], "in April");
    }
}
