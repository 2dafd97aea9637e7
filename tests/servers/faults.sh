# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
#   faults jack|pulse TITLE SIGNAL...
#
# The whole test for one kind of server: it is killed (KILL), terminated (TERM)
# or stopped and continued (STOP), twenty times each, while a voice plays, or
# 52 times with TABOR_LONG=1. Half
# of the players leave at once, half stay until the server is back.

: "${srcdir:?start it through pre-inst-env}"
faults_times=${TABOR_LONG:+52} # even for each of two languages
faults_times=${faults_times:-20}

# faults_run API SIGNAL...: all signals and languages side by side
faults_run() {
    faults_api=$1
    shift
    faults_each=$((faults_times / $(echo "${players:?}" | wc -w)))
    faults_lanes=
    for signal in "$@"; do
        for language in $players; do
            timeout -k 1 "${TABOR_LONG:+9}150" env -u TABOR_PRIVATE_SHM bash \
                "$srcdir/tests/servers/fault-lane.sh" "$faults_api" "$signal" \
                "$language" "$faults_each" \
                >"${servers_folder:?}/$signal.$language" \
                2>"$servers_folder/$signal.$language.err" &
            faults_lanes="$faults_lanes $!"
            servers_own "$!"
        done
    done
    # shellcheck disable=SC2086
    wait $faults_lanes
}

# faults_count SIGNAL PATTERN: the times that the lanes' lines match
faults_count() {
    cat "$servers_folder/$1".python "$servers_folder/$1".lua 2>/dev/null |
        grep -c "$2"
}

faults_slowest() {
    cat "$servers_folder/$1".python "$servers_folder/$1".lua 2>/dev/null |
        sort -n -k 3,3 | tail -n 1 | cut -d ' ' -f 3
}

# faults_worst SIGNAL WORD: the longest of what "WORD: MS" tells, and how often
# it does
faults_worst() {
    cat "$servers_folder/$1".python "$servers_folder/$1".lua 2>/dev/null |
        sed -n "s/.* $2: \([0-9][0-9]*\) .*/\1/p" | sort -n |
        awk '{ worst = $1 } END { print worst + 0, NR }'
}

# faults_soon SIGNAL WORD MS WORDS: is what should take a part of that much told
# each time, and never later? A machine may be busy with other things.
faults_soon() {
    # shellcheck disable=SC2046
    set -- "$@" $(faults_worst "$1" "$2")
    ok "$4 within $3 ms ($5 at worst)" \
        [ "$5" -lt "$3" ] && [ "$6" -eq "$faults_times" ]
}

# faults_judge SIGNAL WORDS
faults_judge() {
    is "$2: DeviceLost is told each of $faults_times times" \
        "$(faults_count "$1" 'said:.* lost ')" "$faults_times"
    is "$2: each voice ends, on the clock that runs on" \
        "$(faults_count "$1" ' ended ')" "$faults_times"
    is "$2: the device comes back, and plays, each time it is waited for" \
        "$(faults_count "$1" '^stay.* back ')" "$((faults_times / 2))"
    is "$2: each process leaves cleanly" \
        "$(faults_count "$1" '^[a-z]* 0 .* closed ')" "$faults_times"
    ok "$2: none takes three seconds ($(faults_slowest "$1") ms)" \
        [ "$(faults_slowest "$1")" -lt 3000 ]
    faults_soon "$1" told 1500 "$2: DeviceLost is told"
    faults_soon "$1" calls 2000 "$2: calls are answered"
    faults_soon "$1" exit 3000 "$2: close() and exit"
    is "$2: nobody writes a word to stderr" \
        "$(faults_count "$1" 'noise: 0$')" "$faults_times"
    if [ "${tap_failed:?}" -gt 0 ]; then
        note "$(tail -n +1 "$servers_folder/$1".*)"
    fi
}

# With no signal, no loss: or all of the above would mean nothing.
faults_control() {
    case $1 in
    jack) jack_start 256 ;;
    pulse) pulse_start ;;
    esac
    make_sound "$servers_folder/sound.wav" 144000
    for language in $players; do
        is "$2: left alone, $language loses no device" \
            "$(player "$language" calm "$1" "$servers_folder/sound.wav" |
                tail -n 2 | tr '\n' ' ')" "calm closed "
    done
}

faults() {
    faults_server=$1 faults_title=$2
    shift 2
    faults_run "$faults_server" "$@"
    for signal in "$@"; do
        case $signal in
        KILL) faults_judge KILL "$faults_title killed" ;;
        TERM) faults_judge TERM "$faults_title terminated" ;;
        STOP) faults_judge STOP "$faults_title stopped and continued" ;;
        esac
    done
    faults_control "$faults_server" "$faults_title"
}
