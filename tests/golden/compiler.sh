# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What golden-gcc.sh and golden-clang.sh share:
#
#   check_compiler CC   the golden score's hash does not depend on who compiled
#                       the core, nor on how much it optimised
#
# With the flags that configure chose for the mixer. Quick form: -O0 and -O3, of
# what computes (src/rt, the wire's numbers, the sincs' tables), the rest from
# this build. TABOR_LONG=1: all levels, all of it.
#
# Not claimed: compilers that are told to break IEEE 754, x87 arithmetic
# (32-bit x86 without SSE2), and a C library whose exp2() differs, from which a
# play's pitch= comes.

folder=$PWD/t-golden.$$
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"
core=${srcdir:?}/src

levels="-O0 -O3"
[ -z "${TABOR_LONG:-}" ] || levels="-O0 -O1 -O2 -O3"

# setting NAME: what the Makefile has for it
setting() {
    sed -n "s/^$1 = *//p" "${builddir:?}/Makefile"
}

read -ra chosen <<<"$(setting RT_CFLAGS) $(setting SNDFILE_CFLAGS) \
    $(setting SOXR_CFLAGS)"
read -ra libraries <<<"$(setting SNDFILE_LIBS) $(setting SOXR_LIBS) \
    $(setting LIBS)"
common=(-std=gnu11 -w "${chosen[@]}" -DHAVE_CONFIG_H -I"$builddir"
    -I"$srcdir/include" -I"$core" -I"$srcdir/tests/lib")
# Paths that it is told: none of them matters here.
while read -r name; do
    common+=("-D$name=\"/nowhere\"")
done < <(grep -o 'DTABOR_[A-Z_]*=' "$core/local.mk" | tr -d '=' | sed 's/^D//')

# flags_of FILE: what its level of SIMD needs
flags_of() {
    case $1 in
    *kernel_sse2.c) setting SSE2_CFLAGS ;;
    *kernel_avx2.c) setting AVX2_CFLAGS ;;
    *kernel_avx512.c) setting AVX512_CFLAGS ;;
    esac
}

# sources: a file a line
sources() {
    ls "$core"/rt/*.c
    if [ -z "${TABOR_LONG:-}" ]; then
        ls "$core/control/play.c"
    else
        find "$core/control" -name '*.c' ! -name make-tables.c
        ls "$srcdir"/backends/{null,offline,record}.c
        echo sinc.c
    fi
}

# compile COMPILER LEVEL [MORE...]: objects into the present folder, two at a
# time; 1 if one is missing then
compile() {
    local file object n=0
    while read -r file; do
        object=$(basename "$file" .c).o
        # shellcheck disable=SC2046  # words
        "$1" "$2" "${common[@]}" $(flags_of "$file") -c "$file" -o "$object" &
        n=$((n + 1))
        [ "$((n % 2))" = 1 ] || wait
    done < <(sources)
    wait
    [ "$(find . -name '*.o' | wc -l)" = "$n" ]
}

# build COMPILER LEVEL: ./score in the present folder. What it does not bring
# itself comes from this build's archive. The score is no part of the core.
build() {
    "$1" "$2" "${common[@]}" "$core/control/make-tables.c" -o make-tables -lm &&
        ./make-tables >sinc.c && compile "$@" &&
        "$1" -O0 "${common[@]}" -c "$srcdir/tests/score.c" -o score.o &&
        "$1" ./*.o "$builddir/src/.libs/libtabor-all.a" "${libraries[@]}" \
            -lm -o score
}

# check COMPILER LEVEL: one line of TAP for each level of SIMD
check() {
    local simd hash
    rm -rf "$folder/build"
    mkdir "$folder/build" && cd "$folder/build" || exit
    if ! build "$@" >log 2>&1; then
        ok "$1 $2 compiles the core" false
        note "$(tail -20 log)"
        return
    fi
    ok "$1 $2: the sincs' tables are the same" \
        cmp sinc.c "$builddir/src/control/sinc.c"
    ./score --hash >hashes
    while read -r simd hash; do
        is "$1 $2, $simd: so is the score's hash" "$hash" "$kept"
        hashes=$((hashes + 1))
    done <hashes
    built=$((built + 1))
}

# A control: where a compiler may round as it likes, the hash must not hold.
check_control() {
    local hash
    ok "$1 compiles the mixer for fast arithmetic" "$1" -O3 "${common[@]}" \
        -ffast-math -c "$core/rt/kernel_scalar.c" -o kernel_scalar.o
    "$1" ./*.o "$builddir/src/.libs/libtabor-all.a" "${libraries[@]}" -lm \
        -o control
    hash=$(./control --hash | sed -n 's/^scalar //p')
    ok "then the hash is another ($hash)" test "${#hash}" = 16 -a \
        "$hash" != "$kept"
}

# The whole test, to its plan.
check_compiler() {
    local level compiler=$1 tried
    read -ra tried <<<"$levels"
    note "$("$compiler" --version | head -1)"
    for level in "${tried[@]}"; do
        check "$compiler" "$level"
    done
    [ "$built" = 0 ] || check_control "$compiler"
    is "$compiler built it at ${#tried[@]} levels of optimisation" \
        "$built" "${#tried[@]}"
    ok "and each told a hash or more ($hashes)" \
        test "$built" -ge 1 -a "$hashes" -ge "$built"
    done_testing
}

kept=$(cat "$srcdir/tests/golden/score.sum")
built=0 hashes=0
