//! Packs: rules of markets as files of their own, the built-in ones and those of a user.
//!
//! What a pack holds besides its `[pack]` stands in the configuration that includes it, as if it were written there. Its
//! `[template]` is a breaker without a name and without a scope, of which `[[breaker]]` with `pack` makes one.

use core::cell::Cell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use haltline::Date;
use toml::de::DeTable;

use crate::finding::{Log, Spot};
use crate::item::Item;
use crate::ladder::effective;
use crate::names::Names;
use crate::scalar::{did_you_mean, excerpt};
use crate::table::Table;

/// A pack that is built in: its name and its text.
#[derive(Clone, Copy)]
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) toml: &'static str,
}

impl Builtin {
    /// The name that its findings carry.
    pub(crate) fn file(self) -> String {
        format!("packs/{}.toml", self.name)
    }
}

const BUILTIN: [Builtin; 9] = [
    Builtin { name: "us-equities", toml: include_str!("../packs/us-equities.toml") },
    Builtin { name: "us-mwcb", toml: include_str!("../packs/us-mwcb.toml") },
    Builtin { name: "us-luld-1", toml: include_str!("../packs/us-luld-1.toml") },
    Builtin { name: "us-luld-2", toml: include_str!("../packs/us-luld-2.toml") },
    Builtin { name: "cme-equity", toml: include_str!("../packs/cme-equity.toml") },
    Builtin { name: "cme-equity-overnight", toml: include_str!("../packs/cme-equity-overnight.toml") },
    Builtin { name: "cme-equity-dynamic", toml: include_str!("../packs/cme-equity-dynamic.toml") },
    Builtin { name: "krx", toml: include_str!("../packs/krx.toml") },
    Builtin { name: "nse", toml: include_str!("../packs/nse.toml") },
];

/// What a template cannot say: it is of each breaker that is made of it.
const OWN: [&str; 3] = ["name", "scope", "pack"];
/// The key of a template that a breaker may say otherwise: a pack cannot know all holidays.
const CALENDAR: &str = "calendar";

pub(crate) fn builtin(name: &str) -> Option<Builtin> {
    BUILTIN.into_iter().find(|pack| pack.name == name)
}

/// A rule of a market that is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// What `include` calls it.
    pub name: &'static str,
    /// What people call it.
    pub title: String,
    /// Which edition this is; a correction or a change of the rule makes another one.
    pub version: String,
    /// The first day for which it holds.
    pub effective_from: Date,
    /// The last; `None` while the rule is in force.
    pub effective_to: Option<Date>,
    /// Which rule it is, by the market's own name and number.
    pub source: String,
    /// What it says, and what of the rule it does not cover.
    pub summary: String,
    /// Whether a breaker can be made of it; otherwise it has calendars only.
    pub has_breaker: bool,
    /// Its text.
    pub toml: &'static str,
}

impl Pack {
    /// A configuration that uses it: its breaker guards everything and hears `index/NAME`, or guards one stock; a pack that
    /// has none gives the hours of its calendar.
    pub fn example(&self) -> String {
        let name = self.name;
        let of_a_stock = self.toml.contains("source = \"band\"");
        let guards = if of_a_stock { "\"XNAS/AAPL\"".into() } else { format!("\"\"\nwatch = \"index/{name}\"") };
        let breaker = format!("\n[[breaker]]\nname = {name:?}\npack = {name:?}\nscope = {guards}\n");
        let hours =
            format!("\n[[breaker]]\nname = \"hours\"\nkind = \"time_based\"\nscope = \"\"\ncalendar = {name:?}\n");
        format!("include = [{name:?}]\n{}", if self.has_breaker { breaker } else { hours })
    }
}

/// The packs that are built in.
///
/// ```
/// let mwcb = haltline_config::packs().iter().find(|pack| pack.name == "us-mwcb").unwrap();
/// assert!(mwcb.source.contains("NYSE Rule 7.12"));
/// let config = haltline_config::parse(&mwcb.example(), "risk.toml")?;
/// assert_eq!(config.plan.breakers[0].rule.ladder().unwrap().rungs.len(), 3);
/// # Ok::<(), haltline_config::Mistakes>(())
/// ```
pub fn packs() -> &'static [Pack] {
    static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| BUILTIN.into_iter().filter_map(described).collect());
    &PACKS
}

/// The built-in pack of a name.
///
/// # Errors
/// Which names there are, and which one may have been meant.
pub fn pack(name: &str) -> Result<&'static Pack, String> {
    packs().iter().find(|pack| pack.name == name).ok_or_else(|| unknown(name, ""))
}

/// A name that no pack has; `or` is what else might stand in its place.
pub(crate) fn unknown(name: &str, or: &str) -> String {
    let names = || BUILTIN.iter().map(|pack| pack.name);
    let known = names().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    format!("found {}, allowed are {known}{or}{}", excerpt(name), did_you_mean(name, names()))
}

/// None of the built-in ones lacks anything; a test holds that.
fn described(pack: Builtin) -> Option<Pack> {
    let (tree, _) = DeTable::parse_recoverable(pack.toml);
    let log = Log::new(pack.toml, pack.name);
    let root = Table::root(&log, tree.get_ref());
    let about = root.optional("pack")?.table("pack".into(), ABOUT)?;
    let has_breaker = root.has("template");
    let About { title, version, effective_from, effective_to, source, summary } = about_of(&about)?;
    let Builtin { name, toml } = pack;
    Some(Pack { name, title, version, effective_from, effective_to, source, summary, has_breaker, toml })
}

const ABOUT: &str = "a table [pack]";
const TEMPLATE: &str = "a table [template]";

/// What `[pack]` says beside the name.
struct About {
    title: String,
    version: String,
    effective_from: Date,
    effective_to: Option<Date>,
    source: String,
    summary: String,
}

fn about_of(table: &Table<'_>) -> Option<About> {
    let text = |key| table.required(key, "texts").and_then(|item| item.string("texts")).map(str::to_owned);
    let (title, version) = (text("title"), text("version"));
    table.required("effective_from", "dates such as 2013-04-08");
    let (effective_from, effective_to) = effective(table);
    let (source, summary) = (text("source"), text("summary"));
    Some(About {
        title: title?,
        version: version?,
        effective_from: effective_from?,
        effective_to,
        source: source?,
        summary: summary?,
    })
}

/// The packs that a configuration includes, by name.
pub(crate) struct Packs<'a> {
    names: Names<'a>,
    /// `None` for a template with mistakes.
    templates: BTreeMap<String, Option<Template<'a>>>,
    /// Whether all that is included could be read. Otherwise a pack that is not known may be in what could not.
    whole: bool,
}

struct Template<'a> {
    table: Table<'a>,
    /// Whether a breaker has been made of it.
    taken: Cell<bool>,
}

impl<'a> Packs<'a> {
    pub(crate) fn new(whole: bool) -> Self {
        Self { names: Names::of("pack"), templates: BTreeMap::new(), whole }
    }

    /// Reads `[pack]` and `[template]` of an included file, which needs neither.
    pub(crate) fn read(&mut self, file: &Table<'a>) {
        let name = file.optional("pack").and_then(|item| item.table("pack".into(), ABOUT)).and_then(|table| {
            let (table, name) = self.names.claim(table);
            about_of(&table);
            table.finish();
            name
        });
        let Some(item) = file.optional("template") else { return };
        if !file.has("pack") {
            item.wrong("stands in a file without a name, allowed are templates beside a table [pack]");
        }
        let Some(name) = name else { return };
        let template = item.table(format!("pack {name:?}: template"), TEMPLATE).filter(|table| {
            table.refuse(&OWN, "each breaker that is made of it has its own");
            !OWN.iter().any(|key| table.has(key))
        });
        self.templates.insert(name, template.map(|table| Template { table, taken: Cell::new(false) }));
    }

    /// A breaker's table with what its pack says of it, if it names one.
    pub(crate) fn fill(&self, table: Table<'a>) -> Option<Table<'a>> {
        let Some(item) = table.optional("pack") else { return Some(table) };
        let template = self.template(item)?.table.own();
        for (key, value) in template.table {
            let key: &str = key.get_ref();
            if let Some((name, _)) = table.own().table.get_key_value(key).filter(|_| key != CALENDAR) {
                let pack = Spot { log: template.log, at: value.span().start }.seen_from(table.log());
                let text = format!(
                    "the pack says what {key} is, at {pack}; allowed are keys that it leaves open, and {CALENDAR}"
                );
                table.log().wrong(name.span().start, table.message(&text));
            }
        }
        Some(table.on(template))
    }

    fn template(&self, item: Item<'_, 'a>) -> Option<&Template<'a>> {
        const ALLOWED: &str = "names of included packs that have a template";
        let name = item.string(ALLOWED)?;
        let Some(template) = self.templates.get(name) else {
            if !self.whole {
                return None;
            }
            let names = || self.templates.keys().map(String::as_str);
            let known = names().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "there is none".into() } else { format!("these are {known}") };
            let include = match pack(name) {
                Ok(Pack { has_breaker: true, .. }) => format!("; include = [{name:?}] at the top includes this one"),
                _ => did_you_mean(name, names()),
            };
            return item.refuse(&format!("{ALLOWED}, and {known}{include}"));
        };
        let template = template.as_ref()?;
        template.taken.set(true);
        Some(template)
    }

    /// A pack guards nothing by being included.
    pub(crate) fn warn_of_idle(&self) {
        for (name, template) in &self.templates {
            if let Some(Template { table, .. }) = template.as_ref().filter(|template| !template.taken.get()) {
                let text = format!("no breaker is made of it; [[breaker]] with pack = {name:?} makes one");
                table.log().warn(table.at(), table.message(&text));
            }
        }
    }
}
