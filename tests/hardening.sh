#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What makes a fault harder to use is in all that is installed, and in the audio
# thread's code is none of it that would call a function.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"

: "${builddir:?}" "${CC:?}" "${NM:?}"
folder=$PWD/t-hardening.$$
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"

# chosen NAME: what configure found the compiler to take
chosen() {
    sed -n "s/^$1 = *//p" "$builddir/Makefile"
}

read -ra compiling <<<"$(chosen HARDENING_CFLAGS)"
read -ra linking <<<"$(chosen HARDENING_LDFLAGS)"
read -ra audio <<<"$(chosen AUDIO_CFLAGS)"
# CC and NM may be two words
read -ra compiler <<<"$CC"
read -ra lister <<<"$NM"
[ "${#linking[@]}" -gt 0 ] ||
    skip_all "configured with --disable-hardening, or with a sanitizer"
command -v readelf >/dev/null || skip_all "there is no readelf"

# weak FILE: what a program or library lacks, a word each
weak() {
    local headers
    headers=$(readelf -hldW "$1" 2>&1) || echo unreadable
    grep -q 'Type: *DYN' <<<"$headers" || echo fixed-address
    grep -q ' GNU_RELRO ' <<<"$headers" || echo no-relro
    grep -Eq '\((BIND_NOW|FLAGS)\).*NOW|\(BIND_NOW\)' <<<"$headers" ||
        echo lazy
    grep -Eq ' GNU_STACK .* RW +0x' <<<"$headers" || echo executable-stack
}

# calls PATTERN OBJECT...: how many of them call what configure must not put
# into the audio thread's code
calls() {
    local object pattern=$1 n=0
    shift
    for object; do
        ! "${lister[@]}" -u "$object" | grep -Eq "$pattern" || n=$((n + 1))
    done
    echo "$n"
}

# ---------------------------------------------------- what is installed --

looked=0 told=
for file in src/.libs/libtabor.so src/tabor-decode \
    bindings/python/.libs/_tabor.so bindings/lua/.libs/tabor.so \
    bindings/lua/.libs/tabor backends/.libs/rtaudio.so \
    guard/.libs/libtabor-guard.so; do
    [ -f "$builddir/$file" ] || continue
    looked=$((looked + 1))
    found=$(weak "$builddir/$file" | tr '\n' ' ')
    [ -z "$found" ] || told="$told$file: $found"
done
is "$looked files can be loaded anywhere, are bound before they start, are \
then read-only, and have no executable stack" "$told" ""
ok "the library and its worker are among them" test "$looked" -ge 2

# ------------------------------------------------------------- objects --

mapfile -t control < <(find "$builddir/src/control/.libs" \
    "$builddir/backends/.libs" -name '*.o')
mapfile -t audible < <(find "$builddir/src/rt/.libs" -name '*.o')
if [[ " ${compiling[*]} " = *" -fstack-protector-strong "* ]]; then
    guarded=$(calls __stack_chk_fail "${control[@]}")
    ok "$guarded of ${#control[@]} objects of src/control and backends guard \
their stack" test "$guarded" -ge 10
else
    skip "objects guard their stack" "the compiler does not"
fi
if [[ " ${compiling[*]} " = *_FORTIFY_SOURCE* ]]; then
    fortified=$(calls '_chk$' "${control[@]}")
    ok "$fortified of them call C's library where it looks at sizes" \
        test "$fortified" -ge 5
else
    skip "calls of C's library look at sizes" "not with these CFLAGS"
fi
is "none of ${#audible[@]} objects of src/rt does either" \
    "$(calls '_chk(_fail)?$' "${audible[@]}")" 0
ok "and there are objects" test "${#audible[@]}" -ge 10

# ------------------------------------------------------------ controls --

cat >"$folder/plain.c" <<'END'
#include <string.h>
char *fill(char *to, unsigned long n);
char *fill(char *to, unsigned long n)
{
    char own[64];
    memset(own, *to, n);
    return memcpy(to, own, n);
}
int main(int argc, char **argv) { return *fill(argv[0], (unsigned long)argc); }
END
"${compiler[@]}" -O2 -w -fno-pie -no-pie -Wl,-z,norelro -Wl,-z,lazy \
    -Wl,-z,execstack "$folder/plain.c" -o "$folder/plain" 2>/dev/null
is "a program without all that is told" "$(weak "$folder/plain" | tr '\n' ' ')" \
    "fixed-address no-relro lazy executable-stack "
"${compiler[@]}" -O2 -w -fPIE -pie "${linking[@]}" "$folder/plain.c" \
    -o "$folder/hard"
is "the same program with it is not" "$(weak "$folder/hard")" ""

# made FLAG...: the calls in an object that was compiled with them
made() {
    "${compiler[@]}" -O2 -w "$@" -c "$folder/plain.c" -o "$folder/plain.o" &&
        calls '_chk(_fail)?$' "$folder/plain.o"
}
is "an object in src/rt's place with control's flags is told" \
    "$(made "${compiling[@]}")" 1
is "with src/rt's after them, a distribution's or ours, it is not" \
    "$(made "${compiling[@]}" "${audio[@]}")" 0
done_testing
