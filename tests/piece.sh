#!/bin/sh
# SPDX-License-Identifier: MIT
# The same piece, written in Python and in Lua, is the same sound.
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

[ -e "$builddir/bindings/python/.libs/_tabor.so" ] ||
    skip_all "the Python module was not built"
[ -e "$builddir/bindings/lua/.libs/tabor.so" ] ||
    skip_all "the Lua module was not built"

# How many of a float32 file's values lie above -40 dBFS, and the largest.
loud() {
    LC_ALL=C od -An -v -t f4 -w4 -j "$2" "$1" | LC_ALL=C awk '
        { v = $1 < 0 ? -$1 : $1; if (v > 0.01) n++; if (v > peak) peak = v }
        END { printf "%d %.4f\n", n, peak }'
}

# Where the values of a WAV file begin: behind the chunk named "data".
data_offset() {
    head -c 4096 "$1" | grep -a -b -o data | head -n 1 | {
        IFS=: read -r offset _
        echo $((offset + 8))
    }
}

# check PIECE FRAMES: examples/PIECE.py and .lua
check() {
    py=test-piece-$1-py.wav
    lua=test-piece-$1-lua.wav
    ok "Python renders $1" "$PYTHON" "$srcdir/examples/$1.py" "$py"
    ok "Lua renders $1" tabor "$srcdir/examples/$1.lua" "$lua"
    ok "Python's $1 is Lua's, byte for byte" cmp "$py" "$lua"
    offset=$(data_offset "$py")
    is "$1 has its length" "$((($(wc -c <"$py") - offset) / 8))" "$2"
    # shellcheck disable=SC2046  # two words
    set -- "$1" "$2" $(loud "$py" "$offset")
    note "$1: $3 loud values, peak $4"
    ok "$1 sounds for more than half of its time" test "$3" -gt "$2"
    ok "$1 does not clip" test "${4%.*}" -eq 0
    rm -f "$py" "$lua"
}

check demo 925714
if [ -e "${SONICPI_SAMPLES:-/usr/share/sonic-pi/samples}/bd_haus.flac" ]; then
    check sonicpi 1268571
elif [ "${TABOR_REQUIRE_SERVERS:-}" = 1 ]; then
    ok "sonic-pi-samples are installed" false
else
    skip "Python's sonicpi is Lua's" "sonic-pi-samples not installed"
fi
done_testing
