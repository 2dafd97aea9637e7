#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Is the checker on under which ./dev check runs these tests? Each fault that it
# is for is planted, in C and in a module of an interpreter that was not built
# for it, started as the tests are; it must be told.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
: "${builddir:?}"

: "${TABOR_UNDER:?names the checkers: ./dev check --asan and so on run me}"
said=$PWD/t-checker.$$
trap 'rm -f "$said"' EXIT
module=$builddir/tests/.libs/faults.so

# Names of faults, and what a checker says of each.
declare -A faults=(
    [asan]="past_end freed leak" [ubsan]="overflow shift"
    [valgrind]="past_end freed leak unset" [tsan]="race")
declare -A words=(
    [asan-past_end]="heap-buffer-overflow" [asan-freed]="heap-use-after-free"
    [asan-leak]="detected memory leaks"
    [ubsan-overflow]="signed integer overflow"
    [ubsan-shift]="shift exponent 64 is too large"
    [valgrind-past_end]="Invalid write" [valgrind-freed]="Invalid read"
    [valgrind-leak]="definitely lost" [valgrind-unset]="uninitialised value"
    [tsan-race]="data race")

# run LANGUAGE FAULT: as the tests of that language are run
run() {
    # shellcheck disable=SC2086  # words
    case $1 in
    C) ${TABOR_RUN_C:-} "$builddir/tests/faulty" "$2" ;;
    Python) $TABOR_RUN_PYTHON -c "import ctypes
ctypes.CDLL('$module').fault_$2(None)" ;;
    Lua) $TABOR_RUN_LUA -e "package.loadlib('$module', 'fault_$2')()" ;;
    esac >"$said" 2>&1
}

# told LANGUAGE FAULT WORDS: the run fails, and says so
told() {
    ! run "$1" "$2" && grep -q -e "$3" "$said"
}

found=0
for language in C Python Lua; do
    ok "$TABOR_UNDER says nothing of $language without a fault" \
        run "$language" none
    for checker in ${TABOR_UNDER//-/ }; do
        # an interpreter's start takes valgrind seconds
        [ "$checker-$language" != valgrind-Python ] ||
            faults[valgrind]="past_end leak"
        for fault in ${faults[$checker]}; do
            ok "$checker tells of a planted fault in $language: ${fault/_/ }" \
                told "$language" "$fault" "${words[$checker-$fault]}"
            found=$((found + 1))
        done
    done
done
ok "$found faults were planted" test "$found" -ge 3
done_testing
