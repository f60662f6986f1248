# Sourced by the scripts of this folder: steps with a name and a time.
step() { # NAME COMMAND...
    local name=$1 begin=$SECONDS
    shift
    echo "=== $name: $*"
    "$@"
    steps+=("$name ($((SECONDS - begin)) s)")
}
steps=()
