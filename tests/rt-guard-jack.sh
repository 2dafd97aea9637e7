#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The same promise on a device: RtAudio's thread, called by a JACK server.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 100 bash "$0"
# shellcheck source=tests/guard/guarded.sh
. "$srcdir/tests/guard/guarded.sh"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require jack
guard_folder=$servers_folder/guard
guard_require
player=$builddir/tests/guard-player

jack_start 64
guard_begin jack
ok "a program that plays all it can on JACK ends as it should" \
    guarded "$player" rtaudio 2500 api=jack
is_clean "rtaudio on JACK"
judged=$(figure judged)
is "page faults and switches were counted in $judged callbacks" \
    "$((judged > 2000))" 1
guard_begin jack-poll
ok "and with wake=poll" guarded "$player" rtaudio 1500 api=jack poll
is_clean "rtaudio on JACK, wake=poll"
is "no system call at all: $(figure wakes) writes" "$(figure wakes)" 0
guard_begin jack-sin
guarded_sin lock "$player" rtaudio 600 api=jack
is "a lock in the callback of JACK's thread is caught" "$(figure lock)" 2
jack_stop TERM
done_testing
