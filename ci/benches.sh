#!/usr/bin/env bash
# The benches compile; what they measure is only worth reading on a quiet machine, so they run by hand.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo bench --workspace --no-run --locked
