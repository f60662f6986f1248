#!/usr/bin/env bash
# Which model defends which memory ordering: turns one after the other into Relaxed and prints the models that then fail.
# The result stands in docs/orderings.md. An ordering that no model defends is not one too many: loom keeps the order in
# which one word's changes are executed, and its mailboxes are locks. Not a gate; run it when an ordering or a model changes.
#
# By hand: ci/orderings.sh [NAME...]; ten minutes for all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

unset LOOM_MAX_DURATION LOOM_MAX_PERMUTATIONS LOOM_MAX_PREEMPTIONS LOOM_CHECKPOINT_FILE HALTLINE_WEAKEN
export RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="$PWD/target/loom" RUST_BACKTRACE=0
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

built=$(cargo test --release --locked -p haltline --lib --no-run 2>&1) || { echo "$built" >&2; exit 1; }
binary=$(sed -n 's/.*(\(.*haltline-[0-9a-f]*\)).*/\1/p' <<<"$built")

# Twins fail always. The models of the whole feed take minutes and have smaller sisters. Each model says at its end which
# orderings it has used: only those can change it.
models=$("$binary" memory::loom_tests:: --skip ::twins:: --skip ::listener:: --show-output | sed -n 's/^model //p')
orderings=$("$binary" names_of_the_orderings --show-output | sed -n 's/^ordering //p')

printf '%-20s %-8s %s\n' name ordering "models that fail without it"
while read -r name ordering; do
    [[ $ordering == Relaxed ]] && continue
    [[ $# -gt 0 && " $* " != *" $name "* ]] && continue
    users=$(grep -w -- "$name" <<<"${models}" | sed 's/: executions.*//; s/^/memory::loom_tests::/' || true)
    failing=$(
        # A model that a weakened ordering makes endless is stopped, and has not failed.
        HALTLINE_WEAKEN=$name timeout 300 "$binary" --exact $users 2>/dev/null </dev/null |
            sed -n 's/^test memory::loom_tests::\(.*\) \.\.\. FAILED$/\1/p' | sort || true
    )
    [[ -z $users ]] && failing="(no model uses it)"
    printf '%-20s %-8s %s\n' "$name" "$ordering" "$(head -4 <<<"${failing:-none}" | paste -sd ' ')"
done <<<"$orderings"
