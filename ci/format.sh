#!/usr/bin/env bash
# Formatting, so that a diff shows what changed and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all --check
