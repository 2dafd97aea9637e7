#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the audio thread's code may call from outside, by its object files.
# Each name is here for a reason:
#   memcpy memmove memset   plain loops
#   clock_gettime           the vDSO: no system call
#   write                   the one named exception, see DESIGN's promise 1
# shellcheck source=tests/lib/tap.sh
. "$srcdir/tests/lib/tap.sh"
tap_limit 170 bash "$0"

allowed='memcpy memmove memset clock_gettime write'
folder=$PWD/t-symbols.$$
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"

if grep -q -- '-fsanitize\|--coverage' "$builddir/config.status"; then
    skip_all "an instrumented build calls its instruments"
fi

# undefined OBJECT...: names that are wanted from outside, not allowed ones
undefined() {
    ld -r -o "$folder/all.o" "$@" || echo ld-failed
    # NM may be two words
    # shellcheck disable=SC2086
    $NM -u "$folder/all.o" | sed 's/.* //' | grep -v '^_GLOBAL_OFFSET_TABLE_$' |
        while read -r name; do
            case " $allowed " in
            *" $name "*) ;;
            *) echo "$name" ;;
            esac
        done
}

objects=$(find "$builddir/src/rt/.libs" -name '*.o' | sort)
count=$(wc -w <<<"$objects")
sources=$(find "$srcdir/src/rt" -name '*.c' | wc -l)
is "each of $sources files in src/rt has its object" \
    "$count" "$sources"
# shellcheck disable=SC2086
is "they call only: $allowed" \
    "$(undefined $objects)" ""
# shellcheck disable=SC2086
is "and make no system call of their own" \
    "$(objdump -d $objects | grep -cw syscall)" 0
instructions=$(objdump -d $objects | wc -l)
is "(in $instructions lines of code)" \
    "$((instructions > 1000))" 1

# the controls
echo 'void *malloc(unsigned long); void *f(void) { return malloc(1); }' >"$folder/bad.c"
$CC -c "$folder/bad.c" -o "$folder/bad.o"
is "a malloc would be noticed" \
    "$(undefined "$folder/bad.o")" malloc
echo 'long f(void) { long r; __asm__ volatile("syscall" : "=a"(r)); return r; }' >"$folder/call.c"
case $(uname -m) in
x86_64)
    $CC -c "$folder/call.c" -o "$folder/call.o"
    is "a system call in assembler would be noticed" \
        "$(objdump -d "$folder/call.o" | grep -cw syscall)" 1
    ;;
*) skip "a system call in assembler would be noticed" "not x86-64" ;;
esac
done_testing
