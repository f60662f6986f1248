#!/usr/bin/env bash
# The windows over 10^8 observations, against two passes over what is in them: nothing drifts. Optimised, since without it
# they would take minutes; the tests of the README run the same over 10^6. Then a short soak, which judges itself.
set -euo pipefail
cd "$(dirname "$0")/.."
# A folder of its own, as for the models: fat LTO would take longer than the runs.
export CARGO_TARGET_DIR="$PWD/target/long" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
found=$(cargo test --release --locked -p haltline --lib long_run | tee >(cat >&2) | grep -c '^test .* ok$')
[[ $found -ge 5 ]] || { echo "only $found long runs" >&2; exit 1; }
cargo run --release --locked -p haltline --example soak -- --seconds 20
