# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What ./dev check --asan and such do: ./dev sources this, whose functions and
# variables it uses.
: "${top:?./dev sources me}"

# What runs under a checker: the files of tests whose names these are.
in_c() { printf 'tests/%s\n' "$@"; }
in_python() { printf 'tests/py-%s.py\n' "$@"; }
in_lua() { printf 'tests/lua-%s.lua\n' "$@"; }

# Of a mode: how to compile; what each program runs under, what an interpreter
# that was not compiled so must preload, what else to tell it, what to install,
# and which tests have something to show. TABOR_UNDER tells the tests.
mode_of() {
    local everywhere="batch events full load play shape take many seek engine"
    under=() library='' needs=() jobs=$(nproc)
    case $1 in
    asan)
        flags="-O1 -g -fsanitize=address -fno-omit-frame-pointer"
        library=libasan.so
        words=(TABOR_UNDER=asan ASAN_OPTIONS=exitcode=66)
        # no py-fork: a child of a process with threads may find the checker's
        # own locks held
        mapfile -t tests < <(
            in_c batch client convert files full fuzz-ring link many meet mix \
                oom-calls output render sample schedule seek shape steal take \
                worker
            # shellcheck disable=SC2086  # names
            in_python $everywhere life audio exit dither
            # shellcheck disable=SC2086
            in_lua $everywhere life dither
        )
        ;;
    ubsan)
        flags="-O1 -g -fsanitize=undefined -fno-sanitize-recover=all"
        library=libubsan.so
        words=(TABOR_UNDER=ubsan UBSAN_OPTIONS=print_stacktrace=1)
        mapfile -t tests < <(
            in_c batch client completions convert device fault-wrap files full \
                fuzz-ring kernels link many meet mix output render sample \
                schedule score seek shape steal take worker
            # shellcheck disable=SC2086
            in_python $everywhere life audio exit fork dither
            # shellcheck disable=SC2086
            in_lua $everywhere life dither
        )
        ;;
    quick) # of those two, what ./dev check has time for
        flags="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
        library=libasan.so
        words=(TABOR_UNDER=asan-ubsan ASAN_OPTIONS=exitcode=66)
        mapfile -t tests < <(
            in_c batch fuzz-ring link many render sample shape
            in_python play many batch
            in_lua play many batch
        )
        ;;
    tsan)
        # a thread's own memory at once: the loader's, made when it is first
        # used, is taken for a race as its thread ends
        flags="-O1 -g -fsanitize=thread -ftls-model=initial-exec"
        library=libtsan.so
        words=(TABOR_UNDER=tsan TSAN_OPTIONS=exitcode=66)
        jobs=1
        mapfile -t tests < <(
            echo tests/tsan.sh tests/tsan-weak.sh tests/both.py | tr ' ' '\n'
            in_c batch client device fuzz-ring link render ring sample shape \
                take
            in_python batch busy events full life load play
            in_lua batch events full load play
        )
        ;;
    valgrind)
        flags="-O1 -g"
        under=(valgrind --quiet --error-exitcode=66 --leak-check=full
            --errors-for-leak-kinds=definite --show-leak-kinds=definite
            --fair-sched=yes
            --suppressions=/usr/lib/valgrind/python3.supp)
        words=(TABOR_UNDER=valgrind)
        needs=(valgrind)
        mapfile -t tests < <(
            in_c batch full fuzz-ring link many meet schedule seek
            in_python play
            in_lua batch load play
        )
        ;;
    esac
    tests=(tests/checker.sh "${tests[@]}")
}

configure_mode() (
    rm -rf "$tree" && mkdir -p "$tree" && cd "$tree" &&
        ../../configure --prefix="$top/$tree/prefix" PYTHON="${python:?}" \
            CFLAGS="$flags" LDFLAGS="$flags" && echo "$flags" >.flags
)

# Only what these tests need is built.
make_mode() {
    local programs
    programs=$(printf '%s\n' "${tests[@]}" | grep -v '\.' || true)
    make -C "$tree" -j"$(nproc)" &&
        make -C "$tree" -j"$(nproc)" check TESTS= \
            check_PROGRAMS="tests/faulty tests/planted ${programs//$'\n'/ }"
}

# How the tests of each language are started, which tests/checker.sh is told
# too. A Lua test's own timeout(1) would start foreign programs with what is
# preloaded, so it is set here. Python has an allocator of its own, behind which
# nothing is seen; and without -S it has numpy, whose import leaks.
test_mode() {
    local preload=() c python_words lua
    [ -z "$library" ] ||
        preload=(env "LD_PRELOAD=$(gcc -print-file-name="$library")")
    c=${under[*]}
    python_words="env PYTHONMALLOC=malloc ${preload[*]} $c $python -S"
    lua="timeout -k 2 170 env TABOR_TAP_LIMIT=1 ${preload[*]} $c $(
        sed -n "s/^LUA='\(.*\)'/\1/p" "$tree/pre-inst-env")"
    # results of an earlier run must not be counted
    rm -f "$tree/test-suite.log" "$tree"/tests/*.trs
    timeout --foreground -k 30 1800 env "${words[@]}" TABOR_RUN_C="$c" \
        TABOR_RUN_PYTHON="$python_words" TABOR_RUN_LUA="$lua" \
        make -C "$tree" -j"$jobs" check TESTS="${tests[*]}" \
        LOG_COMPILER="./pre-inst-env $c" \
        PY_LOG_COMPILER="./pre-inst-env $python_words" \
        LUA_LOG_COMPILER="./pre-inst-env $lua"
}

# Leaves how many passed, failed and were skipped in variables of those names.
run_mode() {
    local flags library words tests under needs jobs
    mode_of "$1"
    tree=build/$1
    [ "${#needs[@]}" = 0 ] || install_packages "${needs[@]}"
    grep -qxF -e "$flags" "$tree/.flags" 2>/dev/null ||
        logged "$1-configure" configure_mode
    say "$1: make, then ${#tests[@]} tests (logs: build/log/$1-*.log)"
    logged "$1-make" make_mode
    test_mode </dev/null >"build/log/$1-check.log" 2>&1 || true
    if [ ! -s "$tree/test-suite.log" ]; then
        tail -n 30 "build/log/$1-check.log"
        say "the tests under $1 did not come to their end"
        failed=$((failed + 1))
        return
    fi
    show_failures
    passed=$((passed + $(sum_of PASS)))
    failed=$((failed + $(sum_of FAIL ERROR XPASS)))
    skipped=$((skipped + $(sum_of SKIP XFAIL)))
}
