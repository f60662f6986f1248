#!/usr/bin/env bash
# Clippy over everything, warnings denied; then the documentation, its warnings denied, too.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo clippy --workspace --all-targets --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
