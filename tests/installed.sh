#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What make installcheck runs: the installed library, modules and console work
# from an unrelated folder, without help from the build tree. Told by its
# environment: bindir libdir includedir pyexecdir pythondir luaexecdir
# driverdir kitdir pkglibdir pkglibexecdir root CC PYTHON LUA (empty = that part
# is off).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${libdir:?make installcheck starts me}" "${driverdir:?}" "${kitdir:?}" \
    "${pkglibdir:?}" "${pkglibexecdir:?}" "${pyexecdir:?}" "${pythondir:?}" \
    "${luaexecdir:?}" "${bindir:?}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
root=${root:-}
if [ -n "$root" ]; then
    # a staged tree: nothing is where it will be
    export LD_LIBRARY_PATH="$root$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export TABOR_DRIVER_PATH="$root$driverdir" TABOR_KIT_DIR="$root$kitdir"
    export TABOR_GUARD="$root$pkglibdir/libtabor-guard.so"
fi
export PYTHONDONTWRITEBYTECODE=1
unset TABOR_DECODER LUA_PATH LUA_CPATH LUA_PATH_5_4 LUA_CPATH_5_4 PYTHONPATH

say() {
    echo "installcheck: $*"
}

cat >program.c <<'C'
#include <tabor/driver.h>
#include <tabor/tabor.h>
#include <tabor/tempo.h>
int
main(void)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    tabor_engine *engine;
    float out[2 * 100];
    int failed = tabor_engine_open(&config, &engine) ||
                 tabor_engine_render(engine, 100, out);
    tabor_engine_close(engine);
    return failed || tabor_tempo_new(0, NULL) != TABOR_ERR_INVALID;
}
C
cflags=$(PKG_CONFIG_PATH="$root$libdir/pkgconfig" \
    pkg-config ${root:+--define-variable=includedir="$root$includedir"} \
    --cflags --libs tabor)
# shellcheck disable=SC2086
$CC program.c -o program -L"$root$libdir" $cflags -Wl,-rpath,"$libdir"
./program
say "a C program builds with pkg-config tabor and runs"

# it decodes for all of the following; without it they would fail
test -x "$root$pkglibexecdir/tabor-decode"
kick=$root$kitdir/kick.wav
test -s "$kick"
if [ -n "$PYTHON" ]; then
    PYTHONPATH="$root$pyexecdir:$root$pythondir" $PYTHON - "$kick" <<'PY'
import sys
import tabor
with tabor.open(driver="offline") as engine:
    engine.load(sys.argv[1]).play()
    assert max(memoryview(engine.render(0.5)).cast("B"))
assert "kick" in tabor.kit(), tabor.kit()
print("installcheck: python drivers:", *(d.name for d in tabor.drivers()))
PY
    if [ -z "$root" ]; then
        TABOR_DRIVER=null PYTHONPATH="$pyexecdir:$pythondir" $PYTHON \
            "$here/lib/readme.py" "$here/../README.md" "${libdir%/*}"
    fi
fi
if [ -n "$LUA" ]; then
    LUA_CPATH="$root$luaexecdir/?.so" $LUA - "$kick" <<'LUA'
local tabor = require "tabor"
local engine <close> = assert(tabor.open{ driver = "offline" })
assert(engine:load(arg[1])):play()
assert(engine:render(0.5).frames == 24000)
assert(tabor.kit().kick)
print("installcheck: lua works")
LUA
    "$root$bindir/tabor" --version
    "$root$bindir/tabor" --driver offline -e 'assert(engine.driver == "offline")'
    say "the console runs"
    "$root$bindir/tabor" torture --driver null --seconds 0.2
fi
