# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Record what a player plays, without losing its first frame: the player opens
# its device and waits for a line before it plays; the recorder comes in
# between. (Not at the same time: two clients that arrive together are what
# jackd's synchronous mode, which loses no frames, deadlocks on.)
#
#   capture jack|pulse LANGUAGE DO SOUND [BLOCK [FORMAT [TAKE]]]
#
# needs jack_start or pulse_start before; leaves $capture_raw (interleaved
# float32) and $capture_said (what the player said); returns the player's
# status.

: "${builddir:?start it through pre-inst-env}"
capture_raw=${servers_folder:?}/capture.raw
capture_said=$servers_folder/player.said
capture_ready=$servers_folder/capture.ready
capture_go=$servers_folder/go

# A minute of memory is more than any of these tests plays.
capture_begin() {
    rm -f "$capture_raw" "$capture_ready"
    case $1 in
    jack)
        "$builddir/tests/jackcap" "$capture_raw" 2880000 tabor \
            >"$capture_ready" &
        ;;
    pulse)
        parec -d tabor.monitor --format=float32le --rate=48000 --channels=2 \
            --latency-msec=20 --raw >"$capture_raw" &
        ;;
    esac
    capture_pid=$!
    servers_own "$capture_pid"
}

capture_is_ready() {
    case $1 in
    jack) grep -q connected "$capture_ready" ;;
    pulse) [ -s "$capture_raw" ] ;;
    esac
}

# Whatever goes wrong, the player is let go and ends.
capture_once() {
    capture_api=$1 capture_language=$2 capture_do=$3
    shift 3
    [ -p "$capture_go" ] || mkfifo "$capture_go"
    exec 5<>"$capture_go"
    : >"$capture_said"
    player "$capture_language" "$capture_do" "$capture_api" "$@" \
        <"$capture_go" >"$capture_said" 5>&- &
    capture_player=$!
    wait_until 6 grep -q open "$capture_said"
    capture_begin "$capture_api"
    wait_until 6 capture_is_ready "$capture_api"
    [ -z "${capture_before:-}" ] || "$capture_before"
    echo go >&5
    wait "$capture_player"
    capture_status=$?
    exec 5>&-
    servers_stop "$capture_pid" TERM
    [ "$capture_status" = 0 ] && ! grep -q '^lost' "$capture_said"
}

# Is it the server that failed? The player has lost it, or it does not answer.
capture_server_failed() {
    grep -q '^lost' "$capture_said" && return
    case $1 in
    jack) ! timeout 3 jack_lsp ;;
    pulse) ! timeout 3 pactl info ;;
    esac >/dev/null 2>&1
}

# On a crowded machine a server deadlocks, aborts or stands still for half a
# second, once in some hundred plays. That is told from a fault of ours, and
# another server gets one chance.
capture() {
    capture_once "$@" && return
    capture_server_failed "$1" || return 1
    echo "$1 failed by itself: once more, with another" >&2
    case $1 in
    jack) jack_stop KILL && jack_sweep && jack_start "${jack_period:?}" ;;
    pulse) pulse_stop KILL && pulse_start ;;
    esac
    capture_once "$@"
}

# Were all frames of the sound captured, each once, bit for bit?
capture_exact() {
    stamps verify "$capture_raw" "$1"
}
