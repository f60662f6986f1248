#!/usr/bin/env bash
# Makes what C and C++ programs link: libhaltline.a, libhaltline.so, the headers, and the files by which pkg-config and
# CMake find them. What is installed holds no path of this machine: the folder may be moved afterwards.
#
# By hand: ffi/build.sh --prefix DIR
#
# CC, LD, OBJCOPY, AR and CARGO name other tools. CARGO_TARGET_DIR is where cargo works, else target/ffi. Beyond cargo's own
# crates nothing is downloaded, and with CARGO_NET_OFFLINE=true not even these.
set -euo pipefail

usage() { echo "usage: ffi/build.sh --prefix DIR${1:+; found $1}" >&2; exit 2; }
prefix=
while [[ $# -gt 0 ]]; do
    case $1 in
        --prefix) [[ -n ${2:-} ]] || usage "--prefix without a folder"; prefix=$2; shift 2 ;;
        --prefix=?*) prefix=${1#*=}; shift ;;
        *) usage "$1" ;;
    esac
done
[[ -n $prefix ]] || usage
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo} cc=${CC:-cc} ld=${LD:-ld} objcopy=${OBJCOPY:-objcopy} ar=${AR:-ar}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/ffi}
symbols=ffi/symbols.txt
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
major=${version%%.*}
[[ -n $version ]] || { echo "Cargo.toml: [workspace.package] has no version" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An rlib among the crate types would switch link-time optimisation off without a word, so the crate names none and the
# archive is asked for here. The compiler says which libraries of the system it needs.
"$cargo" rustc --release --locked -p haltline-ffi --crate-type staticlib -- --print native-static-libs 2> >(tee "$work/log" >&2)
# Every C compiler adds the C library and the unwinder by itself, and knows their names in a static link.
system_libs=$(sed -n 's/.*native-static-libs: //p' "$work/log" | tail -1 | sed 's/-lgcc_s//; s/-lc$//; s/  */ /g; s/^ //; s/ $//')

# One object whose only global names are ours: another Rust archive in the same program has the same standard library in
# it, and each keeps its own. ld keeps nothing without a root, and unwinding needs .eh_frame, which no strip here takes.
mapfile -t roots < <(sed 's/^/--undefined=/' "$symbols")
"$ld" -r --gc-sections --force-group-allocation "${roots[@]}" -T ffi/package/join.ld \
    -o "$work/joined.o" "$CARGO_TARGET_DIR/release/libhaltline_ffi.a"
"$objcopy" --keep-global-symbols="$symbols" "$work/joined.o" "$work/haltline.o"
# Tools that know LLVM choke on what is left of its bitcode.
"$objcopy" --strip-debug --strip-unneeded --remove-section=.llvmbc --remove-section=.llvmcmd "$work/haltline.o"

lib=$prefix/lib
mkdir -p "$lib/pkgconfig" "$lib/cmake/haltline" "$prefix/include"
rm -f "$lib/libhaltline.a" "$lib"/libhaltline.so*
(cd "$work" && "$ar" rcsD "$lib/libhaltline.a" haltline.o)

# nodelete: the threads of a System and the destructors of thread-locals must find their code after a dlclose.
{
    echo "HALTLINE_$major {"
    echo "global:"
    sed 's/$/;/' "$symbols"
    echo "local: *;"
    echo "};"
} >"$work/version"
"$cc" -shared -o "$lib/libhaltline.so.$version" "$work/haltline.o" -Wl,-soname,"libhaltline.so.$major" \
    -Wl,--version-script,"$work/version" -Wl,--no-undefined -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,nodelete $system_libs
ln -s "libhaltline.so.$version" "$lib/libhaltline.so.$major"
ln -s "libhaltline.so.$major" "$lib/libhaltline.so"

install -m 644 include/* "$prefix/include"
fill() { # TEMPLATE FILE
    sed "s/@VERSION@/$version/g; s/@MAJOR@/$major/g; s/@SYSTEM_LIBS@/$system_libs/g; s/@SYSTEM_LIBS_LIST@/${system_libs// /;}/g" \
        "ffi/package/$1" >"$2"
}
fill haltline.pc.in "$lib/pkgconfig/haltline.pc"
fill haltline-static.pc.in "$lib/pkgconfig/haltline-static.pc"
fill haltlineConfig.cmake.in "$lib/cmake/haltline/haltlineConfig.cmake"
fill haltlineConfigVersion.cmake.in "$lib/cmake/haltline/haltlineConfigVersion.cmake"
echo "haltline $version: $(stat -c %s "$lib/libhaltline.a") bytes of archive in $prefix"
