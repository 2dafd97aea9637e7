#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The same promise, looked at by somebody else's checker: the runtime of clang's
# RealtimeSanitizer, preloaded. It ends a program at the first offence. The
# compiler that would call it is not needed: libtabor tells of its callbacks.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 100 bash "$0"
# shellcheck source=tests/guard/guarded.sh
. "$srcdir/tests/guard/guarded.sh"
trap 'rm -rf "$guard_folder"' EXIT

archive=$(find /usr/lib/llvm-*/lib/clang -name 'libclang_rt.rtsan*.a' 2>/dev/null |
    grep "$(uname -m)" | sort -V | tail -n 1)
[ -n "$archive" ] || skip_all "there is no libclang_rt.rtsan: install \
libclang-rt-19-dev"
guard_require
player=$builddir/tests/guard-player
runtime=$guard_folder/rtsan.so

# without the member that starts it before a program's libraries
build_runtime() {
    cp "$archive" "$guard_folder/rtsan.a" &&
        ar d "$guard_folder/rtsan.a" rtsan_preinit.cpp.o &&
        $CC -shared -fPIC -o "$runtime" "$srcdir/tests/guard/rtsan.c" \
            -Wl,--whole-archive "$guard_folder/rtsan.a" \
            -Wl,--no-whole-archive -lpthread -ldl -lm
}
ok "the runtime can be preloaded: $archive" build_runtime

export RTSAN_OPTIONS=symbolize=0
TABOR_GUARD=$runtime
guard_begin player
ok "a program that plays all it can ends as it should" \
    guarded "$player" null 2500
callbacks=$(figure callbacks)

under() {
    guard_begin "$(basename "$2")"
    ok "$(basename "$2") passes" guarded "$@"
    callbacks=$((callbacks + $(figure callbacks)))
}
[ ! -f "$builddir/bindings/python/.libs/_tabor.so" ] ||
    under "$PYTHON" "$srcdir/tests/py-play.py"
[ ! -f "$builddir/bindings/lua/.libs/tabor.so" ] ||
    under "$LUA" "$srcdir/tests/lua-play.lua"
is "$callbacks callbacks were looked at" "$((callbacks > 2500))" 1

# sinful SIN NAME: the program is ended, and the call is named
sinful() {
    guard_begin "$1"
    guarded_sin "$1" "$player" null 250
    is "$1 in the callback ends the program as a failure" "$(($? != 0))" 1
    is "and is told to be $2" "$(grep -c "unsafe function .$2." \
        "$guard_folder/said")" 1
}
guard_begin none
ok "a callback with no sin in it ends well" guarded_sin "" "$player" null 250
sinful malloc malloc
sinful free free
sinful lock pthread_mutex_lock
sinful sleep nanosleep
sinful open open
sinful printf fwrite
done_testing
