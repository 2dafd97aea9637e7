#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the audio thread's code may call from outside, by its object files.
# Each name is here for a reason:
#   memcpy memmove memset   plain loops
#   clock_gettime           the vDSO: no system call
#   write                   the one named exception, see DESIGN's promise 1
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
: "${builddir:?}"

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

# system_calls OBJECT...: the instructions that enter the kernel, each once
system_calls() {
    objdump -d --no-show-raw-insn "$@" | awk '
    $2 ~ /^(syscall|sysenter|svc)$/ { print $2 }
    $2 == "int" { print $2 " " $3 }' | sort -u | tr '\n' ' '
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
is "and make no system call of their own" "$(system_calls $objects)" ""
# shellcheck disable=SC2086
instructions=$(objdump -d --no-show-raw-insn $objects | grep -c '^ ')
is "(in $instructions instructions)" "$((instructions > 3000))" 1

# the controls
echo 'void *malloc(unsigned long); void *f(void) { return malloc(1); }' >"$folder/bad.c"
$CC -c "$folder/bad.c" -o "$folder/bad.o"
is "a malloc would be noticed" \
    "$(undefined "$folder/bad.o")" malloc

# planted INSTRUCTION: what system_calls says of an object that has it
planted() {
    echo "void f(void) { __asm__ volatile(\"$1\"); }" >"$folder/call.c"
    $CC -c "$folder/call.c" -o "$folder/call.o" &&
        system_calls "$folder/call.o"
}
case $(uname -m) in
x86_64)
    # shellcheck disable=SC2016  # no variable
    for instruction in syscall sysenter 'int $0x80'; do
        is "a system call by $instruction would be noticed" \
            "$(planted "$instruction")" "$instruction "
    done
    ;;
aarch64) is "a system call by svc would be noticed" \
    "$(planted 'svc 0')" "svc " ;;
*) skip "a system call in assembler would be noticed" "not x86-64" ;;
esac
done_testing
