#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Fuzzing: each target of tests/fuzz, with all of Tabor under sanitizers, for
# TABOR_FUZZ_SECONDS each (1 unless it is set); coverage leads where clang has
# libFuzzer. Then the same with a bug, which must be found.
#
# TABOR_FUZZ_TARGETS: the names of some, else all. An input that breaks a
# promise is left in t-fuzz-TARGET.bad, to be tried again with
# tests/fuzz-TARGET t-fuzz-TARGET.bad.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
seconds=${TABOR_FUZZ_SECONDS:-1}
patience=$((seconds < 5 ? 20 : 120)) # for a planted bug
limit=400 # most of it is for compilers on a machine that is busy
[ "$seconds" -lt 5 ] || limit=$((1200 + 14 * seconds))
tap_limit "$limit" bash "$0"

here=$PWD
folder=$here/t-fuzz.$$
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"
cd "$folder" || exit
# libsndfile leaks what it has read of a bad file; ours is looked after by the
# memory checkers.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1

read -ra targets <<<"${TABOR_FUZZ_TARGETS:-answer names ring sound take lua}"
[ -x "${builddir:?}/tests/fuzz-lua" ] ||
    read -ra targets <<<"${targets[*]/%lua/}"

# has COMPILER FLAGS...: does it build such a program?
has() {
    local compiler=$1
    shift
    printf '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *b, size_t n) { return b && n > 99999; }\n%s' \
        "${main_too:-}" >has.c
    "$compiler" "$@" has.c -o has 2>/dev/null && ./has -runs=1 >/dev/null 2>&1
}

if has clang -fsanitize=fuzzer,address,undefined; then
    compiler=clang engine=libfuzzer
elif main_too='int main(void) { return 0; }' \
    has "$CC" -fsanitize=address,undefined; then
    compiler=$CC engine=loop
    note "no clang with libFuzzer here: mutations without coverage"
else
    skip_all "neither clang nor $CC builds for AddressSanitizer here"
fi

build() {
    make -j2 -s -f "$srcdir/tests/fuzz/build.mk" srcdir="$srcdir" \
        builddir="$builddir" compiler="$compiler" engine="$engine" \
        thorough="$((seconds >= 5))" "$@"
}

# hunt PROGRAM TARGET SECONDS: its words are in PROGRAM.log; fails if it found
# something
hunt() {
    if [ "$engine" = loop ]; then
        "./$1" --hunt "$3" >"$1.log" 2>&1
    else
        "./$1" -seed=1 -max_total_time="$3" -max_len=8192 -timeout=60 \
            -rss_limit_mb=4096 -artifact_prefix="$folder/$1." \
            "$folder/corpus-$2" >"$1.log" 2>&1
    fi
}

# looked TARGET: how much, from the log of a hunt that ended
looked() {
    sed -n 's/^# \([0-9]* inputs, .*\)/\1/p' "fuzz-$1.log"
    sed -n 's/^#\([0-9]*\).*DONE *cov: \([0-9]*\).*/\1 inputs, \2 edges/p' \
        "fuzz-$1.log"
}

# left PROGRAM: where the input is that broke it
left() {
    find "$folder" -name "$1.*" ! -name '*.log' -o -name "t-fuzz-*.bad" |
        head -1
}

try_target() {
    local target=$1 words found
    mkdir -p "corpus-$target"
    (cd "$here" && "$builddir/tests/fuzz-$target" --seeds \
        "$folder/corpus-$target") >/dev/null 2>&1
    if hunt "fuzz-$target" "$target" "$seconds"; then
        words=$(looked "$target")
        ok "$target: $words, and none breaks a promise" \
            test "${words%% *}" -ge 10
    else
        found=$(left "fuzz-$target")
        [ -z "$found" ] || cp "$found" "$here/t-fuzz-$target.bad"
        ok "$target: no input breaks a promise" false
        note "$(grep -a -v -E 'NEW|REDUCE|pulse' "fuzz-$target.log" |
            head -c 6000)"
    fi
    rm -rf "corpus-$target" && mkdir "corpus-$target"
    (cd "$here" && "$builddir/tests/fuzz-$target" --seeds \
        "$folder/corpus-$target") >/dev/null 2>&1
    words=$(bash "$srcdir/tests/fuzz/plants.sh" words "$target")
    if hunt "bug-$target" "$target" "$patience"; then
        ok "(a bug is found: $words)" false
    else
        ok "(a bug is found: $words)" grep -a -q -E \
            'broken: |ERROR: AddressSanitizer|runtime error: ' "bug-$target.log"
    fi
}

if ! build "${targets[@]/#/fuzz-}" "${targets[@]/#/bug-}" >log 2>&1; then
    ok "Tabor and its targets are built under sanitizers" false
    note "$(tail -30 log)"
fi
for target in "${targets[@]}"; do
    try_target "$target"
done
is "(${#targets[@]} targets were tried)" "${tap_count:?}" \
    $((2 * ${#targets[@]}))
done_testing
