#!/bin/sh
# SPDX-License-Identifier: MIT
# The sounds that come with Tabor.
: "${srcdir:?run me through ./pre-inst-env}" "${builddir:?}"
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

sounds="kick snare hat openhat clap tom bass pluck bell pad"
made=test-kit.made

# The file's header as numbers: format, channels, rate, bits, bytes of sound.
header() {
    od -An -v -t u2 -j20 -N4 "$1"
    od -An -v -t u4 -j24 -N4 "$1"
    od -An -v -t u2 -j34 -N2 "$1"
    od -An -v -t u4 -j40 -N4 "$1"
}

# Frames, and the largest value of all, of the first frame, the last 5 ms and
# the last frame.
levels() {
    od -An -v -t d2 -w2 -j44 "$1" | awk -v channels="$2" '
        function largest(from, to,    i, most) {
            for (i = from; i <= to; i++)
                if (v[i] > most) most = v[i]
            return most + 0
        }
        { v[NR] = $1 < 0 ? -$1 : $1 }
        END {
            print NR / channels, largest(1, NR), largest(1, channels), \
                largest(NR - 240 * channels, NR), \
                largest(NR - channels + 1, NR)
        }'
}

check_sound() {
    file=$TABOR_KIT_DIR/$1.wav
    # shellcheck disable=SC2046  # five words
    set -- "$1" $(header "$file")
    is "$1 is 16-bit PCM at 48 kHz" "$2 $4 $5" "1 48000 16"
    is "$1's header tells its size" "$(($6 + 44))" "$(wc -c <"$file")"
    # shellcheck disable=SC2046
    set -- "$1" "$3" $(levels "$file" "$3")
    note "$1: $2 channels, $3 frames, peak $4, ends $5 ... $6 $7"
    ok "$1 lasts between 0.1 and 5 seconds" \
        test "$3" -gt 4800 -a "$3" -lt 240000
    ok "$1's peak is -6 dBFS" test "$4" -ge 16380 -a "$4" -le 16386
    is "$1 begins and ends with 0" "$5 $7" "0 0"
    ok "$1 has died away 5 ms before its end" test "$6" -lt 164
    channels="$channels$2"
}

channels=
for sound in $sounds; do
    if [ -s "$TABOR_KIT_DIR/$sound.wav" ]; then
        check_sound "$sound"
    else
        ok "$sound is in the kit" false
    fi
done
is "the kit has ten sounds, mono and stereo" "$channels" 1111211112

rm -rf $made
mkdir $made
ok "the generator runs anywhere" "$builddir/kit/make-kit" $made
same=0
for sound in $sounds; do
    if cmp -s "$made/$sound.wav" "$TABOR_KIT_DIR/$sound.wav"; then
        same=$((same + 1))
    fi
done
is "it makes the same bytes each time" "$same" 10
# shellcheck disable=SC2012  # our own names
is "it makes nothing else" "$(ls $made | wc -l)" 10
rm -rf $made

"$builddir/kit/make-kit" no/such/folder 2>$made.err
is "a folder that is not there is an error" "$?" 1
ok "which names the file" grep -q "no/such/folder/kick.wav" $made.err
rm -f $made.err
done_testing
