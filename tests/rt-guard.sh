#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the audio thread does while programs run: no allocation, no lock, no
# system call but the one write that wakes a reader, no page fault and no
# voluntary switch once it is warm. Then each sin that the guard is to see is
# committed in a callback, and it must see it.
#
# TABOR_LONG=1: under the guard, all other tests too.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit "$([ "${TABOR_LONG:-0}" = 1 ] && echo 3600 || echo 170)" bash "$0"
# shellcheck source=tests/guard/guarded.sh
. "$srcdir/tests/guard/guarded.sh"
trap 'rm -rf "$guard_folder"' EXIT
guard_require
player=$builddir/tests/guard-player

# ------------------------------------------------------------ a program --

guard_begin event
ok "a program that plays all it can ends as it should" \
    guarded "$player" null 2500
is_clean "wake=event"
is "the kernel hands over each of its system calls" "$(figure dispatch)" 1
wakes=$(figure wakes)
is "the write that wakes a reader was made ($wakes times), at most one a block" \
    "$((wakes > 50 && wakes <= $(figure callbacks)))" 1
judged=$(figure judged)
is "page faults and switches were counted in $judged of $(figure callbacks)" \
    "$((judged > 2000))" 1

guard_begin poll
ok "with wake=poll it ends as it should" guarded "$player" null 2500 poll
is_clean "wake=poll"
is "and not even that write is made" "$(figure wakes)" 0
is "(in $(figure judged) callbacks)" "$(($(figure judged) > 2000))" 1

# ------------------------------------------------------------- the sins --

guard_begin none
ok "a callback with no sin in it ends well" guarded_sin "" "$player" null 250
is "and is told clean" "$(grep -c verdict=clean "$guard_report")" 1

# sinful SIN KIND: SIN is told as KIND, and the program ends as without
sinful() {
    guard_begin "$1"
    ok "$1 in the callback does not change how the program ends" \
        guarded_sin "$1" "$player" null 250
    is "but it is caught, as $2 ($(offences))" \
        "$(grep -c "^  the first $2:" "$guard_report")" 1
    is "and its backtrace tells where" "$(($(sed -n "/first $2:/,/first/p" \
        "$guard_report" | grep -c 'sins\.so\|tabor_watch_leave') > 0))" 1
}
sinful malloc allocation
sinful free free
sinful lock lock
sinful printf stdio
sinful sleep sleep
sinful sleep switch
sinful open file
sinful getenv environment
sinful syscall syscall
sinful instruction syscall
sinful write syscall
sinful fault fault
sinful thread-local thread-local

# ---------------------------------------------------------- other tests --

# under COMMAND...: a test of ours, with all that it starts
programs=0 callbacks=0 judged=0
under() {
    name=$(basename "${!#}")
    guard_begin "$name"
    ok "$name passes under the guard" guarded "$@"
    if [ "${TABOR_LONG:-0}" = 1 ] && [ "$(figure callbacks)" = 0 ]; then
        note "$name opens no engine"
        return
    fi
    is_clean "$name"
    programs=$((programs + 1))
    callbacks=$((callbacks + $(figure callbacks)))
    judged=$((judged + $(figure judged)))
}

# in_python NAME..., in_lua NAME..., in_c NAME...
in_python() {
    [ -f "$builddir/bindings/python/.libs/_tabor.so" ] || return 0
    for name; do
        under "$PYTHON" "$srcdir/tests/$name.py"
    done
}

in_lua() {
    [ -f "$builddir/bindings/lua/.libs/tabor.so" ] || return 0
    for name; do
        under "$LUA" "$srcdir/tests/$name.lua"
    done
}

in_c() {
    for name; do
        under "$builddir/tests/$name"
    done
}

# every test but those that build or look at files only, and this
all_tests() {
    for path in "$srcdir"/tests/{py,lua}-*.{py,lua} "$srcdir"/tests/both.py \
        "$srcdir"/tests/{console,drivers,examples,piece}.sh \
        "$srcdir"/tests/server-*.sh; do
        [ -f "$path" ] || continue
        case $path in
        *py-stubs.py) ;;
        *.py) in_python "$(basename "$path" .py)" ;;
        *.lua) in_lua "$(basename "$path" .lua)" ;;
        *) under bash "$path" ;;
        esac
    done
    for path in "$srcdir"/tests/*.c; do
        [ ! -x "$builddir/tests/$(basename "$path" .c)" ] ||
            case $path in
            *jackcap.c) ;;
            *) in_c "$(basename "$path" .c)" ;;
            esac
    done
}

if [ "${TABOR_LONG:-0}" = 1 ]; then
    all_tests
else
    in_c batch client render shape take
    in_python py-batch py-full py-play
    in_lua lua-batch lua-events lua-play
fi
is "all in all, $callbacks callbacks of $programs programs were looked at, \
$judged of them to the page" "$((callbacks > 20000 && judged > 30))" 1
done_testing
