//! TOML text to a [`haltline::Plan`], with every mistake reported at once.
//!
//! [`parse`] is pure, [`parse_under`] too, and [`load`] reads a file, what it includes and its lists of instruments; neither
//! panics, whatever the bytes are. A configuration with a mistake gives no plan at all: each mistake comes back as a
//! [`Finding`] with its line, its column, what was found and what is allowed. What is legal but unusual (a shadow breaker, a
//! drawdown limit above 20 %) comes back as a warning beside the plan.
//!
//! Calendars are compiled here, with the time-zone database that is built into this crate: the core sees nothing but
//! UTC boundaries, and one file means the same sessions on every machine.
//!
//! With the feature `watch` a System follows its file: `watch` reloads it whenever it changes.
//!
//! Every key, with its unit, range and default, is described in `docs/config.md`.
//!
//! ```
//! let text = r#"
//! [[breaker]]
//! name = "dd"
//! kind = "drawdown"
//! scope = "acct/main"
//! limit = 1.5
//! "#;
//! let mistakes = haltline_config::parse(text, "risk.toml").unwrap_err();
//! assert_eq!(
//!     mistakes.to_string(),
//!     "risk.toml:6:9: breaker \"dd\": limit: found 1.5, allowed are fractions above 0 and at most 1"
//! );
//!
//! let config = haltline_config::parse(&text.replace("1.5", "0.08"), "risk.toml")?;
//! assert_eq!(config.plan.breakers[0].name, "dd");
//! # Ok::<(), haltline_config::Mistakes>(())
//! ```

mod anomaly_detection;
mod band;
mod breaker;
mod calendar;
mod capacity;
mod correlation;
mod data_feed_integrity;
mod drawdown;
mod finding;
mod hours;
mod include;
mod instruments;
mod item;
mod ladder;
mod limits;
mod liquidation;
mod loss_rate;
mod market;
mod model_performance;
mod names;
mod once;
mod operator;
mod pack;
mod policy;
mod polled;
mod position_limit;
mod premarket_validation;
mod rolling;
mod scalar;
mod sheet;
mod system;
mod table;
mod technical;
mod time_based;
mod volatility;
#[cfg(feature = "watch")]
mod watch;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use haltline::{Nanos, Plan, Sessions};
use toml::de::DeTable;

pub use finding::{Finding, Mistakes};
pub use instruments::Instruments;
pub use pack::{Pack, pack, packs};
pub use scalar::duration;
#[cfg(feature = "watch")]
pub use watch::{Change, WatchError, WatchOptions, Watcher, watch, watch_with};

use finding::Log;
use include::{Csv, Source};
use instruments::Lists;
use system::Files;
use table::Table;

/// What reads a configuration, for another file of the same style: tables walked key by key, with every mistake at its place.
///
/// For the crates of this project; it may change with any version.
pub mod reader {
    pub use crate::finding::{Log, Spot};
    pub use crate::item::{ANY_TIME, Allowed, Item, LONGEST, SOME_TIME};
    pub use crate::names::Names;
    pub use crate::scalar::{did_you_mean, excerpt};
    pub use crate::table::{Entries, Table};
}

/// How long a configuration is at most, in bytes: 4 MiB.
pub const MAX_BYTES: u64 = 4 << 20;

/// What a file without mistakes means.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What a System is made from.
    pub plan: Plan,
    /// The calendars by their names.
    pub calendars: BTreeMap<String, Calendar>,
    /// The lists of instruments by their names.
    pub instruments: BTreeMap<String, Instruments>,
    /// What is allowed but unusual, in the order in which the files are read. What depends on the day is in [`ends`](Self::ends).
    pub warnings: Vec<Finding>,
}

/// How long before its end a calendar is worth a word.
const MONTH: Duration = Duration::from_secs(31 * 86_400);

impl Config {
    /// Each calendar whose last session closed before `now`, or will close within 31 days of it, by their names; the finding stands at
    /// its `to` or its `dates_of`.
    ///
    /// After that session all that goes by the calendar denies, from one morning to the next. No text knows the day on which it
    /// is read, so these are not among the [`warnings`](Self::warnings): a program logs both when it starts, and these again each
    /// day, with the time of its [`System`](haltline::System::now).
    ///
    /// ```
    /// use haltline::Nanos;
    /// let text = r#"
    /// [[calendar]]
    /// name = "us"
    /// timezone = "America/New_York"
    /// from = 2020-01-01
    /// to = 2020-12-31
    /// sessions = { mon-fri = ["09:30", "16:00"] }
    ///
    /// [[breaker]]
    /// name = "hours"
    /// kind = "time_based"
    /// scope = ""
    /// calendar = "us"
    /// "#;
    /// let config = haltline_config::parse(text, "risk.toml")?;
    /// let april = Nanos::from_secs(1_585_699_200);
    /// assert!(config.ends(april).is_empty());
    /// let december = Nanos::from_secs(1_608_000_000);
    /// assert_eq!(
    ///     config.ends(december)[0].to_string(),
    ///     "risk.toml:6:6: calendar \"us\": its last session is on 2020-12-31; after it, what goes by this calendar denies"
    /// );
    /// # Ok::<(), haltline_config::Mistakes>(())
    /// ```
    pub fn ends(&self, now: Nanos) -> Vec<Finding> {
        self.calendars.iter().filter_map(|(name, calendar)| calendar.end(name, now)).collect()
    }
}

/// A calendar, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The IANA name of its time zone.
    pub time_zone: String,
    /// Its sessions in UTC. Breakers of one calendar share them.
    pub sessions: Arc<Sessions>,
    /// The file in which its end is written, by `to` or by `dates_of`.
    pub file: Arc<str>,
    /// The line of that, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Calendar {
    /// What [`Config::ends`] has to say of it.
    fn end(&self, name: &str, now: Nanos) -> Option<Finding> {
        let last = self.sessions.as_slice().last()?;
        let when = match last.close {
            close if close < now => format!("was on {}; what goes by this calendar denies", last.date),
            close if close - now <= MONTH => {
                format!("is on {}; after it, what goes by this calendar denies", last.date)
            }
            _ => return None,
        };
        let message = format!("calendar {name:?}: its last session {when}");
        Some(Finding { file: self.file.clone(), line: self.line, column: self.column, message })
    }
}

/// Reads a configuration from text; `file` is the name that findings carry. It may include packs that are built in; it reads no
/// files, neither to include nor for instruments.
///
/// # Errors
/// All mistakes of the text, in its order.
pub fn parse(text: &str, file: &str) -> Result<Config, Mistakes> {
    read_text(text, file, None, None).config
}

/// Reads a configuration that is one table of a larger file: `[config]` and `[[config.breaker]]` for the key `config`.
/// Findings stand where they stand in that file. It may include packs that are built in; it reads no files.
///
/// # Errors
/// All mistakes of the table, in its order, and what is no TOML anywhere in the text.
pub fn parse_under(text: &str, file: &str, key: &str) -> Result<Config, Mistakes> {
    read_text(text, file, None, Some(key)).config
}

/// What was read, and whence.
struct Loaded {
    config: Result<Config, Mistakes>,
    /// The path of each file that the configuration names, also of those that could not be read; not its own.
    #[cfg_attr(not(feature = "watch"), expect(dead_code, reason = "only a watch asks"))]
    named: Vec<PathBuf>,
}

/// `path` is that of the file, if it is one, and `under` the key of the table that is the configuration.
fn read_text(text: &str, file: &str, path: Option<&Path>, under: Option<&str>) -> Loaded {
    let size = text.len() as u64;
    if size > MAX_BYTES {
        return Loaded { config: Err(Mistakes::of_file(file, too_long(&size.to_string()))), named: Vec::new() };
    }
    let gathered = include::gather(Source::new(file, text), path, under);
    Loaded { config: read_all(&gathered.sources, &gathered.csv, under), named: gathered.named }
}

fn read_all(sources: &[Source<'_>], csv: &[Csv], under: Option<&str>) -> Result<Config, Mistakes> {
    let trees: Vec<_> = sources.iter().map(|source| DeTable::parse_recoverable(&source.text)).collect();
    let logs: Vec<_> = sources.iter().map(|source| Log::new(&source.text, &source.file)).collect();
    let csv: Vec<_> = csv.iter().map(|csv| Log::new(&csv.text, &csv.file)).collect();
    for ((_, syntax), log) in trees.iter().zip(&logs) {
        for error in syntax {
            log.syntax(error.span(), error.message());
        }
    }
    let read: Vec<_> =
        sources.iter().zip(&trees).zip(&logs).map(|((source, (tree, _)), log)| (source, tree.get_ref(), log)).collect();
    let config = files(&read, &csv, under).map(system::config).unwrap_or_default();
    conclude(logs.into_iter().chain(csv), config)
}

/// The root tables of all files, of which the last includes the others, and the instruments that they list in files `csv`.
fn files<'a>(
    read: &[(&'a Source<'_>, &'a DeTable<'a>, &'a Log<'a>)],
    csv: &'a [Log<'a>],
    under: Option<&str>,
) -> Option<Files<'a>> {
    let (&(source, whole, log), others) = read.split_last()?;
    let main = match under {
        None => Table::root(log, whole),
        Some(key) => table_under(log, whole, key)?,
    };
    let mut sound = include::check(&main, source);
    let (mut included, mut lists) = (Vec::new(), Lists::new());
    for &(source, entries, log) in others {
        let file = Table::root(log, entries);
        sound &= !log.is_marred() & include::check(&file, source);
        lists.read(&file, source, csv);
        included.push(file);
    }
    lists.read(&main, source, csv);
    Some(Files { included, main, lists, whole: sound })
}

fn table_under<'a>(log: &'a Log<'a>, whole: &'a DeTable<'a>, key: &str) -> Option<Table<'a>> {
    let table = whole.get(key).and_then(|value| Some((value.span().start, value.get_ref().as_table()?)));
    if table.is_none() {
        log.missing(0, format!("the table [{key}] is missing"));
    }
    table.map(|(at, entries)| Table::new(log, String::new(), at, entries))
}

/// The configuration with its warnings, if no file has a mistake.
fn conclude<'a>(logs: impl Iterator<Item = Log<'a>>, config: Config) -> Result<Config, Mistakes> {
    let (mut warnings, mut mistakes) = (Vec::new(), Vec::new());
    for found in logs.map(Log::conclude) {
        match found {
            Ok(told) => warnings.extend(told),
            Err(wrong) => mistakes.push(wrong),
        }
    }
    match Mistakes::of_files(mistakes) {
        None => Ok(Config { warnings, ..config }),
        Some(mistakes) => Err(mistakes),
    }
}

/// Reads a configuration from a file, what it includes, and its lists of instruments.
///
/// # Errors
/// All mistakes of the file, of those that it includes and of its lists. One that cannot be read, is longer than [`MAX_BYTES`] or
/// is not UTF-8 has that one.
pub fn load(path: &Path) -> Result<Config, Mistakes> {
    load_all(path).config
}

fn load_all(path: &Path) -> Loaded {
    let file = path.to_string_lossy();
    let unread = |mistakes| Loaded { config: Err(mistakes), named: Vec::new() };
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(why) => return unread(Mistakes::of_file(&file, why)),
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => read_text(text, &file, Some(path), None),
        Err(error) => unread(Mistakes::not_utf8(&file, &bytes, error.valid_up_to())),
    }
}

/// The text of a file, for a reader of another format.
///
/// # Errors
/// The one mistake of a file that cannot be read, is longer than [`MAX_BYTES`] or is not UTF-8.
pub fn text(path: &Path) -> Result<String, Mistakes> {
    let file = path.to_string_lossy();
    let bytes = read(path).map_err(|why| Mistakes::of_file(&file, why))?;
    String::from_utf8(bytes)
        .map_err(|error| Mistakes::not_utf8(&file, error.as_bytes(), error.utf8_error().valid_up_to()))
}

/// The bytes of a file; never more than one beyond the limit, so that no file fills the memory.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(too_long(&size.to_string()));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    // Something without a size of its own, a pipe for example.
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_long(&format!("more than {MAX_BYTES}")));
    }
    Ok(bytes)
}

fn too_long(size: &str) -> String {
    format!("found {size} bytes, allowed are at most {MAX_BYTES} (4 MiB)")
}
