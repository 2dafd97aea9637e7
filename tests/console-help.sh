#!/bin/sh
# SPDX-License-Identifier: MIT
# One description of each public name, in doc/tabor.lua: nothing is missing in
# it, nothing is too much, its examples run, help() shows it, and the reference
# page has it.
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "$srcdir/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

[ -e "$builddir/bindings/lua/.libs/tabor.so" ] ||
    skip_all "the Lua module was not built"

source=$srcdir/doc/tabor.lua
t=test-console-help
trap 'rm -rf $t.*' EXIT

ok "tabor.lua is Lua" "$LUA" -e "assert(loadfile '$source')"
stock=$("$LUA" -e 'for name in pairs(_G) do io.write(name, " ") end')
tabor --driver offline "$srcdir/tests/console/help.lua" "$source" "$stock" \
    "$srcdir/bindings/lua" >$t.facts 2>$t.err
is "what is described is what there is" "$? $(cat $t.err)" "0 "
grep '^not ok' $t.facts | sed 's/^/# /'
note "$(grep -c '^ok' $t.facts) facts: $(grep -E 'were (found|read)|are described$' \
    $t.facts | sed 's/^ok [0-9]* - //' | tr '\n' ';')"
ok "and that was looked at" test "$(grep -c '^ok' $t.facts)" -gt 400

# help() of every name begins with it and has more to say.
sed -n -e 's/^function \([A-Za-z_.:]*\).*/\1/p' \
    -e 's/^\([a-z_.]*\) = .*/\1/p' "$source" >$t.names
ok "names are described" test "$(wc -l <$t.names)" -gt 60
tabor --driver offline -e "for name in io.lines '$t.names' do
        print('NAME', name) help(name) end" >$t.help
awk '/^NAME/ { want = $2; getline; rows = 0
        if (index($0, want) == 1) { getline; if (/^  [A-Z]/) good++ } }
    END { print good }' $t.help >$t.good
is "help() tells of each" "$(cat $t.good)" "$(wc -l <$t.names | tr -d ' ')"

# asks CODE WORDS: what help() then says has them.
asks() {
    tabor --driver offline -e "$1" >$t.help 2>&1
    ok "$1 tells of $2" grep -q -F -e "$2" $t.help
}
asks 'help()' "play       Play a sample"
asks 'help(engine)' "class Engine"
asks 'help(engine.play_many)' "Engine:play_many(samples, options) -> Voices"
asks 'help(tabor.db)' "tabor.db(decibels) -> number"
asks 'help(play)' "    gain         linear, 1 is as recorded (1)"
asks 'help "engine.play"' "Engine:play(sample, options)"
asks 'v = play "kick" help "v:stop"' "Voice:stop(options)"
asks 'help "semitones"' "PlayOptions.pitch"
asks 'help "nosuchword"' "Nothing is known of nosuchword"
asks 'help(5)' "Nothing is known of 5"
echo 'db?' | tabor --driver offline >$t.help 2>&1
ok "name? at the prompt does too" grep -q -F "tabor.db" $t.help
echo '?play' | tabor --driver offline >$t.help 2>&1
ok "and ?name" grep -q -F "play(sound, options) -> Voice" $t.help

while read -r name; do
    grep -q "^### .*$name" "$builddir/doc/reference-lua.md" || echo "$name"
done <$t.names >$t.missing
is "the reference page has all of them" "$(cat $t.missing)" ""
done_testing
