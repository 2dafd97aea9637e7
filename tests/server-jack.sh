#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What is played through JACK arrives: every frame, once, bit for bit.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require jack
servers_require jackcap
# shellcheck source=tests/servers/capture.sh
. "$srcdir/tests/servers/capture.sh"

second=$servers_folder/second.wav
make_sound "$second" 48000
long=$servers_folder/long.wav
make_sound "$long" 480000

for period in 64 256 1024; do
    jack_start "$period"
    for language in $players; do
        ok "JACK with period $period: $language plays a sound from its exact \
frame to its end" capture jack "$language" play "$second"
        is "$language's block is JACK's period" \
            "$(tr '\t' ' ' <"$capture_said" | grep open)" "open $period system"
        ok "all 48000 frames from $language are captured, each once, bit for \
bit" capture_exact 48000
    done
    jack_stop TERM
done

# The checker itself: the sound without its header, then without one frame,
# then with one wrong byte.
tail -c +45 "$second" >"$capture_raw"
ok "the sound itself passes the check" capture_exact 48000
{
    head -c $((44 + 8 * 20000)) "$second"
    tail -c +$((45 + 8 * 20001)) "$second"
} | tail -c +45 >"$capture_raw"
ok "and fails it if it lacks one frame" eval '! capture_exact 48000'
tail -c +45 "$second" >"$capture_raw"
printf '\1' | dd of="$capture_raw" bs=1 seek=160000 conv=notrunc 2>/dev/null
ok "or has one wrong byte" eval '! capture_exact 48000'

freewheel() {
    date +%s%N >"$servers_folder/began"
    jack_freewheel y >/dev/null
}
capture_before=freewheel
for language in $players; do
    jack_start 256
    ok "in JACK's freewheel: $language plays ten seconds" \
        capture jack "$language" hurry "$long"
    took=$((($(date +%s%N) - $(cat "$servers_folder/began")) / 1000000))
    note "$language took $took ms"
    ok "in less than eight" [ "$took" -lt 8000 ]
    ok "all 480000 frames from $language are captured, each once, bit for bit" \
        capture_exact 480000
    jack_stop KILL
done
done_testing
