#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example runs, here without a device, and README shows them as they are.
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

export TABOR_DRIVER=null
wav=test-examples.wav
out=test-examples.out
tried=

# A part that was not built has no module; one that is broken has one.
built() {
    case $1 in
    *.py) test -e "$builddir/bindings/python/.libs/_tabor.so" ;;
    *.lua) test -e "$builddir/bindings/lua/.libs/tabor.so" ;;
    esac
}

# run EXAMPLE ARGUMENT...: by the language's own means.
run() {
    example=$1
    shift
    case $example in
    *.py) "$PYTHON" -W ignore "$srcdir/examples/$example" "$@" ;;
    *.lua) tabor "$srcdir/examples/$example" "$@" ;;
    esac
}

# try EXAMPLE WORDS ARGUMENT...: it runs, and prints these words.
try() {
    example=$1
    words=$2
    shift 2
    tried="$tried$example
"
    if ! built "$example"; then
        skip "$example runs" "not built"
        return
    fi
    rm -f $wav
    run "$example" "$@" >$out 2>&1
    is "$example runs and prints no error" \
        "$?$(grep -i -E 'error|traceback' $out)" 0
    [ -z "$words" ] || ok "$example prints: $words" grep -q -e "$words" $out
    [ "${1:-}" != $wav ] || ok "$example writes its file" test -s $wav
}

# try_render EXAMPLE: the console, or python -m tabor, renders it.
try_render() {
    tried="$tried$1
"
    if ! built "$1"; then
        skip "$1 renders" "not built"
        return
    fi
    case $1 in
    *.py) "$PYTHON" -m tabor render "$srcdir/examples/$1" $wav >$out 2>&1 ;;
    *.lua) tabor --quiet --render $wav "$srcdir/examples/$1" >$out 2>&1 ;;
    esac
    is "$1 renders and prints no error" "$?$(grep -v "^$wav: " $out)" 0
    ok "$1 writes its file" test -s $wav
    rm -f $wav
}

# Without its samples, a piece says which package has them.
try_without_samples() {
    if ! built "$1"; then
        skip "$1 needs its samples" "not built"
        return
    fi
    SONICPI_SAMPLES=./none run "$1" $wav >$out 2>&1
    is "without its samples $1 fails" $? 1
    ok "and names folder and package" \
        grep -q '^./none .*package sonic-pi-samples' $out
}

# The lines of README's first block in a language.
shown() {
    awk -v fence="\`\`\`$1" '
        $0 == "```" { inside = 0 }
        inside && !done { print; lines++ }
        $0 == fence { inside = 1; if (lines) done = 1 }' "$srcdir/README.md"
}

try demo.py "" $wav
try demo.lua "" $wav
[ -s $wav ] || cp "$TABOR_KIT_DIR/kick.wav" $wav
mv $wav test-examples.drawn.wav
try waveform.py "Hz, . channels*, peak -" test-examples.drawn.wav
rm -f test-examples.drawn.wav
try first.py ""
try first.lua ""
try events.py "class: stopped after"
try arrays.py "96000 frames, 2 channels" $wav
try drivers.lua "playing on null"
try_render clock.lua
try_render clock.py
tried="${tried}duet.lua
duet.py
" # by tests/py-lua.py
try_without_samples sonicpi.py
try_without_samples sonicpi.lua
if [ -e "${SONICPI_SAMPLES:-/usr/share/sonic-pi/samples}/bd_haus.flac" ]; then
    try sonicpi.py "" $wav
    try sonicpi.lua "" $wav
elif [ "${TABOR_REQUIRE_SERVERS:-}" = 1 ]; then
    ok "sonic-pi-samples are installed" false
else
    skip "sonicpi.py and sonicpi.lua run" "sonic-pi-samples not installed"
    tried="${tried}sonicpi.lua
sonicpi.py
"
fi

is "these are all examples there are" "$(printf %s "$tried" | sort)" \
    "$(cd "$srcdir/examples" && find . -name '*.py' -o -name '*.lua' |
        sed 's,^\./,,' | sort)"
note "$(printf %s "$tried" | wc -l) examples"

is "README's Python is examples/first.py" "$(shown python)" \
    "$(sed 1d "$srcdir/examples/first.py")"
is "README's Lua is examples/first.lua" "$(shown lua)" \
    "$(sed 1d "$srcdir/examples/first.lua")"

rm -f $wav $out
done_testing
