# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# TAP for tests in shell:
#
#   . "$srcdir/tests/lib/tap.sh"
#   tap_limit 55 "$0" "$@"          the test ends by itself after 55 seconds
#   ok "a fact" COMMAND...          holds if the command succeeds
#   is "a fact" GOT WANTED          holds if both are the same text
#   skip "a fact" REASON
#   skip_all REASON                 instead of any test
#   note "a remark"
#   done_testing                    last: the plan, and the exit status
#
# What a command of ok prints is shown only if it fails.

tap_count=0
tap_failed=0

# A test starts itself anew under a time limit.
tap_limit() {
    tap_seconds=$1
    shift
    if [ "${TAP_LIMITED:-}" != "$1" ]; then
        TAP_LIMITED=$1 exec timeout -k 3 "$tap_seconds" "$@"
    fi
    unset TAP_LIMITED
}

# In a name, "#" would begin a directive.
tap_line() {
    tap_count=$((tap_count + 1))
    printf '%s %d - %s%s\n' "$1" "$tap_count" \
        "$(printf '%s' "$2" | sed 's/#/\\#/g')" "${3:+ # $3}"
}

note() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
    tap_name=$1
    shift
    if tap_output=$("$@" 2>&1); then
        tap_line ok "$tap_name"
    else
        note "status $? from: $*"
        tap_line "not ok" "$tap_name"
        tap_failed=$((tap_failed + 1))
        [ -z "$tap_output" ] || note "$tap_output"
    fi
}

is() {
    if [ "$2" = "$3" ]; then
        tap_line ok "$1"
    else
        tap_line "not ok" "$1"
        tap_failed=$((tap_failed + 1))
        note "got:    $2"
        note "wanted: $3"
    fi
}

skip() {
    tap_line ok "$1" "SKIP $2"
}

skip_all() {
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

done_testing() {
    printf '1..%d\n' "$tap_count"
    [ "$tap_count" -gt 0 ] && [ "$tap_failed" -eq 0 ]
    exit
}
