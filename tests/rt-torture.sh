#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# "tabor torture" and "python -m tabor torture": what a user runs to see on
# their own machine whether sound waits for a script, and what they are told.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
# shellcheck source=tests/guard/guarded.sh
. "$srcdir/tests/guard/guarded.sh"
trap 'rm -rf "$guard_folder"' EXIT
guard_require

said=$guard_folder/told
torture() {
    "${command[@]}" torture "$@" >"$said" 2>&1 </dev/null
}

says() {
    ok "$1" grep -q -e "$2" "$said"
    grep -q -e "$2" "$said" || sed 's/^/# /' "$said"
}

# try LANGUAGE: $command is its console
try() {
    torture --driver null --seconds 0.4
    is "$1: where all is well, the status is 0" "$?" 0
    says "$1: and the verdict that sound did not wait" \
        "^verdict: sound did not wait for $1\$"
    says "$1: all voices were told, on their frames" \
        '^voices: 1000 played, 1000 told to have ended, 1000 on their exact'
    callbacks=$(sed -n 's/^the audio thread, \([0-9]*\) callbacks.*/\1/p' \
        "$said")
    is "$1: $callbacks callbacks were looked at" "$((callbacks > 100))" 1
    says "$1: none of them waited" ' 0 allocations, 0 frees, 0 locks, 0 sleeps, 0 system calls, 0 page faults, 0 voluntary switches'

    LD_PRELOAD=$builddir/tests/guard/.libs/sins.so TABOR_SIN=lock \
        torture --driver null --seconds 0.4
    is "$1: a lock in the callback is status 1" "$?" 1
    says "$1: a verdict that something was found" '^verdict: FOUND: '
    says "$1: its name" '^  the first lock: pthread_mutex_lock'
    says "$1: and where" '^ *sins\.so+0x'

    TABOR_GUARD=$guard_folder/none torture --driver null --seconds 0.4
    is "$1: without the guard the voices are looked at" "$?" 0
    says "$1: and it is told that the callback was not" 'not looked at'

    torture --driver no-such
    is "$1: a driver that does not open is status 2" "$?" 2
    says "$1: and the reason is told" "no driver 'no-such'"
    torture --seconds x
    is "$1: no number of seconds is status 2" "$?" 2
}

tried=0
if [ -f "$builddir/bindings/python/.libs/_tabor.so" ]; then
    command=("$PYTHON" -m tabor)
    try Python
    tried=$((tried + 1))
fi
if [ -f "$builddir/bindings/lua/.libs/tabor.so" ]; then
    command=(tabor)
    try Lua
    tried=$((tried + 1))
fi
[ "$tried" -gt 0 ] || skip_all "configured without python and lua"
done_testing
