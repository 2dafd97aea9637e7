#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The control of the tests of completions: with an engine that loses one event
# of tens of thousands, each of them must fail, in C, Python and Lua.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
: "${builddir:?}"

folder=$PWD/t-dropped-event.$$
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"
flags=$(sed -n "s/^S\[\"CFLAGS\"\]=\"\(.*\)\"$/\1/p" "$builddir/config.status")

# What tells of ends, with drop.c in between.
sed 's/^    tabor_note_push(/    drop_note_push(/' "$srcdir/src/rt/plays.c" \
    >"$folder/plays.c"

# link OUTPUT WORDS...: all of the engine, with that copy before it
link() {
    local output=$1
    shift
    # shellcheck disable=SC2086  # $CC and $flags may have words
    $CC -std=gnu11 $flags -fPIC -fvisibility=hidden -I"$builddir" \
        -I"$srcdir/include" -I"$srcdir/src" -I"$srcdir/tests/lib" \
        -include "$srcdir/tests/modes/drop.h" -o "$folder/$output" "$@" \
        "$srcdir/tests/modes/drop.c" "$folder/plays.c" \
        -Wl,--allow-multiple-definition \
        -Wl,--whole-archive "$builddir/src/.libs/libtabor-all.a" \
        -Wl,--no-whole-archive -lsndfile -lsoxr -lm -lpthread -ldl
}

# lost NAME COMMAND...: the test ran, and says that something is missing
lost() {
    local name=$1
    shift
    ! timeout 150 "$@" >"$folder/$name.log" 2>&1 &&
        grep -q '^ok ' "$folder/$name.log" &&
        grep -q '^not ok ' "$folder/$name.log"
}

is "two places tell of an end" \
    "$(grep -c drop_note_push "$folder/plays.c")" 2
ok "an engine that loses one event can be linked" link libtabor.so.0 \
    -shared -Wl,-soname,libtabor.so.0
ok "and a test with it" link completions "$srcdir/tests/completions.c"

# all at once: they wait for time to pass
lost C "$folder/completions" &
pids=$!
languages=(C)
preload=LD_PRELOAD=$folder/libtabor.so.0
if [ -e "$builddir/bindings/python/.libs/_tabor.so" ]; then
    lost Python env "$preload" "$PYTHON" "$srcdir/tests/py-completions.py" &
    pids+=" $!"
    languages+=(Python)
fi
if [ -e "$builddir/bindings/lua/.libs/tabor.so" ]; then
    lost Lua env "$preload" TABOR_TAP_LIMIT=1 "$LUA" \
        "$srcdir/tests/lua-completions.lua" &
    pids+=" $!"
    languages+=(Lua)
fi
for pid in $pids; do
    wait "$pid"
    is "one event that is lost is noticed in ${languages[0]}" "$?" 0
    note "$(grep -m 2 -e '^not ok' -e 9999 "$folder/${languages[0]}.log")"
    languages=("${languages[@]:1}")
done
done_testing
