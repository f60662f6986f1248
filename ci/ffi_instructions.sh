#!/usr/bin/env bash
# Counts the instructions of the C interface, exactly and repeatably, with callgrind. Fails if an inline check takes more than 20, or if
# the example's matching engine takes more than 25 more an order with one. With gcc; clang takes two or three more.
#
# By hand: ci/ffi_instructions.sh; PREFIX= names a place where Haltline is installed, else it is built.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in valgrind pkg-config g++; do
    command -v $tool >/dev/null || { echo "ffi_instructions: skipped, $tool is not installed"; exit 0; }
done
make -s -C benches/ffi build/bench CXX="${CXX:-g++}" ${PREFIX:+PREFIX="$PREFIX"} >&2

count() { # NAME N -> instructions of the whole run
    valgrind --tool=callgrind --callgrind-out-file=/dev/null benches/ffi/build/bench --count "$1" "$2" 2>&1 |
        sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p'
}
each() { # NAME -> instructions of one call, its loop included
    local few many
    few=$(count "$1" 10000)
    many=$(count "$1" 20000)
    echo $(((many - few + 5000) / 10000))
}

failed=0
tell() { # NAME FOUND [GOAL]
    local verdict=
    if [[ -n ${3:-} ]]; then
        verdict="<= $3: held"
        [[ $2 -le $3 ]] || { verdict="<= $3: MISSED"; failed=1; }
    fi
    printf '%-24s %4s  %s\n' "$1" "$2" "$verdict"
}

loop=$(each loop)
echo "instructions a call (the loop's own $loop taken off)"
for name in check check2 permits admits-price empty-call call trade; do
    goal=
    [[ $name == check ]] && goal=20
    tell "$name" $(($(each $name) - loop)) $goal
done
orders=50000
base=$(count engine-none $orders)
echo "the engine: $((base / orders)) instructions an order, its book and its orders made; more with"
for name in inline call two two-price; do
    goal=
    [[ $name == inline ]] && goal=25
    tell "engine-$name" $((($(count engine-$name $orders) - base) / orders)) $goal
done
[[ $failed == 0 ]] && echo "ffi_instructions: passed"
exit $failed
