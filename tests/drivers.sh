#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Plug-ins: one built outside the tree, against an installed driver.h, loads;
# what is no driver is refused with the reason.
# shellcheck source=tests/lib/tap.sh
. "$srcdir/tests/lib/tap.sh"
tap_limit 170 bash "$0"

folder=$PWD/t-drivers.$$
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/plugins"
make -s -C "$builddir" install-taborincludeHEADERS includedir="$folder/include" >"$folder/install.log" 2>&1
export TABOR_DRIVER_PATH=$folder/plugins

# build NAME: C from standard input, with nothing but the installed headers
build() {
    (cd "$folder" && cat >"$1.c" &&
        $CC -shared -fPIC -Iinclude "$1.c" -o "plugins/$1.so" -pthread) ||
        echo "# building $1 failed"
}

# try NAME WORDS WHAT: opening NAME must say WORDS
try() {
    said=$(timeout 20 "$builddir/tests/try" "$1" 2>&1)
    case $said in
    *"$2"*) ok "$3" true ;;
    *) ok "$3" false && note "said: $said" ;;
    esac
}

chaos=$srcdir/tests/drivers/chaos.c
ls "$folder/include/tabor" >"$folder/headers"
is "make install puts both headers into include/tabor" \
    "$(tr '\n' ' ' <"$folder/headers")" "driver.h tabor.h "
sed 's/"chaos"/"mine"/' "$chaos" | build mine
try mine "mine on mine: no error" "a driver built outside the tree plays"
"$builddir/tests/conformance" mine >"$folder/conformance" 2>&1
is "and passes the suite that ours pass" \
    "$?" 0
is "all of it" \
    "$(($(grep -c '^ok' "$folder/conformance") > 10))" 1

sed 's/"chaos"/"old"/; s/= TABOR_DRIVER_ABI/= 99/' "$chaos" | build old
try old "ABI 99" "one for another ABI is refused, with both numbers"
sed 's/"chaos"/"odd"/; s/snprintf(grant->device/grant->format = 9; &/' "$chaos" | build odd
try odd "format 9, which is none" "one that wants a format that is none is refused"
cp -r "$folder/include" "$folder/new"
sed -i '/tabor_stream_format format;/d; s/void \*out, uint32_t frames);/float *out, uint32_t frames);/' \
    "$folder/include/tabor/driver.h"
is "(a header as it was before formats)" \
    "$(grep -c 'stream_format format\|process)(void \*self, void' "$folder/include/tabor/driver.h")" 0
sed 's/"chaos"/"before"/' "$chaos" | build before
try before "before on before: no error" "one built before there were formats plays"
rm -r "$folder/include" && mv "$folder/new" "$folder/include"
echo 'int nothing;' | build empty
try empty "no symbol tabor_driver_entry" "one without its symbol is refused, with the symbol's name"
sed 's/"chaos"/"other"/' "$chaos" | build renamed
try renamed "is named" "one whose file has another name is refused"
sed 's/"chaos"/"short"/; s/\.stop = chaos_stop,//' "$chaos" | build short
try short "missing" "one that lacks a function is refused"
mkdir "$folder/plugins/folder.so"
try folder "is a directory" "a directory is refused"
echo "hello" >"$folder/plugins/text.so"
try text "can't be loaded" "a text file is refused"
mkfifo "$folder/plugins/fifo.so"
try fifo "not a regular file" "a FIFO is refused and does not hang"
try nowhere "no driver 'nowhere'" "an unknown name is refused"
try nowhere "mine" "with the names there are"
try ../mine "no driver '../mine'" "a path is no name"
done_testing
