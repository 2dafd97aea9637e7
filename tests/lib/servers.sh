# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Private JACK and PulseAudio servers for tests, seen by nobody else:
#
#   . "$srcdir/tests/lib/servers.sh"
#   servers_private "$0" "$@"       after tap_limit: may start the test anew
#   servers_require jack            skips the test if it can't run here, or
#                                   fails it if TABOR_REQUIRE_SERVERS is 1
#   jack_start 256; jack_stop TERM  sets jack_pid
#   pulse_start; pulse_stop TERM    sets pulse_pid
#   player python play jack s.wav   a script that plays; see servers/player.py
#
# What was started is ended by its pid when the test ends, however it ends.
# Needs tap.sh.

: "${srcdir:?start it through pre-inst-env}" "${builddir:?}"
servers_folder=

# Killed JACK servers and clients leave locks behind that all servers of a user
# share through /dev/shm. So the test starts itself anew in namespaces of its
# own, if this kernel lets it (root, or others through a user namespace): with
# another /dev/shm, and with the promise that no process of it is left behind.
# The limit of tap_limit goes on counting.
servers_private() {
    for servers_unshare in '' '-r'; do
        [ "${TABOR_PRIVATE_SHM:-no}" = no ] || break
        # shellcheck disable=SC2086
        set -- "unshare $servers_unshare -m -p --propagation private --fork \
--kill-child --mount-proc sh -c" "$@"
        # shellcheck disable=SC2086
        if $1 'mount -t tmpfs tmpfs /dev/shm' 2>/dev/null; then
            servers_words=$1
            shift
            # shellcheck disable=SC2016
            TAP_LIMITED=$1 TABOR_PRIVATE_SHM=yes exec $servers_words \
                'mount -t tmpfs -o size=512m,mode=1777 tmpfs /dev/shm &&
                    exec "$@"' private "$@"
        fi
        shift
    done
    servers_isolate
}

# Sockets need short paths, which the build folder may not have. A private
# /dev/shm goes away by itself, however the test ends.
servers_isolate() {
    servers_folder=${TMPDIR:-/tmp}
    [ "${TABOR_PRIVATE_SHM:-no}" = no ] || servers_folder=/dev/shm
    servers_folder=$(mktemp -d "$servers_folder/tabor-XXXXXX") || exit 1
    : >"$servers_folder/pids"
    trap 'servers_end' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    unset DISPLAY DBUS_SESSION_BUS_ADDRESS PULSE_SINK PULSE_COOKIE
    export HOME="$servers_folder" XDG_RUNTIME_DIR="$servers_folder"
    export XDG_CONFIG_HOME="$servers_folder"
    export PULSE_RUNTIME_PATH="$servers_folder"
    export JACK_DEFAULT_SERVER="tabor-$$"
    export JACK_NO_AUDIO_RESERVATION=1 JACK_NO_START_SERVER=1
    export PULSE_SERVER="unix:$servers_folder/socket"
    export PULSE_CONFIG_PATH="$servers_folder"
}

servers_end() {
    servers_status=$?
    trap - EXIT
    while read -r servers_pid; do
        kill -KILL "$servers_pid"
        wait "$servers_pid"
    done <"$servers_folder/pids" 2>/dev/null
    rm -rf "$servers_folder"
    exit "$servers_status"
}

# Remember a process of this test's, to be ended with it; in a file, because
# subshells start some.
servers_own() {
    echo "$1" >>"$servers_folder/pids"
}

# servers_stop PID SIGNAL: send it, wait until the process has gone; a second
# signal, which can't be ignored, goes to one that stays.
servers_stop() {
    kill -s "$2" "$1" 2>/dev/null
    wait_until 3 servers_gone "$1" || kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
    return 0
}

# Gone, or dead and not buried yet.
servers_gone() {
    ! grep -q '^State:[[:space:]]*[^Z]' "/proc/$1/status"
}

# Is everything here that tests with this server need? If not: servers_why.
servers_have() {
    case $1 in
    jack) servers_need='jackd jack_lsp jack_freewheel' ;;
    jackcap) servers_need=$builddir/tests/jackcap ;;
    pulse) servers_need='pulseaudio pactl parec' ;;
    esac
    for servers_command in $servers_need; do
        if ! command -v "$servers_command" >/dev/null 2>&1; then
            servers_why="there is no $servers_command"
            return 1
        fi
    done
    if ! [ -f "$builddir/backends/.libs/rtaudio.so" ]; then
        servers_why='configured without rtaudio'
        return 1
    fi
    players=$(player_languages)
    servers_why='configured without python and lua'
    [ -n "$players" ] || return 1
    servers_why='no Python runs, which checks what was captured'
    [ "$(stamps)" = stamps ]
}

# stamps make FILE FRAMES, stamps verify FILE FRAMES: see stamps.py. PYTHON may
# be a colon, if configured without.
stamps() {
    if [ "$("${PYTHON:-:}" -c 'print(1)' 2>/dev/null)" = 1 ]; then
        "$PYTHON" "$srcdir/tests/lib/stamps.py" "$@"
    else
        python3 "$srcdir/tests/lib/stamps.py" "$@"
    fi
}

make_sound() {
    stamps make "$1" "$2"
}

servers_require() {
    servers_have "$1" && return
    [ "${TABOR_REQUIRE_SERVERS:-0}" = 1 ] || skip_all "$servers_why"
    ok "what tests with $1 need is here: $servers_why" false
    done_testing
}

# The languages that are built here, in $players.
player_languages() {
    [ -f "$builddir/bindings/python/.libs/_tabor.so" ] && echo python
    [ -f "$builddir/bindings/lua/.libs/tabor.so" ] && echo lua
}

# player LANGUAGE DO API SOUND [BLOCK [FORMAT [TAKE]]]
player() {
    player_folder=$srcdir/tests/servers
    case $1 in
    python) set -- "$PYTHON" "$player_folder/player.py" "$@" ;;
    lua) set -- "$LUA" "$player_folder/player.lua" "$@" ;;
    esac
    player_command=$1 player_script=$2
    shift 3
    timeout -k 1 60 "$player_command" "$player_script" "$@"
}

# wait_until SECONDS COMMAND...: ask again each 50 ms; 1 if it never succeeds.
wait_until() {
    wait_turns=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        wait_turns=$((wait_turns - 1))
        [ "$wait_turns" -gt 0 ] || return 1
        sleep .05
    done
}

# What killed servers leave behind may stop new ones; for when no client of
# theirs is left.
jack_sweep() {
    [ "${TABOR_PRIVATE_SHM:-no}" = no ] || rm -rf /dev/shm/jack*
}

jack_ready() {
    jack_lsp 2>/dev/null | grep -q '^system:playback_2$'
}

# jack_start PERIOD: synchronous, so that a late client costs no frames; with
# a long client timeout, so that one that is held up is not thrown out.
jack_start() {
    # shellcheck disable=SC2034  # capture.sh starts another one
    jack_period=$1
    jackd -n "$JACK_DEFAULT_SERVER" -r -S -t 10000 --port-max 64 \
        -d dummy -r "${jack_rate:-48000}" -p "$1" \
        >"$servers_folder/jackd.log" 2>&1 </dev/null &
    jack_pid=$!
    servers_own "$jack_pid"
    echo "$jack_pid" >"$servers_folder/jack.pid"
    wait_until 10 jack_ready
}

# The pid comes from a file: a subshell may have started another server.
jack_stop() {
    servers_stop "$(cat "$servers_folder/jack.pid")" "$1"
}

pulse_ready() {
    pactl info 2>/dev/null | grep -q '^Default Sink: tabor$'
}

# Without norewinds an idle null sink loses what is played first.
pulse_start() {
    cat >"$servers_folder/pulse.pa" <<END
load-module module-native-protocol-unix socket=socket auth-anonymous=1
load-module module-null-sink sink_name=tabor rate=48000 format=float32le \
channels=2 channel_map=stereo norewinds=1
set-default-sink tabor
END
    rm -f "$servers_folder/socket"
    pulseaudio -n -F "$servers_folder/pulse.pa" --daemonize=no \
        --use-pid-file=no --exit-idle-time=-1 \
        >"$servers_folder/pulse.log" 2>&1 </dev/null &
    pulse_pid=$!
    servers_own "$pulse_pid"
    echo "$pulse_pid" >"$servers_folder/pulse.pid"
    wait_until 10 pulse_ready
}

pulse_stop() {
    servers_stop "$(cat "$servers_folder/pulse.pid")" "$1"
}
