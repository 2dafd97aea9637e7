#!/bin/sh
# SPDX-License-Identifier: MIT
# Scripts with a clock at the console: they run, render, fail and stop.
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "$srcdir/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

[ -e "$builddir/bindings/lua/.libs/tabor.so" ] ||
    skip_all "the Lua module was not built"

export TABOR_DRIVER=null
t=test-console-clock
out=$t.out
err=$t.err
trap 'rm -rf $t.*' EXIT

# run WANTED-STATUS NAME ARGUMENT...: the output is in $out and $err.
run() {
    run_wanted=$1
    run_name=$2
    shift 2
    tabor "$@" </dev/null >$out 2>$err
    is "$run_name" $? "$run_wanted"
}

# has NAME FILE WORDS: the file contains them.
has() {
    ok "$1" grep -q -F -e "$3" "$2"
}

cat >$t.song.lua <<'SCRIPT'
clock:tempo(300)
clock:loop("hat", function(pass)
  play("hat", { gain = 0.5 })
  clock:wait(1/4)
end)
clock:run("drums", function()
  for _ = 1, 4 do
    play "kick"
    clock:wait(1)
    play "snare"
    clock:sync(1, 0.5)
  end
  clock:loop("hat", false)
end)
SCRIPT
run 0 "a script with a clock renders" --render $t.1.wav --seconds 3 $t.song.lua
run 0 "twice" --render $t.2.wav --seconds 3 $t.song.lua
ok "to the same bytes" cmp -s $t.1.wav $t.2.wav
ok "which are not silence" sh -c "tail -c +100 $t.1.wav | tr -d '\\0' | grep -q ."
run 0 "with another block too" --block 1024 --render $t.3.wav --seconds 3 \
    $t.song.lua
ok "the same" cmp -s $t.1.wav $t.3.wav
run 0 "a script with a clock is played until its last task is over" $t.song.lua

run 1 "loops without --seconds are an error" --render $t.4.wav \
    -e 'clock:loop("on", function() clock:wait(1) end)'
has "that says what to do" $err "only loops are left, which never end: say --seconds"
ok "and leaves no file" [ ! -e $t.4.wav ]

cat >$t.fails.lua <<'SCRIPT'
clock:tempo(600)
clock:run("broken", function()
  clock:wait(1)
  local function deep()
    error "on purpose"
  end
  deep()
end)
clock:run("steady", function()
  for i = 1, 8 do
    clock:wait(1)
  end
  print "went on"
end)
SCRIPT
run 1 "a failed task is a failed script" $t.fails.lua
has "with the task's name" $err "task 'broken' failed"
has "the place" $err "fails.lua:5: on purpose"
has "and the way there" $err "in local 'deep'"
has "and the others went on" $out "went on"

# interrupt NAME SIGNALS CODE: so many SIGINTs end it with 130. On a busy machine
# two of them may arrive as one.
spin='io.write("spinning\n") io.flush()'
interrupt() {
    tabor -e "$3" >$out 2>$err </dev/null &
    i=0
    until grep -q spinning $out || [ $i -ge 600 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    for _ in $(seq "$2"); do
        kill -INT $! 2>/dev/null # those before may have been enough
        sleep 0.4
    done
    wait $!
    is "$1" $? 130
}

interrupt "Ctrl-C ends a script whose task never waits" 1 "
    clock:run(function() $spin while true do end end)"
interrupt "again and again, one whose task catches it" 5 "
    clock:run(function() $spin
        while true do pcall(function() while true do end end) end end)"
interrupt "one ends a script whose task waits for ever" 1 "
    clock:run(function() $spin clock:wait(1e6) end)"
done_testing
