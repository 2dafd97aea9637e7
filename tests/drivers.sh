#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Plug-ins: one built outside the tree, against an installed driver.h, loads;
# what is no driver is refused with the reason.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"
: "${builddir:?}"

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
    "$(tr '\n' ' ' <"$folder/headers")" "driver.h tabor.h tempo.h "
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
# Who could have put a driver there? Each of these folders is wrong in one way.
place() {
    mkdir -p "$folder/$1/plugins"
    cp "$folder/plugins/mine.so" "$folder/$1/plugins/"
}
# from PLACE WORDS WHAT: with drivers of PLACE only, opening one says WORDS
from() {
    before=$TABOR_DRIVER_PATH
    TABOR_DRIVER_PATH=$folder/$1
    try mine "$2" "$3"
    TABOR_DRIVER_PATH=$before
}
place good
from good/plugins "mine on mine: no error" "(a folder of the user's own is a good place)"
place open
chmod o+w "$folder/open/plugins"
from open/plugins "other users can write to $folder/open/plugins: chmod" \
    "a folder that others can write to holds no drivers, and is named"
place above
chmod o+w "$folder/above"
from above/plugins "other users can write to $folder/above: chmod" \
    "nor one below such a folder"
chmod +t "$folder/above"
from above/plugins "mine on mine: no error" "one below a sticky folder is good, as people build there"
chmod 1777 "$folder/open/plugins"
from open/plugins "everybody may put files into $folder/open/plugins: move" \
    "but a sticky folder itself holds no drivers"
place file
chmod o+w "$folder/file/plugins/mine.so"
from file/plugins "other users can write to $folder/file/plugins/mine.so: chmod" \
    "a driver that others can write to is refused"
place link
mv "$folder/link/plugins/mine.so" "$folder/link/mine.so"
ln -s ../mine.so "$folder/link/plugins/mine.so"
from link/plugins "$folder/link/plugins/mine.so: is a link" "a link is not followed"
mkdir "$folder/to"
ln -s "$folder/good/plugins" "$folder/to/good"
ln -s "$folder/open/plugins" "$folder/to/open"
from to/good "mine on mine: no error" "a link to a good folder is as good as the folder"
from to/open "everybody may put files into $folder/open/plugins" "a link to a bad one as bad"
foreign="a folder of another user holds no drivers, and is named"
foreign_above="nor one below a folder of another user"
foreign_file="a driver of another user is refused"
foreign_group="a folder that a group can write to holds no drivers"
secure="a program with more rights than its caller obeys no TABOR_DRIVER_PATH"
secure_other="nor TABOR_DRIVER"
if [ "$(id -u)" -eq 0 ]; then
    place foreign
    chown 65534 "$folder/foreign/plugins"
    from foreign/plugins "$folder/foreign/plugins belongs to user 65534" "$foreign"
    place below
    chown 65534 "$folder/below"
    from below/plugins "$folder/below belongs to user 65534" "$foreign_above"
    place theirs
    chown 65534 "$folder/theirs/plugins/mine.so"
    from theirs/plugins "mine.so belongs to user 65534" "$foreign_file"
    place group
    chown :65534 "$folder/group/plugins"
    chmod g+w "$folder/group/plugins"
    from group/plugins "other users can write to $folder/group/plugins" "$foreign_group"
    # Set-user-id to anybody else than the caller is what the kernel marks.
    cp "$builddir/tests/try-static" "$folder/try-secure"
    is "(the program obeys it without those rights)" \
        "$("$folder/try-secure" mine)" "mine on mine: no error"
    chown 65534 "$folder/try-secure"
    chmod 4755 "$folder/try-secure"
    case $("$folder/try-secure" --secure) in
    yes)
        is "$secure" "$("$folder/try-secure" mine | cut -d';' -f1)" \
            "audio device failed: no driver 'mine'"
        is "$secure_other" "$(TABOR_DRIVER=nowhere "$folder/try-secure" auto | grep -c nowhere)" 0
        ;;
    *)
        skip "$secure" "set-user-id has no effect here"
        skip "$secure_other" "set-user-id has no effect here"
        ;;
    esac
else
    for fact in "$foreign" "$foreign_above" "$foreign_file" "$foreign_group" \
        "$secure" "$secure_other"; do
        skip "$fact" "only root can make it"
    done
fi

# The loader keeps names, and a descriptor's number comes back for the next file.
sed 's/"chaos"/"second"/' "$chaos" | build second
is "two drivers loaded one after the other are two" \
    "$("$builddir/tests/try" mine second | tr '\n' ' ')" \
    "mine on mine: no error second on second: no error "
done_testing
