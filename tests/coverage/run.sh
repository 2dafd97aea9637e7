#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#   run.sh FOLDER    builds Tabor there with counters in it, runs tests, prints
#                    the table of table.py and exits as it does
#
# By clang 19, whose counters know which condition decided (MC/DC). A program's
# counts are written as it ends. The decoding worker can't do that in its jail:
# it begins with no environment, so the name that is built in counts, by which
# they are a mapped file from the start (%c); of those, lines and branches only.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1" && cd "$1"
folder=$PWD
flags="-O1 -fprofile-instr-generate=$folder/counts/jail-%c%p.profraw \
-fcoverage-mapping -fcoverage-mcdc -mllvm -runtime-counter-relocation \
-fsanitize-recover=all" # the explorer of orders is not for counting

# What looks at the build, at time or at the machine, not at our code; and what
# takes minutes to say no more than others.
without='dev|golden-.*|kit|layers|examples|piece|rt-.*|order|tsan|wheel|lint
|mutation|soak|score|onsets.*|torture|worker|fuzz-.*\.sh|server-dies.*
|server-hangs.*|(py|lua)-(onsets|sonicpi|model|others|clicks|sum|exit.*|fork
|stubs|pytest|tools|loops|lua|clock-tasks)'
without=$(tr -d '\n' <<<"$without")

say() {
    printf 'coverage: %s\n' "$*"
}

# logged NAME COMMAND...: its output into NAME.log; the end of it, if it fails
logged() {
    local log=$1.log
    shift
    "$@" </dev/null >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        say "failed: $*; the whole log is $folder/$log" >&2
        exit 1
    }
}

# value NAME: of a variable of the Makefile, as words
value() {
    # shellcheck disable=SC2016  # for make to expand
    printf 'include Makefile\nshow:\n\t@echo $(%s)\n' "$1" |
        make --no-print-directory -s -f - show
}

configure() {
    [ "$(cat .flags 2>/dev/null)" != "$flags" ] || return 0
    say "configure (log: $folder/configure.log)"
    logged configure "$top/configure" CC=clang-19 CFLAGS="$flags" \
        LDFLAGS="-fprofile-instr-generate" PYTHON="${PYTHON:-python3}"
    printf '%s\n' "$flags" >.flags
}

# Of the tests that may fail for the counters' sake: a worker's memory, and
# its environment, are not what they are without.
run_tests() {
    local name chosen=()
    for name in $(value TESTS); do
        [[ $name =~ ^tests/($without)(\.sh|\.py)?$ ]] || chosen+=("$name")
    done
    say "${#chosen[@]} tests (log: $folder/check.log)"
    export LLVM_PROFILE_FILE=$folder/counts/%4m.profraw
    make check TESTS=tests/worker >worker.log 2>&1 </dev/null || true
    make -j"${JOBS:-$(nproc)}" check TESTS="${chosen[*]}" >check.log 2>&1 \
        </dev/null || failed=1
    grep -E '^(FAIL|ERROR):' check.log || true
}

# What holds the maps from counters to lines: the library, modules, and the C
# tests, in which headers of ours are compiled too.
programs() {
    local file
    for file in $(value c_tests) src/tabor-decode bindings/lua/.libs/tabor \
        {backends,bindings/lua,bindings/python}/.libs/*.so; do
        # a program may have no code of its own that counts
        ! readelf -S "$file" 2>/dev/null | grep -q __llvm_covmap ||
            printf -- '-object\n%s\n' "$file"
    done
}

export_counts() {
    local objects
    mapfile -t objects < <(programs)
    llvm-profdata-19 merge --failure-mode=all counts/*.profraw -o counts.merged
    llvm-cov-19 export -instr-profile=counts.merged src/.libs/libtabor.so \
        "${objects[@]}" >counts.json
}

failed=0
configure
say "make (log: $folder/make.log)"
logged make make -j"${JOBS:-$(nproc)}"
logged make-tests make -j"${JOBS:-$(nproc)}" check TESTS=
rm -rf counts && mkdir counts
run_tests
export_counts 2>export.log || { cat export.log >&2 && exit 1; }
./pre-inst-env "${PYTHON:-python3}" -B "$top/tests/coverage/table.py" \
    counts.json || failed=1
exit "$failed"
