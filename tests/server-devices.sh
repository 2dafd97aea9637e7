#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What can be opened is told as it is now, by a process that lives through the
# coming and going of servers; what can't be is refused with reason and cure.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require jack
servers_require pulse

# An asker in each language, told to look by a line.
start_asker() {
    mkfifo "$servers_folder/ask.$1"
    case $1 in
    python) set -- "$1" "$PYTHON" "$srcdir/tests/servers/devices.py" ;;
    lua) set -- "$1" "$LUA" "$srcdir/tests/servers/devices.lua" ;;
    esac
    timeout -k 1 100 "$2" "$3" <"$servers_folder/ask.$1" \
        >"$servers_folder/told.$1" &
    servers_own "$!"
}

# told LANGUAGE LINES: has it said so much?
told() {
    [ "$(wc -l <"$servers_folder/told.$1")" -ge "$2" ]
}

# ask: a new look by all of them
asked=0
ask() {
    asked=$((asked + 1))
    for language in $players; do
        echo >"/dev/fd/$(fd_of "$language")"
    done
    for language in $players; do
        wait_until 10 told "$language" "$asked" ||
            note "$language has not answered"
    done
}

fd_of() {
    case $1 in python) echo 6 ;; lua) echo 7 ;; esac
}

# says WORDS WHAT: the last line of each contains WORDS
says() {
    for language in $players; do
        last=$(tail -n 1 "$servers_folder/told.$language")
        case $last in
        *"$1"*) ok "$language, $2" true ;;
        *) ok "$language, $2" false && note "told: $last" ;;
        esac
    done
}

# says_not WORDS WHAT
says_not() {
    for language in $players; do
        last=$(tail -n 1 "$servers_folder/told.$language")
        case $last in
        available=*"$1"*) ok "$language, $2" false && note "told: $last" ;;
        available=*) ok "$language, $2" true ;;
        *) ok "$language, $2" false && note "told nothing" ;;
        esac
    done
}

for language in $players; do
    start_asker "$language"
    eval "exec $(fd_of "$language")>\"\$servers_folder/ask.\$language\""
done

ask
if [ -d /proc/asound/card0 ]; then
    says 'available=yes' \
        "with no server but a sound card: rtaudio can be opened"
else
    says 'available=no' "with no server: rtaudio can't be opened"
    says 'JACK: no server runs: start jackd' "and the reasons begin with JACK's"
    says 'PulseAudio: no server runs: start pulseaudio' "and go on with \
PulseAudio's"
fi
says_not '[system/' "with no server: none of JACK's devices"
says_not '[Null Output/' "with no server: none of PulseAudio's"

jack_start 256
make_sound "$servers_folder/sound.wav" 4800
ask
says 'available=yes' "with JACK: rtaudio can be opened"
says '[system/2/default]' "with JACK: its device, its channels, the default"
for language in $players; do
    is "$language, over JACK: ping comes back" \
        "$(player "$language" ping jack "$servers_folder/sound.wav" |
            tr '\t\n' '  ')" "open 256 system pong closed "
done

ok "rtaudio over JACK passes the suite that all drivers pass" \
    timeout 30 "$builddir/tests/conformance" rtaudio

# refused WORDS WHAT SETTING...: Python's open() says WORDS
refused() {
    refused_words=$1 refused_what=$2
    shift 2
    case $players in
    *python*) ;;
    *) skip "$refused_what" "configured without python" && return ;;
    esac
    refused_said=$("$PYTHON" - "$@" 2>&1 <<'END'
import sys

import tabor

options = dict(word.split("=", 1) for word in sys.argv[1:])
for name in ("rate", "channels"):
    if name in options:
        options[name] = int(options[name])
try:
    tabor.open(driver="rtaudio", **options)
except tabor.DeviceError as error:
    print(error)
END
    )
    case $refused_said in
    *"$refused_words"*) ok "$refused_what" true ;;
    *) ok "$refused_what" false && note "said: $refused_said" ;;
    esac
}

refused "open with rate=48000" "another rate than JACK's is refused, with it" \
    api=jack rate=44100
refused "open with channels=2" "more channels than there are, too" \
    api=jack channels=3
refused "no output device 'nobody'; there are: 'system'" \
    "a device that is not there, with those that are" api=jack device=nobody
refused "api is 'oss': write auto, jack, pulse or alsa" \
    "an api that is none, with those there are" api=oss
refused "buffers is '9': write 2 to 8" "buffers out of range" buffers=9
refused "realtime is 'maybe': write yes or no" "neither yes nor no" \
    realtime=maybe
refused "name is 'a:b'" "a name that JACK can't have" name=a:b
refused "PulseAudio: no server runs" "an api whose server is not there" \
    api=pulse

jack_stop TERM
ask
says_not '[system/' "JACK has gone: so has its device"
pulse_start
ask
says 'available=yes' "with PulseAudio: rtaudio can be opened"
says '[Null Output/2/default]' "with PulseAudio: its device is the default"
refused "no output device 'nobody'; there are: 'Null Output'" \
    "a device that PulseAudio has not, with those it has" \
    api=pulse device=nobody
ok "rtaudio over PulseAudio passes the suite that all drivers pass" \
    timeout 30 "$builddir/tests/conformance" rtaudio
pulse_stop TERM
ask
says_not '[Null Output/' "PulseAudio has gone: so has its device"
done_testing
