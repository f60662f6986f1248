//! A scope with a star makes a template.

#![allow(clippy::unwrap_used)]

use haltline::{Kind, Nanos, ScopePath, System};
use haltline_config::parse;

fn text(scope: &str, more: &str) -> String {
    format!(
        "scopes = [\"XNAS/AAPL\", \"XNAS/MSFT\"]\n[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = {scope:?}\n{more}"
    )
}

#[test]
fn a_star_stands_for_each_scope_directly_below() {
    let plan = parse(&text("XNAS/*", ""), "f").unwrap().plan;
    assert!(plan.breakers.is_empty());
    let [template] = &plan.templates[..] else { panic!("one template") };
    assert_eq!((template.name.as_str(), template.rule.kind()), ("dd", Kind::Drawdown));
    assert_eq!(template.parent, ScopePath::new("XNAS").unwrap());
    let system = System::manual(plan, Nanos(0)).unwrap();
    assert!(system.breaker("dd:AAPL").is_ok() && system.breaker("dd:MSFT").is_ok() && system.breaker("dd").is_err());
    assert_eq!(parse(&text("*", ""), "f").unwrap().plan.templates[0].parent, ScopePath::root());
}

#[test]
fn stars_elsewhere_and_watching_are_mistakes() {
    let mistakes = |scope: &str, more: &str| parse(&text(scope, more), "f").unwrap_err().to_string();
    assert!(mistakes("XN*", "").starts_with("f:5:9: breaker \"dd\": scope: scope path \"XN*\""));
    assert!(mistakes("*/AAPL", "").contains("'*' in segment"));
    assert!(mistakes("XNAS/*", "watch = \"acct\"").contains("watch is not allowed: each instance"));
}

#[test]
fn instances_count_for_the_capacities() {
    let found = parse(&text("XNAS/*", "[system]\nmax_listeners = 1\n"), "f").unwrap_err().to_string();
    assert!(found.contains("breaker \"dd\": found 2 pairs of a breaker and a watched scope"), "{found}");
}

#[test]
fn an_instance_has_a_name_that_fits() {
    let named = |bytes: usize| text("XNAS/*", "").replace("\"dd\"", &format!("{:?}", "d".repeat(bytes)));
    assert!(System::manual(parse(&named(59), "f").unwrap().plan, Nanos(0)).is_ok());
    let found = parse(&named(60), "f").unwrap_err().to_string();
    assert!(
        found.starts_with("f:2:1: breaker ") && found.contains(":AAPL\" has a name of more than 64 bytes"),
        "{found}"
    );
}
