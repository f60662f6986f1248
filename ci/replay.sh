#!/usr/bin/env bash
# The README's first command in its own words, and the seven years: both check what they find against their scenario.
set -euo pipefail
cd "$(dirname "$0")/.."
command=$(grep -m1 -E '^cargo run --release -- replay' README.md) || { echo "README.md names no replay" >&2; exit 1; }
echo "+ $command"
$command
cargo run --release --locked -- replay scenarios/daily-2013-2020.toml
