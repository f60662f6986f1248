#!/usr/bin/env bash
# The very test command of the README, taken from it, so that the two cannot drift apart.
set -euo pipefail
cd "$(dirname "$0")/.."
command=$(grep -m1 -E '^cargo test --workspace' README.md) || { echo "README.md names no test command" >&2; exit 1; }
echo "+ $command"
$command
