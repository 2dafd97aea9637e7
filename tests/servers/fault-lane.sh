#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# fault-lane.sh API SIGNAL LANGUAGE TIMES: a player plays, its server gets a
# signal; again and again, with servers that only this lane knows. Says a line
# for each time:
#
#   DO STATUS MS said: STEPS... told: MS calls: MS exit: MS noise: BYTES
#
# DO is what the player does next: leave at once, or stay until its server is
# back, which is a new one after KILL and TERM, and the same one, continued,
# after STOP. MS: from the signal (leave) or from the server's return (stay)
# to the end of the player's process. told: from the signal to DeviceLost; calls:
# a stop, and the voice's end; exit: close(). noise: what came out on stderr.
# shellcheck source=tests/lib/servers.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/servers.sh"
servers_private bash "$0" "$@"
api=$1 signal=$2 language=$3 times=$4
said=$servers_folder/said
noise=$servers_folder/noise

start_server() {
    case $api in
    jack) jack_start 256 && server_pid=$jack_pid ;;
    pulse) pulse_start && server_pid=$pulse_pid ;;
    esac
}

# By the shell alone: it is asked often, and starting grep would cost more
# time than all the rest.
has_said() {
    while read -r step _; do
        [ "$step" != "$1" ] || return 0
    done <"$said"
    return 1
}

milliseconds() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# stdin's lines, each with the time
stamp() {
    while read -r line; do
        echo "$line $(milliseconds)"
    done
}

# said_at STEP: when
said_at() {
    while read -r step stamped; do
        [ "$step" != "$1" ] || echo "${stamped##* }"
    done <"$said"
}

# between EARLIER LATER: milliseconds, or nothing
between() {
    if [ -n "$1" ] && [ -n "$2" ]; then
        echo $(($2 - $1))
    fi
}

bring_back() {
    wait_until 4 has_said lost
    if [ "$signal" = STOP ]; then
        kill -CONT "$server_pid"
    else
        wait "$server_pid"
        start_server
    fi
}

# once DO SECONDS-BEFORE-THE-SIGNAL
once() {
    : >"$said"
    jack_sweep
    start_server || start_server || echo "no $api server"
    player "$language" "$1" "$api" "$sound" > >(stamp >"$said") 2>"$noise" &
    player_pid=$!
    wait_until 10 has_said playing
    sleep "$2"
    began=$(milliseconds)
    signalled=$began
    kill -s "$signal" "$server_pid"
    if [ "$1" = stay ]; then
        bring_back
        began=$(milliseconds)
    fi
    wait "$player_pid"
    player_status=$?
    over=$(milliseconds)
    wait_until 2 has_said closed
    settled=$(said_at "$([ "$1" = stay ] && echo back || echo lost)")
    ended=$(said_at ended)
    echo "$1 $player_status $((over - began))" \
        "said: $(tr '\n\t' '  ' <"$said")" \
        "told: $(between "$signalled" "$(said_at lost)")" \
        "calls: $(between "$settled" "$ended")" \
        "exit: $(between "$ended" "$over")" \
        "noise: $(wc -c <"$noise")"
    cat "$noise" >&2
    servers_stop "$server_pid" KILL
}

sound=$servers_folder/sound.wav
make_sound "$sound" 480000
i=0
while [ "$i" -lt "$times" ]; do
    case $((i % 2)) in
    0) once leave ".0$((i % 10))" ;;
    1) once stay ".$((10 + i % 30))" ;;
    esac 2>>"$servers_folder/lane.err"
    i=$((i + 1))
done
grep -v 'Killed\|Terminated' "$servers_folder/lane.err" >&2
exit 0
