#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Integers of our own making reach PulseAudio as they are: 32 bits of a sound
# that fits in them, and 16 dithered bits that a take's file has too.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require pulse
# shellcheck source=tests/servers/capture.sh
. "$srcdir/tests/servers/capture.sh"

take=$servers_folder/take.tlog
file=$servers_folder/take.wav

# render_take LANGUAGE [--no-dither]: in 16 bits, with what is built here.
render_take() {
    if [ "$1" = lua ]; then
        # shellcheck disable=SC2086  # a word or none
        "$builddir/bindings/lua/tabor" --replay "$take" --render "$file" \
            --bits 16 ${2-}
    else
        "$PYTHON" -c 'import sys, tabor
tabor.replay(sys.argv[1]).save(sys.argv[2], bits=16, dither=not sys.argv[3])' \
            "$take" "$file" "${2-}"
    fi
}

integers() {
    if [ "$("${PYTHON:-:}" -c 'print(1)' 2>/dev/null)" = 1 ]; then
        "$PYTHON" "$srcdir/tests/servers/integers.py" "$@"
    else
        python3 "$srcdir/tests/servers/integers.py" "$@"
    fi
}

second=$servers_folder/second.wav
make_sound "$second" 48000
pulse_start
for language in $players; do
    ok "$language plays on PulseAudio with format=s32" \
        capture pulse "$language" play "$second" 256 s32
    ok "all 48000 frames are captured, bit for bit" capture_exact 48000
    ok "$language plays with format=s16, dithered" \
        capture pulse "$language" play "$second" 256 s16 "$take"
    ok "its take is rendered in 16 bits" render_take "$language"
    ok "what was captured is the same integers" \
        integers "$capture_raw" "$file"
    ok "(it is rendered without dither)" render_take "$language" --no-dither
    integers "$capture_raw" "$file" >/dev/null
    is "which are others" $? 1
    ok "$language plays with format=s24" \
        capture pulse "$language" play "$second" 256 s24
    ok "and something is heard" test "$(tr -d '\0' <"$capture_raw" | wc -c)" -gt 100000
done
done_testing
