#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What is played through PulseAudio arrives: every frame, once, bit for bit.
# A server that had to wait for us fills in silence, which is no loss.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require pulse
# shellcheck source=tests/servers/capture.sh
. "$srcdir/tests/servers/capture.sh"

second=$servers_folder/second.wav
make_sound "$second" 48000
pulse_start
for block in 64 256 1024; do
    for language in $players; do
        ok "PulseAudio in blocks of $block: $language plays a sound from its \
exact frame to its end" capture pulse "$language" play "$second" "$block"
        is "$language's block is what it asked for" \
            "$(tr '\t' ' ' <"$capture_said" | grep open)" \
            "open $block Null Output"
        ok "all 48000 frames from $language are captured, each once, bit for \
bit" capture_exact 48000
    done
done
done_testing
