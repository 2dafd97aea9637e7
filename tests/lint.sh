#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What reads the code by machine. Quick form: each tool finds the fault that is
# planted for it in tests/lint/planted. TABOR_LONG=1, which is ./dev lint: and
# finds none in the whole tree.
#
# A tool that is not here is a skip, and a failure with TABOR_REQUIRE_LINT=1.
# Which checks are chosen, and which not and why, is in .clang-tidy,
# .luacheckrc, ruff.toml, mypy.ini, and below.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
limit=170
[ -z "${TABOR_LONG:-}" ] || limit=900
tap_limit "$limit" bash "$0"

: "${builddir:?}" "${PYTHON:?}"
planted=$srcdir/tests/lint/planted
cores=$(nproc)
folder=$PWD/t-lint.$$
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"
cd "$srcdir" || exit
# The tools that ./dev lint fetches for itself.
PATH=$PATH:$builddir/lint/bin

# What the analyzers of C read: what is installed. Tests plant faults.
mapfile -t c_files < <(find src backends bindings guard kit -name '*.c' | sort)
mapfile -t lua_files < <(find bench bindings examples tests -name '*.lua' \
    ! -path '*/planted/*' | sort)
mapfile -t sh_files < <(find dev .ci -type f 2>/dev/null
    find bench tests -name '*.sh' ! -path '*/planted/*' | sort)
mapfile -t py_files < <(find bench bindings examples tests -name '*.py' \
    ! -path '*/planted/*' | sort)

modules=$(find bindings/python/tabor -name '*.py' | wc -l)

# setting NAME: what the Makefile has for it
setting() {
    sed -n "s/^$1 = *//p" "$builddir/Makefile"
}

# Every file is read with the flags of all.
flags=(-std=gnu11 -DHAVE_CONFIG_H "-I$builddir" "-I$srcdir/include"
    "-I$srcdir/src" -mavx2)
for name in PYTHON_CPPFLAGS LUA_DEV_CFLAGS EDIT_CFLAGS SNDFILE_CFLAGS \
    SOXR_CFLAGS RTAUDIO_CFLAGS JACK_CFLAGS; do
    read -ra words <<<"$(setting "$name")"
    flags+=("${words[@]}")
done
for name in DRIVER_DIR GUARD KIT_DIR LIB_DIR LUA WORKER_DIR; do
    flags+=("-DTABOR_$name=\"/nowhere\"")
done
case $(uname -m) in
x86_64) ;;
*) flags=("${flags[@]/-mavx2/}") ;;
esac

# ---------------------------------------------------------------- tools --
# look_TOOL FILE...: prints what it finds; its status is 0 if it found nothing.

# malloc-leak: gcc 12 loses sight of what is kept in an array's element. Leaks
# are what the sanitizers look for.
look_gcc() {
    printf '%s\0' "$@" | xargs -0 -P "$cores" -n 1 gcc "${flags[@]}" -O2 \
        -fanalyzer -Wno-analyzer-malloc-leak -Werror -c -o /dev/null
}

# Its own analyzer takes 200 s for this tree, and is gcc's office here.
look_clang_tidy() {
    printf '%s\n' "${flags[@]}" >"$folder/compile_flags.txt"
    printf '%s\0' "$@" | xargs -0 -P "$cores" -n 12 clang-tidy --quiet \
        -p "$folder" 2>"$folder/clang-tidy.err"
}

# invalidPointerCast: options are written by their offset in a struct.
# missingReturn: it does not see CPython's macros through.
look_cppcheck() {
    cppcheck -j "$cores" -q --std=c11 --error-exitcode=1 -Iinclude -Isrc \
        --enable=warning,portability,performance -DHAVE_CONFIG_H \
        --library=tests/lint/lua.cfg --suppress=invalidPointerCast \
        '-DPy_RETURN_NONE=return NULL' '-DPy_RETURN_TRUE=return NULL' \
        '-DPy_RETURN_FALSE=return NULL' "$@"
}

# SC2317: functions are reached through "ok".
look_shellcheck() {
    printf '%s\0' "$@" | xargs -0 -P "$cores" -n 8 shellcheck -x \
        -e SC2317
}

look_luacheck() {
    luacheck --no-color -q "$@"
}

look_ruff() {
    ruff check --no-cache --output-format concise --config ruff.toml \
        --config 'exclude = []' "$@"
}

look_mypy() {
    mypy --config-file mypy.ini --cache-dir "$folder/mypy" \
        --python-executable "$PYTHON" "$@"
}

# stubtest MODULE: takes it from where Python finds it
look_stubtest() {
    MYPYPATH=$planted:$srcdir/bindings/python \
        MYPY_CACHE_DIR=$folder/stubtest stubtest --concise \
        --mypy-config-file mypy.ini "$@"
}

# ---------------------------------------------------------------- tests --

# here TOOL COMMAND: is it? Says so in TAP if not.
here() {
    ! command -v "$2" >/dev/null || return 0
    if [ "${TABOR_REQUIRE_LINT:-0}" = 1 ]; then
        ok "$1 is here" false
    else
        skip "$1 finds what is planted for it" "there is no $2"
    fi
    return 1
}

# finds TOOL WORD WHAT...: the planted fault, by a word of what is said of it
finds() {
    local look=$1 word=$2 said
    shift 2
    said=$("look_$look" "$@" 2>&1) && said="it found nothing: $said"
    ok "$look finds what is planted for it ($word)" grep -q -e "$word" \
        <<<"$said"
}

# clean TOOL FILES WHAT...: it finds nothing in the tree, which is so many files
clean() {
    local look=$1 files=$2 began=$SECONDS said
    shift 2
    [ -n "${TABOR_LONG:-}" ] || return 0
    if said=$("look_$look" "$@" 2>&1) && [ "$files" -gt 5 ]; then
        said=
    else
        said="status $?: $said"
    fi
    is "$look finds nothing in $files files" "$said" ""
    note "$((SECONDS - began)) s"
}

if here gcc gcc; then
    finds gcc analyzer-double-free "$planted/planted.c"
    clean gcc "${#c_files[@]}" "${c_files[@]}"
fi
if here clang-tidy clang-tidy; then
    finds clang_tidy cert-err34-c "$planted/planted.c"
    clean clang_tidy "${#c_files[@]}" "${c_files[@]}"
fi
if here cppcheck cppcheck; then
    finds cppcheck doubleFree "$planted/planted.c"
    clean cppcheck "${#c_files[@]}" "${c_files[@]}"
fi
if here shellcheck shellcheck; then
    finds shellcheck SC2086 "$planted/planted.sh"
    clean shellcheck "${#sh_files[@]}" "${sh_files[@]}"
fi
if here luacheck luacheck; then
    finds luacheck forgotten_local "$planted/planted.lua"
    clean luacheck "${#lua_files[@]}" "${lua_files[@]}"
fi
if here ruff ruff; then
    finds ruff F401 "$planted/planted.py"
    clean ruff "${#py_files[@]}" "${py_files[@]}" \
        bindings/python/tabor/__init__.pyi
fi
if here mypy mypy; then
    finds mypy 'Unsupported operand' "$planted/planted.py"
    clean mypy "$modules" bindings/python/tabor
fi
if here stubtest stubtest; then
    PYTHONPATH=$planted:${PYTHONPATH:-} finds stubtest rate planted_stub
    clean stubtest "$modules" tabor --allowlist tests/lint/stubtest.allow
fi
done_testing
