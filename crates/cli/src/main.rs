//! The `haltline` command: checks configurations, replays scenarios, lists the kinds of breakers and the rule packs, asks sources.

mod check;
mod kinds;
mod output;
mod packs;
mod plot;
mod replay;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Failure;

// No line is longer than a terminal of 80 columns, which would break it without its indentation.
const EXITS: &str = "Exit status:
  0  fine
  1  the thing looked at is not: a configuration with mistakes, a replay that
     found something else than expected, a source that does not answer as it
     should
  2  it could not be looked at: usage, a file that cannot be read or understood";

/// A trading circuit breaker: asked before every order whether it may go.
#[derive(Debug, Parser)]
#[command(name = "haltline", version, after_help = EXITS, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what a configuration means, or every mistake in it.
    ///
    /// Mistakes go to stderr, one a line, as file:line:column: what was found, what is allowed.
    #[command(after_help = format!("Examples:\n  haltline check risk.toml\n  haltline check --json risk.toml\n\n{EXITS}"))]
    Check {
        /// The configuration.
        file: PathBuf,
        /// One JSON object instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Runs a scenario through a System and shows what it did.
    ///
    /// A scenario names a configuration and daily bars. Prices between the bars are made, by straight lines, and every
    /// output says so. Or it is a script: a configuration and steps, each with what must be seen of a breaker then. Times
    /// are those of the scenario's calendar.
    #[command(after_help = format!(
        "Examples:\n  haltline replay scenarios/march-2020.toml\n  haltline replay scenarios/kinds/drawdown.toml\n  haltline replay scenarios/luld-tier-1.toml --plot luld.svg\n  \
         haltline replay --json scenarios/march-2020.toml | jq 'select(.to == \"tripped\")'\n\n{EXITS}"
    ))]
    Replay {
        /// The scenario.
        scenario: PathBuf,
        /// One JSON object a line: a header, the transitions, the summary.
        #[arg(long)]
        json: bool,
        /// Draws a picture, too: prices, bands, levels, and what denied when.
        #[arg(long, value_name = "FILE.svg")]
        plot: Option<PathBuf>,
    },
    /// Lists the kinds of breakers and their defaults.
    #[command(after_help = "Examples:\n  haltline kinds\n  haltline kinds --json")]
    Kinds {
        /// One JSON array instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Lists the rule packs that are built in, or explains one.
    ///
    /// A pack is a rule of a market as data: a configuration takes it in with include = ["NAME"].
    #[command(after_help = format!(
        "Examples:\n  haltline packs\n  haltline packs krx\n  haltline packs krx --toml > my-krx.toml\n\n{EXITS}"
    ))]
    Packs {
        /// The pack to explain.
        name: Option<String>,
        /// JSON instead of tables: an array of all, or one object.
        #[arg(long)]
        json: bool,
        /// The text of the pack.
        #[arg(long, requires = "name", conflicts_with = "json")]
        toml: bool,
    },
    /// Asks what is outside: market status, volatility indices, levels, checks.
    #[command(subcommand)]
    Sources(Sources),
}

#[derive(Debug, Subcommand)]
enum Sources {
    /// Asks each source of a file once, and shows what it says.
    ///
    /// A failed check and a closed venue are answers; a venue's word that the file does not list is none, and is shown. Addresses
    /// and headers come from the environment variables that the file names; none is shown.
    #[command(after_help = format!(
        "Examples:\n  haltline sources check sources.toml\n  haltline sources check --json sources.toml\n\n{EXITS}"
    ))]
    Check {
        /// The sources.
        file: PathBuf,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Check { file, json } => check::run(&file, json),
        Command::Replay { scenario, json, plot } => replay::run(&scenario, json, plot.as_deref()),
        Command::Kinds { json } => kinds::run(json),
        Command::Packs { name: None, json, .. } => packs::list(json),
        Command::Packs { name: Some(name), toml: true, .. } => packs::toml(&name),
        Command::Packs { name: Some(name), json, .. } => packs::explain(&name, json),
        Command::Sources(Sources::Check { file, json }) => sources::check(&file, json),
    };
    match done {
        Ok(code) => code,
        // Whoever read the output has seen enough.
        Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Told(text)) => {
            anstream::eprintln!("{}error{}: {text}", output::BAD.render(), output::BAD.render_reset());
            ExitCode::from(2)
        }
    }
}
