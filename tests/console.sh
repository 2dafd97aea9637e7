#!/bin/sh
# SPDX-License-Identifier: MIT
# The console: each option, exit statuses, scripts, rendering, the prompt.
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

[ -e "$builddir/bindings/lua/.libs/tabor.so" ] ||
    skip_all "the Lua module was not built"

export TABOR_DRIVER=null
t=test-console
out=$t.out
err=$t.err
export XDG_STATE_HOME="$PWD/$t.state"
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

printed() {
    is "$1" "$(cat $out)" "$2"
}

# What is told without an engine.
run 0 "--version succeeds" --version
ok "--version tells name and number" grep -q -E '^tabor [0-9]+\.[0-9]+\.' $out
run 0 "--help succeeds" --help
for option in -e -i - --watch --driver --device --rate --channels --block --set \
    --limiter --log --render --seconds --bits --no-dither --replay --list-devices --quiet \
    --sandbox --allow --mem --budget --instructions --python \
    --version --help; do
    ok "--help tells of $option" grep -q -E -e "^  $option( |\$)" $out
done
has "--help lists the drivers" $out "offline"
run 0 "--list-devices succeeds" --list-devices
has "--list-devices tells of the null device" $out '"null"'
run 0 "--list-devices of one driver succeeds" --driver offline --list-devices
ok "--list-devices tells of that one only" sh -c "! grep -q null $out"

# Scripts and arguments.
run 0 "-e succeeds" -e 'print(6 * 7)'
printed "-e runs its code" 42
run 0 "-e twice succeeds" -e 'x = 1' -e 'print(x + 1)'
printed "-e twice runs in order" 2
cat >$t.lua <<'SCRIPT'
print(#arg, arg[0], arg[1], ...)
return 5
SCRIPT
run 0 "a script succeeds" --quiet $t.lua one --two
printed "a script gets its arguments, options or not" \
    "2	$t.lua	one	one	--two"
echo 'print("stdin", ...)' | tabor - a b >$out 2>$err
is "a script from standard input succeeds" $? 0
printed "a script from standard input runs, with arguments" "stdin	a	b"
printf 'print(x)\n' >$t.lua
run 0 "-e and a script succeed" -e 'x = 7' $t.lua
printed "-e comes before the script" 7
run 0 "tabor, engine, play and load are at hand" \
    -e 'print(type(tabor), engine, type(play), load("kick").name)'
ok "engine opens when it is touched" grep -q -E \
    '^table	tabor.Engine .*null.*function	kick$' $out
run 0 "a script that doesn't touch engine succeeds" \
    -e 'assert(rawget(_G, "engine") == nil)'
run 0 "Lua's own load works as ever" \
    -e 'assert(load("return ...", "name")(5) == 5)
        assert(load(function() return nil end))
        assert(_G.load("return 3")() == 3)'
run 0 "require finds the module" -e 'assert(require "tabor" == tabor)'

# What the engine is opened with.
run 0 "--rate, --channels and --block succeed" --driver offline --rate 22050 \
    --channels 3 --block 77 -e 'print(engine.rate, engine.channels,
        engine.block, engine.driver)'
printed "--rate, --channels, --block and --driver are the engine's" \
    "22050	3	77	offline"
run 0 "--device succeeds" --driver=null --device=null -e 'print(engine.device)'
printed "--device chooses the device" null
run 0 "--set succeeds" --driver null --set jitter_ms=1 -e 'print(engine)'
run 1 "--set of an unknown option fails" --driver null --set jittr_ms=1 \
    -e 'print(engine)'
has "--set of an unknown option names the nearest" $err jitter_ms

# Failures: 1.
run 1 "an error in a script is status 1" -e 'error "boom"'
has "an error is told on stderr" $err boom
has "with a traceback" $err "stack traceback"
is "and nothing on stdout" "$(cat $out)" ""
run 1 "a syntax error is status 1" -e 'x ='
run 1 "a missing script is status 1" $t.nosuch.lua
has "a missing script is named" $err $t.nosuch.lua
run 1 "an unknown driver is status 1" --driver nosuch -e 'print(engine)'
has "an unknown driver is named" $err nosuch
run 1 "load of a missing file is status 1" -e 'play(load "nosuch.wav")'
has "load of a missing file names it" $err nosuch.wav
run 1 "a prompt without a device is status 1" --driver nosuch
run 3 "os.exit gives its own status" -e 'os.exit(3)'

# Wrong usage: 2.
for usage in "--nosuch" "-x" "--rate" "--rate 0" "--rate fast" "--rate 48000x" \
    "--channels 65" "--block 0" "--block 8193" "-e" "--set novalue" \
    "--seconds 1 -e x=1" "--seconds -1 --render $t.wav -e x=1" \
    "--render $t.wav" "--render $t.wav -i -e x=1" \
    "--render $t.wav --driver null -e x=1" \
    "--bits 16 -e x=1" "--bits 12 --render $t.wav -e x=1" \
    "--bits --render $t.wav -e x=1" "--bits 16 --replay $t.tlog" \
    "--log" "--limiter=1 -e x=1" "--replay" "--replay $t.tlog" \
    "--replay $t.tlog -e x=1" "--replay $t.tlog --render $t.wav -e x=1" \
    "--replay $t.tlog --render $t.wav -" \
    "--replay $t.tlog --render $t.wav -i" \
    "--replay $t.tlog --render $t.wav --seconds 1" \
    "--replay $t.tlog --render $t.wav --rate 44100" \
    "--replay $t.tlog --render $t.wav --log $t.two.tlog" \
    "--replay $t.tlog --render $t.wav --limiter"; do
    # shellcheck disable=SC2086  # several words
    run 2 "wrong usage is status 2: $usage" $usage
    ok "and says what is wrong: $usage" test -s $err
done
run 2 "a misspelt option is status 2" --drivr null
has "a misspelt option names the nearest" $err "--driver"
run 2 "--replay without --render is status 2" --replay $t.tlog
has "and says that --render is missing" $err "needs --render"
run 2 "--replay with a script is status 2" --replay $t.tlog \
    --render $t.wav nosuch.lua
has "and names the script" $err nosuch.lua

# Rendering.
cat >$t.lua <<'SCRIPT'
local values = {}
for i = 1, 4800 do values[i] = math.sin(i / 10) end
local tone = engine:load(values)
for beat = 0, 7 do
  tone:play { at = beat / 4, pan = beat / 4 - 1, gain = 0.5 }
end
play("kick", { at = 0.5 })
SCRIPT
size() {
    wc -c <"$1" | tr -d ' '
}
run 0 "--render succeeds" --render $t.one.wav --seconds 3 $t.lua
is "--render prints nothing where there is no terminal" "$(cat $out $err)" ""
run 0 "--render a second time succeeds" --render $t.two.wav --seconds 3 $t.lua
ok "both are the same bytes" cmp $t.one.wav $t.two.wav
run 0 "--render with another block succeeds" --render $t.three.wav \
    --seconds 3 --block 1000 $t.lua
ok "it is the same bytes with any block" cmp $t.one.wav $t.three.wav
ok "--render writes 3 s of two float32 channels" test \
    "$(($(size $t.one.wav) - 3 * 48000 * 8))" -lt 200
run 0 "--render without --seconds succeeds" --render $t.end.wav \
    -e 'engine:load({1, 1, 1, 1}):play{at_frame = 1000}'
run 0 "it is read again" -e "local a = tabor.read '$t.end.wav'
    print(a.frames, a:get(999, 0) == 0, a:get(1003, 0) > 0.7)"
printed "it ends with the last voice" "1004	true	true"
run 0 "--render of what handlers play succeeds" --render $t.chain.wav -e '
    local click = engine:load({1})
    local left = 3
    engine:on("ended", function()
      left = left - 1
      if left > 0 then click:play() end
    end)
    click:play()'
run 0 "it is read again" -e "print(tabor.read '$t.chain.wav'.frames > 2)"
printed "handlers run while it is rendered" true
run 1 "--render of nothing is status 1" --render $t.none.wav -e 'x = 1'
ok "and writes no file" test ! -e $t.none.wav
run 1 "--render into no known format is status 1" --render $t.nonsense \
    --seconds 1 $t.lua
run 1 "--render of a script that fails is status 1" --render $t.none.wav \
    --seconds 1 -e 'error "boom"'
ok "and writes no file" test ! -e $t.none.wav

# Takes.
cat >$t.play.lua <<'SCRIPT'
play("bell", { gain = 4, pitch = -5.5, loop = true, fade_in = 0.1 })
for beat = 0, 7 do
  play(beat % 2 == 0 and "kick" or "hat", { at = beat / 4, pan = beat / 4 - 1 })
end
engine:on("ended", function(event)
  if event.frame < engine.rate then
    play("clap", { velocity = 0.5 })
  end
end)
SCRIPT
for limiter in "" --limiter; do
    # shellcheck disable=SC2086  # a word or none
    run 0 "--render with --log $limiter succeeds" --render $t.live.wav \
        --seconds 2.5 --log $t.tlog --rate 44100 $limiter $t.play.lua
    run 0 "--replay of that take succeeds" --replay $t.tlog \
        --render $t.again.wav
    is "and prints nothing" "$(cat $out $err)" ""
    ok "it is the same bytes" cmp $t.live.wav $t.again.wav
    ok "all 2.5 s of two float32 channels" \
        test "$(size $t.again.wav)" -gt $((44100 * 20))
    run 0 "they are read" -e "local peak = 0
        local audio = tabor.read '$t.again.wav'
        for frame = 0, audio.frames - 1 do
          peak = math.max(peak, math.abs(audio:get(frame, 0)))
        end
        print(peak > 0.7, peak < 1)"
    case $limiter in
    "") printed "without --limiter they go above 1" "true	false" ;;
    *) printed "with --limiter they stay below 1" "true	true" ;;
    esac
done
run 0 "--replay to another format succeeds" --replay $t.tlog \
    --render $t.again.flac
run 0 "--render --bits 16 succeeds" --render $t.live.wav --bits 16 \
    --seconds 2.5 --log $t.tlog $t.play.lua
run 0 "--replay --bits 16 succeeds" --replay $t.tlog --render $t.again.wav \
    --bits 16
ok "it is the same bytes" cmp $t.live.wav $t.again.wav
is "2.5 s of two 16 bit channels" "$(size $t.again.wav)" $((120000 * 4 + 44))
run 0 "--no-dither succeeds" --replay $t.tlog --render $t.plain.wav \
    --bits 16 --no-dither
run 0 "they are compared" -e "
    local one, two = tabor.read '$t.again.wav', tabor.read '$t.plain.wav'
    local differing, most = 0, 0
    for frame = 0, one.frames - 1 do
      local step = math.abs(one:get(frame, 0) - two:get(frame, 0)) * 32768
      differing = differing + (step > 0 and 1 or 0)
      most = math.max(most, step)
    end
    print(one.frames == two.frames, differing > 1000, most)"
printed "dither moves many values, each by one step" "true	true	1.0"
run 1 "--bits that FILE can't hold is status 1" --replay $t.tlog \
    --render $t.bad.flac --bits 32
has "and says what it can" $err "holds 24, 16"
run 0 "--log with --render to the last voice's end succeeds" \
    --render $t.live.wav --log $t.tlog -e 'play("kick", { at = 0.123 })'
run 0 "--replay of it succeeds" --replay $t.tlog --render $t.again.wav
run 0 "they are compared" -e "
    local live, again = tabor.read '$t.live.wav', tabor.read '$t.again.wav'
    local differing = 0
    for frame = 0, again.frames - 1 do
      local want = frame < live.frames and live:get(frame, 0) or 0
      differing = differing + (again:get(frame, 0) ~= want and 1 or 0)
    end
    print(differing, again.frames - live.frames <= 4800)"
printed "it is the same, and then at most 0.1 s of silence" "0	true"
run 0 "--log of a script that is waited for succeeds" --log $t.tlog \
    -e 'play "kick"'
run 0 "its take is there" -e "
    local audio, sum = assert(tabor.replay '$t.tlog'), 0
    for frame = 0, audio.frames - 1 do
      sum = sum + math.abs(audio:get(frame, 0))
    end
    print(sum > 10)"
printed "with what was heard" true
rm -f $t.tlog
run 0 "--log of a script that touches no engine succeeds" --log $t.tlog \
    -e 'x = 1'
ok "and writes a take" test -s $t.tlog
rm -f $t.tlog
run 3 "os.exit gives its own status with --log" --log $t.tlog \
    -e 'play "kick" os.exit(3)'
run 0 "and completes the take" --replay $t.tlog --render $t.again.wav
rm -f $t.tlog
run 1 "an error is status 1 with --log" --log $t.tlog \
    -e 'play "kick" error "boom"'
run 0 "and completes the take" --replay $t.tlog --render $t.again.wav
rm -f $t.tlog
echo 'engine:ping()' | tabor --log $t.tlog >$out 2>$err
is "a prompt with --log succeeds" $? 0
run 0 "and completes its take" --replay $t.tlog --render $t.again.wav
run 1 "--log into no folder is status 1" --log $t.nosuch/a.tlog -e 'print(1)'
has "and names the file" $err "$t.nosuch/a.tlog"
is "before the script runs" "$(cat $out)" ""
run 1 "--replay of a missing take is status 1" --replay $t.nosuch.tlog \
    --render $t.none.wav
has "which is named" $err $t.nosuch.tlog
run 1 "--replay of what is no take is status 1" --replay $t.play.lua \
    --render $t.none.wav
has "which says so" $err "not a take"
ok "neither writes a file" test ! -e $t.none.wav
run 1 "--replay into no known format is status 1" --replay $t.tlog \
    --render $t.nonsense
has "which is told" $err $t.nonsense

# Waiting.
run 0 "a script that has played succeeds" -e '
    local half = {}
    for i = 1, 24000 do half[i] = 0.1 end
    local voice = engine:load(half):play()
    engine:on("ended", function(event)
      print(event.reason, event.frame - event.started)
    end)'
printed "and is waited for, to its last voice's end" "finished	24000"
run 0 "an engine of the script's own is waited for too" -e '
    own = tabor.open { driver = "null" }
    own:load({1, 1}):play { at = own:now() + 0.2 }
    own:on("ended", function(event) print(event.reason) end)'
printed "until it has ended" finished

# Interrupting.
cat >$t.lua <<'SCRIPT'
print("ready")
io.stdout:flush()
while true do end
SCRIPT
# interrupt ARGUMENT...: SIGINT when "ready" is printed; the status.
interrupt() {
    : >$out
    tabor "$@" >$out 2>$err </dev/null &
    interrupt_pid=$!
    until grep -q ready $out; do
        sleep 0.05
    done
    kill -INT $interrupt_pid
    wait $interrupt_pid
    echo $?
}
is "an interrupted script is status 130" "$(interrupt $t.lua)" 130
has "and tells where it was" $err "$t.lua:3"
is "so is one that is being waited for" "$(interrupt -e '
    play("kick", { at = engine:now() + 3600 }) print "ready"
    io.stdout:flush()')" 130
is "and one inside a coroutine" "$(interrupt -e '
    print "ready" io.stdout:flush()
    coroutine.wrap(function() while true do end end)()')" 130
is "and one that waits in C" "$(interrupt -e '
    print "ready" io.stdout:flush()
    play("kick", { at = engine:now() + 3600 }):wait()')" 130

# The prompt, fed through a pipe.
cat >$t.in <<'SCRIPT'
1 + 1
= 2 * 3
x = 5
x, "and", nil
for i = 1, 2 do
  print(i)
end
error "boom"
x =
= )
engine.driver
SCRIPT
tabor <$t.in >$out 2>$err
is "a prompt on a pipe succeeds" $? 0
printed "it prints results, and no prompts" "2
6
5	and	nil
1
2
null"
has "errors go to stderr" $err "boom"
has "with a traceback" $err "stack traceback"
echo 'print "unfinished' | tabor >$out 2>$err
is "an unfinished line ends with the input" $? 0
has "and is told" $err "unfinished string"
echo 'print(x)' | tabor -i -e 'x = 3' >$out 2>$err
is "-i goes to the prompt after -e" "$? $(cat $out)" "0 3"
echo 'print "still here"' | tabor -i -e 'error "boom"' >$out 2>$err
is "also after an error" "$? $(cat $out)" "0 still here"

# The prompt, on a terminal.
if "${PYTHON:-false}" -c 'import pty' 2>/dev/null; then
    "$PYTHON" "$srcdir/tests/lib/terminal.py" tabor --driver null \
        >$out 2>$err <<'STEPS'
expect Ctrl-D leaves.
expect > 
send 6*7\n
expect \n42
expect > 
send for i = 8, 9 do\n
expect >> 
send print(i * 11) end\n
expect 88
expect 99
expect > 
send while true do end\n
expect \n
pause
send \x03
expect interrupted
expect > 
send while true do pcall(function() while true do end end) end\n
expect \n
pause
send \x03
pause
send \x03
expect interrupted
expect > 
send v = play("kick", { at = engine:now() + 3600 })\n
expect > 
send error("bo" .. "om")\n
expect boom
expect > 
send half a line
pause
send \x03
expect > 
send "a" .. (v.alive and "live") .. "b"\n
expect aliveb
expect > 
pause
send \x04
end 0
STEPS
    is "a terminal has results, several lines, Ctrl-C, Ctrl-D" \
        "$? $(cat $err)" "0 "
    ok "the history is kept" grep -q "6\*7" "$XDG_STATE_HOME/tabor/history"
    ok "for its user only" test "$(stat -c %a \
        "$XDG_STATE_HOME/tabor/history")" = 600
    "$PYTHON" "$srcdir/tests/lib/terminal.py" tabor --quiet --driver null \
        >$out 2>$err <<'STEPS'
expect > 
send \x10
expect "live"
send \n
expect > 
pause
send \x04
end 0
STEPS
    is "the next console remembers it" "$? $(cat $err)" "0 "
    ok "--quiet shows no banner" sh -c "! grep -q Ctrl-D $out"
    "$PYTHON" "$srcdir/tests/lib/terminal.py" tabor --render $t.bar.wav \
        --seconds 2 -e 'play "kick"' >$out 2>$err <<'STEPS'
expect 100 %
end 0
STEPS
    is "a render on a terminal shows its progress" "$? $(cat $err)" "0 "
else
    skip "a prompt on a terminal" "no Python to make one"
fi

done_testing
