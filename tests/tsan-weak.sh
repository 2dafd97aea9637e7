#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Would ThreadSanitizer see a weak order through a language? The library is
# linked once more, with one release store relaxed: that which hands commands
# to the audio thread. Run by ./dev check --tsan.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
: "${builddir:?}"

: "${TABOR_RUN_PYTHON:?how Python is started: ./dev check --tsan runs me}"
folder=$PWD/t-tsan-weak.$$
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"

# build NAME FLAGS...: libtabor, with its client compiled by these flags
build() {
    local name=$1
    shift
    mkdir "$folder/$name"
    # shellcheck disable=SC2086  # $CC may have words
    $CC -std=gnu11 -O1 -g -fPIC -fsanitize=thread -ftls-model=initial-exec \
        -fvisibility=hidden -I"$builddir" -I"$srcdir/include" -I"$srcdir/src" \
        "$@" -shared -Wl,-soname,libtabor.so.0 -Wl,--allow-multiple-definition \
        -o "$folder/$name/libtabor.so.0" "$srcdir/src/control/client.c" \
        -Wl,--whole-archive "$builddir/src/.libs/libtabor-all.a" \
        -Wl,--no-whole-archive -lsndfile -lsoxr -lm -lpthread -ldl
}

# A script that hands over some hundred plays, one by one.
cat >"$folder/piece.py" <<'END'
import array, time
import tabor
engine = tabor.open("null", block=64)
sample = engine.load(array.array("f", [0.1] * 100))
voices = []
for number in range(400):
    voices.append(sample.play(gain=0.1))
    time.sleep(0.0005)
for voice in voices:
    voice.wait()
engine.close()
print(len(voices), "plays")
END
cat >"$folder/piece.lua" <<'END'
local tabor = require "tabor"
local engine = assert(tabor.open { driver = "null", block = 64 })
local sound = {}
for frame = 1, 100 do
  sound[frame] = 0.1
end
local sample = assert(engine:load(sound))
local count = 0
for _ = 1, 400 do
  sample:play { gain = 0.1 }
  count = count + 1
  engine:wait(0.0005)
end
engine:close()
print(count .. " plays")
END

# races NAME LANGUAGE: how many plays there were, and whether a race was told
races() {
    local run script=$folder/piece.py said
    run=$TABOR_RUN_PYTHON
    if [ "$2" = Lua ]; then
        run=$TABOR_RUN_LUA
        script=$folder/piece.lua
    fi
    run=${run/libtsan.so/"libtsan.so:$folder/$1/libtabor.so.0"}
    # shellcheck disable=SC2086  # words
    said=$(TSAN_OPTIONS=exitcode=66 $run "$script" 2>&1)
    echo "$(grep -c '^400 plays$' <<<"$said")" \
        "$(($(grep -c 'WARNING: ThreadSanitizer: data race' <<<"$said") > 0))"
}

ok "the library can be linked anew" build sound
ok "and with one order relaxed" build weak \
    -include "$srcdir/tests/order/weaken.h" -DTABOR_WEAKEN='"release tail"'
for language in Python Lua; do
    is "ThreadSanitizer finds no race through $language" \
        "$(races sound $language)" "1 0"
    is "and finds one once the release of the commands' tail is relaxed" \
        "$(races weak $language)" "1 1"
done
done_testing
