#!/usr/bin/env bash
# The README's first command in its own words, the seven years, and the days of markets with a picture of each: all check what they
# find against their scenario.
set -euo pipefail
cd "$(dirname "$0")/.."
command=$(grep -m1 -E '^cargo run --release -- replay' README.md) || { echo "README.md names no replay" >&2; exit 1; }
echo "+ $command"
$command
cargo run --release --locked -- replay scenarios/daily-2013-2020.toml
pictures="${CARGO_TARGET_DIR:-target}/pictures"
mkdir -p "$pictures"
for day in luld-tier-1 luld-tier-2 krx-day nse-day; do
    cargo run --release --locked -- replay "scenarios/$day.toml" --plot "$pictures/$day.svg"
done
