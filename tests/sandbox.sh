#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Scripts that are not trusted: ways out, endless code, memory bombs, each also
# without the sandbox, where it must work.
# shellcheck disable=SC2317 # functions that each() calls
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"

[ -e "$builddir/bindings/lua/.libs/tabor.so" ] ||
    skip_all "the Lua module was not built"

export TABOR_DRIVER=null
t=$PWD/t-sandbox.$$
trap 'rm -rf "$t"' EXIT
mkdir -p "$t/in" "$t/written"
cp "$builddir/kit/kick.wav" "$t/outside.wav"
cp "$builddir/kit/kick.wav" "$t/in/inside.wav"
ln -s ../outside.wav "$t/in/link.wav"
files=$srcdir/tests/sandbox

# Ways out.
tabor -e 'io.stdout:write(string.dump(_G.load "return \"ran\""))' >"$t/code.luac"
hex=$(od -An -v -tx1 "$t/code.luac" | tr -d ' \n')
out() {
    tabor "$@" "$files/escapes.lua" "$t/outside.wav" "$t/in" "$t/in/link.wav" \
        "$t/written" "$hex" 2>&1
}
out >"$t/control"
out --sandbox --allow "$t/in" >"$t/said"
tried=$(sed -n 's/ tried.*//p' "$t/said")
is "(at least 30 ways out of the sandbox were tried: $tried)" \
    "$((${tried:-0} >= 30))" 1
is "none leads out, and what a script may do is done" \
    "$(tail -1 "$t/said")" "$tried tried, 0 out, may do its work: true"
grep '^out' "$t/said" | sed 's/^/# /'
is "each leads out without it" \
    "$(tail -1 "$t/control")" "$tried tried, $tried out, may do its work: true"
grep '^in:' "$t/control" | sed 's/^/# /'
tabor --sandbox "$t/code.luac" >"$t/said" 2>&1
is "a script in byte code is refused" "$?" 1
ok "(it runs without it)" tabor "$t/code.luac"
printf 'print("\\27]0;x\\7 \\xc2\\x9b1m t\\tn\\n \\xc3\\xa9")' >"$t/orders.lua"
is "a script can't give the terminal orders" \
    "$(tabor --sandbox "$t/orders.lua" | tr '\t\n' '__')" \
    "$(printf '\\x1b]0;x\\x07 \302\\x9b1m t_n_ \303\251_')"
printf 'error("\\27]0;x\\7", 0)' >"$t/orders.lua"
is "nor in its errors" "$(tabor --sandbox "$t/orders.lua" 2>&1 | grep -c x1b)" 1
is "(without it it can)" "$(tabor "$t/orders.lua" 2>&1 | grep -c x1b)" 0
is "nothing was written by a sandboxed script, four files without" \
    "$(cd "$t/written" && echo *)" "a.wav io l.tlog r.wav"
rm "$t/written"/*
out --sandbox >"$t/said"
is "(and none of them by one)" "$(find "$t/written" -type f | wc -l)" 0
ok "without --allow only sounds that came with Tabor are read" \
    grep -q 'inside.wav: no such file where' "$t/said"

# Names. One that is new has to be put on a list: of sandbox.c or
# sandbox_sound.c if a sandboxed script may have it, else here.
sort >"$t/withheld" <<'NAMES'
global debug
global devices
global dofile
global io
global loadfile
global package
global warn
tabor attach
tabor devices
tabor drivers
tabor replay
tabor.Audio save
NAMES
names() {
    tabor "$@" | tr '\t' ' ' | sort
}
names "$files/names.lua" >"$t/names"
# shellcheck disable=SC2046 # two words each
names --sandbox "$files/names.lua" $(cat "$t/names") >"$t/given"
is "(at least 60 names were looked at: $(wc -l <"$t/names"))" \
    "$(($(wc -l <"$t/names") >= 60))" 1
is "a sandboxed script finds every name but those that are withheld from it" \
    "$(comm -23 "$t/names" "$t/given")" "$(cat "$t/withheld")"

# each FILE COMMAND...: COMMAND with each number of FILE, four at a time; leaves
# their number in $count
each() {
    file=$1
    shift
    count=$(tabor "$files/$file" | wc -l)
    for n in $(seq "$count"); do
        "$@" "$n" &
        [ $((n % 4)) -ne 0 ] || wait
    done
    wait
}
# to_end NAME FILE OPTION... NUMBER: the status and the words are in $t/NAME.*
to_end() {
    n=${!#}
    name=$1
    file=$2
    set -- "${@:3:$#-3}"
    timeout -k 1 60 tabor "$@" "$files/$file" "$n" >"$t/$name.$n.out" 2>&1
    echo $? >"$t/$name.$n"
}
# begin NUMBER: what has said that it has begun gets a moment to end
begin() {
    tabor "$files/loops.lua" "$1" >"$t/free.$1.out" 2>&1 &
    free=$!
    while [ ! -s "$t/free.$1.out" ] && kill -0 "$free"; do sleep 0.05; done
    sleep 0.3
    kill -KILL "$free"
    wait "$free"
    echo $? >"$t/free.$1"
}
name_of() {
    tabor "$files/$1" | sed -n "$2p"
}

# Code that does not end. It has begun, is still running when the control is
# ended, and ends by itself in the sandbox.
each loops.lua begin 2>/dev/null
loops=$count
each loops.lua to_end boxed loops.lua --sandbox --budget 0.1
is "(at least 20 endless loops were tried: $loops)" "$((loops >= 20))" 1
for n in $(seq "$loops"); do
    name=$(name_of loops.lua "$n")
    is "(endless without the sandbox: $name)" \
        "$(head -1 "$t/free.$n.out") $(cat "$t/free.$n")" "begun 137"
    is "the sandbox ends it: $name" \
        "$(head -1 "$t/boxed.$n.out") $(($(cat "$t/boxed.$n") < 2))" "begun 1"
done
ended=$(grep -l 'out of time: the limit is --budget' "$t"/boxed.*.out | wc -l)
is "most by running out of their time, which is told ($ended)" \
    "$((ended >= 10))" 1

# Memory.
each bombs.lua to_end free bombs.lua
bombs=$count
each bombs.lua to_end boxed bombs.lua --sandbox --mem 32 --budget 60
is "(at least 10 memory bombs were tried: $bombs)" "$((bombs >= 10))" 1
for n in $(seq "$bombs"); do
    name=$(name_of bombs.lua "$n")
    is "(100 MB are taken without limit: $name)" \
        "$(tail -1 "$t/free.$n.out") $(cat "$t/free.$n")" "held 0"
    is "with --mem 32 that is an error: $name" \
        "$(grep -c 'not enough memory\|at most' "$t/boxed.$n.out") $(cat "$t/boxed.$n")" "1 1"
done
cat >"$t/mem.lua" <<'SCRIPT'
local voice = play("kick", { loop = true })
local good, why = pcall(string.rep, "x", 100000000)
assert(not good and why:find "not enough memory")
good, why = pcall(function()
  local t = {}
  for i = 1, 1e8 do t[i] = { i } end
end)
assert(not good and why:find "not enough memory")
assert(voice.ended == nil and engine:ping() > 0 and #("x"):rep(1000000) > 0)
assert(engine:stats().voices == 1)
voice:stop()
SCRIPT
ok "--mem without a sandbox: an error that can be caught, and the sound goes on" \
    tabor --mem 16 "$t/mem.lua"
is "at the prompt too, where the next line runs" \
    "$(printf '%s\n' 't = {} for i = 1, 1e8 do t[i] = {} end' 't = nil' 'print(#("x"):rep(5000000))' |
        tabor --mem 16 -i 2>&1 | tail -1)" 5000000
is "and the error names the option" \
    "$(tabor --mem 16 -e 'x = ("x"):rep(1e8)' 2>&1)" \
    "tabor: not enough memory: the limit is --mem 16 (MiB)"

# Instructions.
is "--instructions ends a script that needs more" \
    "$(tabor --sandbox --instructions 100000 -e 'for i = 1, 1e6 do end' 2>&1 | grep -c 'the limit is --instructions 100000')" 1
ok "but not one that needs less" \
    tabor --sandbox --instructions 100000 -e 'for i = 1, 1e4 do end'
is "a prompt goes on after a line that ran out" \
    "$(printf '%s\n' 'while true do end' 'print(6 * 7)' |
        tabor --sandbox --budget 0.1 -i 2>/dev/null | tail -1)" 42
tabor --allow "$t" -e 'x = 1' 2>"$t/said"
is "--allow without --sandbox is wrong usage" "$?" 2
ok "and is told" grep -q 'goes with --sandbox' "$t/said"
done_testing
