#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# For every command of 64 bytes the decoder stays within its tables: followed
# through all values at once by Frama-C's Eva (tests/bounds/decoder.c). With a
# check taken away it must not be able to say so.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 165 bash "$0"

command -v frama-c >/dev/null || skip_all "there is no Frama-C here"
share=$(frama-c -print-share-path 2>/dev/null)
folder=$PWD/t-bounds.$$
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"

# Its own headers of C's library, and ours for what it does not know.
prepare() {
    $CC -E -C -nostdinc -std=c11 -I"$srcdir/tests/bounds/shim" \
        -I"$srcdir/src" -I"$srcdir/include" -I"$share/libc" -D__FRAMAC__ \
        -D__FC_MACHDEP_X86_64 '-D_Static_assert(a,b)=' \
        "$srcdir/tests/bounds/decoder.c" >"$folder/sound.i"
}

# analyse NAME: its words are in NAME.log; prints "alarms statements", where
# statements are those that were reached
analyse() {
    frama-c -machdep x86_64 -c11 "$folder/$1.i" -eva -eva-precision 1 \
        -warn-special-float none -eva-interprocedural-splits \
        -eva-split-return-function take_shape:65535 >"$folder/$1.log" 2>&1
    sed -n 's/^ *\([0-9]*\) alarms\{0,1\} generated.*/\1/p
        s/.* \([0-9]*\) statements reached.*/\1/p' "$folder/$1.log" |
        { read -r statements && read -r alarms && echo "$alarms $statements"; }
}

# without CHECK: the same with that text taken away must alarm
without() {
    local text line found
    while IFS= read -r line; do
        printf '%s\n' "${line//"$1"/"${2:-}"}"
    done <"$folder/sound.i" >"$folder/weak.i"
    if cmp -s "$folder/sound.i" "$folder/weak.i"; then
        ok "(there is a check \"$1\")" false
        return
    fi
    found=$(analyse weak)
    text=$(grep -c 'out of bounds' "$folder/weak.log")
    ok "(without \"$1\" it can't: $text places out of bounds)" \
        test "${found%% *}" -gt 0 -a "$text" -gt 0
}

if ! prepare 2>"$folder/log"; then
    ok "the decoder is preprocessed" false
    note "$(tail "$folder/log")"
    done_testing
fi
found=$(analyse sound)
is "any command, in any state of the decoder: alarms" "${found%% *}" 0
[ "${found%% *}" = 0 ] ||
    note "$(grep -A 3 -E 'alarm\]|Error|Failure' "$folder/sound.log" | tail -40)"
ok "(the analysis went through ${found##* } statements)" \
    test "${found##* }" -ge 400
without 'slot >= rt->sample_count' 0
without 'slot >= c->play_count ||'
without 'if (client->slab_free_count == 0)' 'if (0)'
done_testing
