# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Commands under the guard:
#
#   . "$srcdir/tests/guard/guarded.sh"
#   guard_require                   skips the test where there is no guard
#   guard_begin NAME                a new report, in $guard_report
#   guarded COMMAND...              runs it, its output in $guard_folder/said
#   guarded_sin SIN COMMAND...      the same, and SIN is committed
#   figure NAME                     prints the sum over the report's processes
#   offences                        prints "kind=n" for each that is not 0
#
# Needs tap.sh.

: "${builddir:?start it through pre-inst-env}"
guard_folder=$PWD/t-guard.$$
guard_report=$guard_folder/report
guard_kinds='allocation free lock sleep stdio file loader environment thread
thread-local syscall fault switch'

guard_require() {
    [ -f "$TABOR_GUARD" ] ||
        skip_all "the guard is made for x86-64 Linux with glibc"
    if grep -q -- '-fsanitize\|--coverage' "$builddir/config.status"; then
        skip_all "an instrumented build calls its instruments"
    fi
    mkdir -p "$guard_folder"
}

guard_begin() {
    guard_report=$guard_folder/$1
    rm -f "$guard_report"
}

guarded() {
    TABOR_GUARD_REPORT=$guard_report LD_PRELOAD=$TABOR_GUARD "$@" \
        >"$guard_folder/said" 2>&1 </dev/null
}

guarded_sin() {
    guard_sin=$1
    shift
    TABOR_GUARD_REPORT=$guard_report TABOR_SIN=$guard_sin \
        TABOR_SIN_MODULE="$builddir/tests/guard/.libs/lazy.so" \
        LD_PRELOAD="$builddir/tests/guard/.libs/sins.so $TABOR_GUARD" "$@" \
        >"$guard_folder/said" 2>&1 </dev/null
}

figure() {
    awk -v name="$1" '/^guard / {
        for (i = 2; i <= NF; i++) {
            split($i, pair, "=")
            if (pair[1] == name) n += pair[2]
        }
    }
    END { print n + 0 }' "$guard_report" 2>/dev/null || echo 0
}

offences() {
    for guard_kind in $guard_kinds; do
        guard_n=$(figure "$guard_kind")
        [ "$guard_n" = 0 ] || printf '%s=%s ' "$guard_kind" "$guard_n"
    done
}

# guard_show: the offenders and where, for a failed test's log
guard_show() {
    awk '/^guard / { guilty = /guilty/ } guilty' "$guard_report" 2>/dev/null |
        head -60 | sed 's/^/# /'
}

# is_clean WHAT: nothing was offended, in more than no callbacks
is_clean() {
    guard_looked=$(figure callbacks)
    guard_found=$(offences)
    [ "$guard_looked" -gt 0 ] || guard_found='no callback was seen'
    is "$1: nothing that waits or may wait, in $guard_looked callbacks" \
        "$guard_found" ""
    [ -z "$guard_found" ] || guard_show
}
