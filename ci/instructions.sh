#!/usr/bin/env bash
# Counts the instructions of one call, exactly and repeatably, with callgrind: time on a shared machine wobbles, this
# does not. Fails if a check of the arm word and three scopes takes more than 12.
#
# By hand: ci/instructions.sh
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
    echo "instructions: skipped, valgrind is not installed"
    exit 0
fi

built=$(cargo bench --bench instructions --no-run 2>&1) || { echo "$built" >&2; exit 1; }
binary=$(sed -n 's/.*(\(.*instructions-[0-9a-f]*\)).*/\1/p' <<<"$built")

count() { # NAME CALLS -> instructions of the whole run
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p'
}

each() { # NAME -> instructions of one call, its loop included
    local few many
    few=$(count "$1" 10000)
    many=$(count "$1" 20000)
    echo $(((many - few + 5000) / 10000))
}

loop=$(each loop)
printf '%-16s %s\n' "what" "instructions a call (the loop's own $loop taken off)"
failed=0
for name in floor check-1 check-3 check-3-others permits-3 check-7 check_with check-3-denied observe outcome outcome-time trip; do
    calls=$(($(each $name) - loop))
    printf '%-16s %s\n' "$name" "$calls"
    if [ $name = check-3 ] && [ $calls -gt 12 ]; then
        echo "instructions: check-3 takes $calls, the goal is 12"
        failed=1
    fi
done
[ $failed = 0 ] && echo "instructions: passed"
exit $failed
