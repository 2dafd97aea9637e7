#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The same sources give the same bytes, wherever and whenever they are built.
#
# Quick form: the library, its worker and the RtAudio driver, once more, from a
# copy of the sources in another folder. TABOR_LONG=1: all that is installed,
# from two more folders, with a configure in each.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
limit=170
[ -z "${TABOR_LONG:-}" ] || limit=1800
tap_limit "$limit" bash "$0"

: "${builddir:?}" "${CC:?}"
read -ra compiler <<<"$CC"
here=$PWD/t-again.$$
trap 'rm -rf "$here"' EXIT
mkdir -p "$here"
unset MAKEFLAGS MAKELEVEL MFLAGS DESTDIR
[ "$srcdir" != "$builddir" ] || skip_all "built among the sources"

# sources FOLDER: a copy of what a build reads
sources() {
    local files
    mapfile -t files < <(cd "$srcdir" && find . -maxdepth 1 -type f)
    mkdir -p "$1/made" && tar -C "$srcdir" -cf - --exclude=__pycache__ \
        "${files[@]}" build-aux m4 include src backends guard kit bindings \
        examples bench tests doc | tar -C "$1" -xf -
}

# differing FOLDER FOLDER FILE...: those that are not the same in both
differing() {
    local a=$1 b=$2 file
    shift 2
    for file; do
        cmp -s "$a/$file" "$b/$file" || printf '%s ' "$file"
    done
}

# ----------------------------------------------------------- quick form --

# configure_again SOURCES: as this tree was. What it found out is taken over:
# that is the longer half of a configure.
configure_again() {
    sed -e "s|^ac_pwd=.*|ac_pwd='$PWD'|" -e "s|^srcdir=.*|srcdir='$1'|" \
        "$builddir/config.status" >config.status &&
        "${CONFIG_SHELL:-sh}" config.status
}

quick() {
    local folder=$here/a-folder-with-a-name-of-another-length
    local targets=(src/libtabor.la src/tabor-decode)
    local files=(src/.libs/libtabor.so src/.libs/libtabor-all.a
        src/tabor-decode)
    if [ -f "$builddir/backends/.libs/rtaudio.so" ]; then
        targets+=(backends/rtaudio.la)
        files+=(backends/.libs/rtaudio.so)
    fi
    sources "$folder" && cd "$folder/made" || exit
    configure_again "$folder" >log 2>&1
    ok "${targets[*]} are built once more, in another folder" \
        make "${targets[@]}"
    is "${#files[@]} files are the same to the byte" \
        "$(differing "$builddir" "$PWD" "${files[@]}")" ""
}

# ------------------------------------------------------------ long form --

# whole FOLDER: configured as this tree was, built, installed beneath it
# shellcheck disable=SC2317  # ok calls it
whole() {
    local words
    sources "$1" && cd "$1/made" || exit
    eval "words=($("$builddir/config.status" --config))"
    {
        ../configure "${words[@]}" --prefix=/opt/tabor && make &&
            make install DESTDIR="$1/root"
    } >log 2>&1
}

# Python's compiled files hold their sources' time unless they are told one.
long() {
    local a=$here/a b=$here/another-folder files
    export SOURCE_DATE_EPOCH=1000000000
    ok "all is built and installed from one folder" whole "$a"
    ok "and from another" whole "$b"
    mapfile -t files < <(cd "$a/root" && find . -type f | sort)
    note "$(du -sk "$a/root" | cut -f 1) KiB"
    is "both have the same names" \
        "$(cd "$b/root" && find . -type f | sort | tr '\n' ' ')" \
        "$(printf '%s ' "${files[@]}")"
    is "${#files[@]} files are the same to the byte" \
        "$(differing "$a/root" "$b/root" "${files[@]}")" ""
    ok "and they are what is installed" test "${#files[@]}" -ge 40
}

# ------------------------------------------------------------- controls --

# planted TEXT [FLAG...]: does an object that holds it come out the same in two
# folders, and at two times?
planted() {
    local folder at=1000000000
    echo "const char *text = $1;" >"$here/text.c"
    shift
    for folder in "$here/1" "$here/two"; do
        mkdir -p "$folder" && cp "$here/text.c" "$folder"
        (cd "$folder" && SOURCE_DATE_EPOCH=$at "${compiler[@]}" -g -c "$@" \
            "${@:+-ffile-prefix-map=$folder=.}" "$folder/text.c") 2>&1
        at=$((at + 86400))
    done
    differing "$here/1" "$here/two" text.o
}

if [ -n "${TABOR_LONG:-}" ]; then
    long
else
    quick
fi
is "a folder's name that is planted is told" "$(planted __FILE__)" "text.o "
is "so is a date" "$(planted __DATE__ -O1)" "text.o "
is "with the flag that we build with, a folder's is not there" \
    "$(planted __FILE__ -O1)" ""
done_testing
