#!/usr/bin/env bash
# Explores the models of the memory row (src/memory/loom_tests): every interleaving of a few threads, and every value that
# a weakly ordered machine may show them. A test on the machine at hand sees few of the one and none of the other. Each
# model has a broken twin that must fail. About five minutes with compiling, on two cores.
#
# By hand: ci/loom.sh, or ci/loom.sh lanes::never_open for those whose names begin so.
set -euo pipefail
cd "$(dirname "$0")/.."

# Limits that stop early and pass, and a weakened ordering, are for experiments.
unset LOOM_MAX_DURATION LOOM_MAX_PERMUTATIONS LOOM_MAX_PREEMPTIONS LOOM_CHECKPOINT_FILE HALTLINE_WEAKEN
# A folder of its own: another RUSTFLAGS compiles everything anew. Fat LTO would take longer than the models.
export RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="$PWD/target/loom" RUST_BACKTRACE=0
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --release --locked -p haltline --lib --no-run
if ! cargo test --release --locked -p haltline --lib "memory::loom_tests::${1:-}" -- --show-output >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
# The executions of each: plain looks in both spawn orders, hard looks in both.
sed -n 's/^model \(.*\): \(executions .*\): .*/\1: \2/p' "$log" | sort
grep -c '^test .*should panic ... ok$' "$log" | sed 's/$/ broken twins failed, as they must/'
grep '^test result' "$log"
grep -q '^model' "$log" || { echo "no model ran" >&2; exit 1; }
