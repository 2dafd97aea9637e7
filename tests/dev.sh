#!/bin/sh
# SPDX-License-Identifier: MIT
# ./dev, in a tree of its own where the tools that it calls are stand-ins that
# write down how they were called.
: "${srcdir:?run me through ./pre-inst-env}"
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 "$0" "$@"

home=$PWD
tree=$home/test-dev.tree
out=$home/test-dev.out
rm -rf "$tree"
mkdir -p "$tree/tools" "$tree/m4" "$tree/a" "$tree/bindings/b" "$tree/tests/lib"
# shellcheck disable=SC2016  # the stand-in expands it
echo 'echo "lint ${TABOR_REQUIRE_LINT:-0}" >>"$CALLS"; exit "${UNTIDY:-0}"' \
    >"$tree/tests/lint.sh"
touch "$tree/configure.ac" "$tree/Makefile.am" "$tree/m4/tabor.m4" \
    "$tree/a/local.mk" "$tree/bindings/b/local.mk"
cp "$srcdir/dev" "$tree/dev"
cp "$srcdir/tests/lib/modes.sh" "$tree/tests/lib/modes.sh"
printf '%s\n' '# a remark' 'tests/some 2 - .* # SKIP it is Sunday' \
    >"$tree/tests/allowed-skips"
export CALLS="$tree/calls" SUITE="$tree/suite"
# A Python that would do, whatever this machine has.
export PYTHON="$tree/tools/some-python"
unset CI CONFIGURE_FLAGS

stand_in() {
    {
        echo '#!/bin/sh'
        # shellcheck disable=SC2016  # the stand-in expands it
        printf 'echo "%s $*" >>"$CALLS"\n' "$1"
        cat
    } >"$tree/tools/$1"
    chmod +x "$tree/tools/$1"
}

# Every package is there, unless $LACKING names it.
stand_in dpkg-query <<'END'
for word; do
    case $word in
    -*) ;;
    "${LACKING:-}") ;;
    *) echo "installed $word" ;;
    esac
done
END
stand_in sudo <<'END'
case $1 in
-*) ;;
*) exec "$@" ;;
esac
END
stand_in apt-get </dev/null
stand_in apt-cache </dev/null
stand_in ruff </dev/null
stand_in some-python <<'END'
echo "$PYTHON"
END
stand_in autoreconf <<'END'
touch Makefile.in
{
    echo '#!/bin/sh'
    echo 'echo "configure $*" >>"$CALLS"; touch Makefile'
    echo 'printf "#!/bin/sh\nexec \"\$@\"\n" >pre-inst-env'
    echo 'chmod +x pre-inst-env'
} >configure
chmod +x configure
END
# The tests' outcome is in $SUITE, and what they say in $SAID; of those under a
# checker one passes, or what $UNDER says. $BROKEN is a target that fails.
stand_in make <<'END'
for word; do
    [ "$word" != "${BROKEN:-}" ] || { echo "cannot make $word"; exit 2; }
done
case "$* " in
*" TESTS= "*) ;;
"-C build/"*" check "*) echo "# ${UNDER:-PASS}: 1" >"$2/test-suite.log" ;;
*" check "*)
    echo "${SAID:-}"
    [ ! -f "$SUITE" ] || cp "$SUITE" build/test-suite.log
    ;;
esac
END

dev() {
    : >"$CALLS"
    PATH="$tree/tools:$PATH" "$tree/dev" "$@" >"$out" 2>&1 </dev/null
}

called() {
    grep -c "^$1" "$CALLS"
}

# suite PASS SKIP XFAIL FAIL XPASS ERROR: as automake writes it, with numbers
# in a test's own words too, which do not count.
suite() {
    printf '# %-6s %d\n' TOTAL: 99 PASS: "$1" SKIP: "$2" XFAIL: "$3" \
        FAIL: "$4" XPASS: "$5" ERROR: "$6" >"$SUITE"
    printf '%s\n' '' 'SKIP: tests/some' '================' '' 'reason one' '' \
        'FAIL: tests/other' '=================' '' 'reason two' >>"$SUITE"
}

dev help
is "help is an answer, not an error" "$?" 0
ok "it names every command" sh -c "grep -q demo $out && grep -q check $out &&
    grep -q build $out && grep -q run $out && grep -q clean $out &&
    grep -q bench $out"
dev bild
is "an unknown command is a usage error" "$?" 2
dev check --all
is "so is an option that check does not know" "$?" 1

dev build
is "a build in a new tree works" "$?" 0
is "it generates, configures and makes, once each" \
    "$(called autoreconf) $(called configure) $(called make)" "1 1 1"
is "nothing is installed where nothing is missing" "$(called apt-get)" 0
dev build
is "a second build leaves all but make out" \
    "$? $(called autoreconf) $(called configure) $(called make)" "0 0 0 1"
sleep 1
touch "$tree/a/local.mk"
dev build
is "a changed local.mk is generated anew" "$(called autoreconf)" 1
CONFIGURE_FLAGS=--x dev build
is "other flags configure anew" "$(called configure)" 1
ok "and reach configure" grep -q -e --x "$CALLS"
BROKEN=-C dev build
is "a failing step fails" "$?" 1
ok "with the end of its log and the log's name" \
    sh -c "grep -q 'cannot make -C' $out && grep -q 'log/make.log' $out"

LACKING=sox dev build
is "a build does not ask for what only tests need" "$(called apt-get)" 0
LACKING=libsoxr-dev dev build
is "what is missing is installed by one call, as root or with sudo" \
    "$(grep -c '^apt-get .*install --no-install-recommends libsoxr-dev$' \
        "$CALLS") $(called sudo)" "1 $([ "$(id -u)" = 0 ] && echo 0 || echo 2)"
LACKING=python3-pygame dev bench ring mix
is "a measurement installs its peers and passes its parts on" \
    "$? $(grep -c '^apt-get .* python3-pygame$' "$CALLS") $(grep -c \
        '^make .* bench BENCH=ring mix$' "$CALLS")" "0 1 1"
LACKING=python3-pygame dev build
is "which a build does not" "$(called apt-get)" 0

dev lint
is "lint reads the tree" "$? $(called 'lint 0')" "0 1"
UNTIDY=1 dev lint
is "a finding fails it" "$?" 1
CI=true dev lint
is "in CI a tool that is missing does too" "$(called 'lint 1')" 1

mkdir -p "$tree/elsewhere"
cd "$tree/elsewhere" || exit 1
dev run pwd
is "run keeps the folder and adds no words" "$(cat "$out")" "$tree/elsewhere"
dev run python3 -c 'x y'
is "python3 is the one that was chosen" \
    "$(tail -n 1 "$CALLS")" "some-python -c x y"
dev run sh -c 'exit 7'
is "run ends with the command's status" "$?" 7
cd "$home" || exit 1

suite 12 3 1 0 0 0
dev check
is "all passed is success" "$?" 0
is "the last line sums up" "$(tail -n 1 "$out")" \
    "13 passed, 0 failed, 4 skipped"
suite 12 0 0 1 2 4
dev check
is "failures are no success" "$?" 1
is "failed, errors and unexpected passes count as failed" \
    "$(tail -n 1 "$out")" "13 passed, 7 failed, 0 skipped"
ok "what failed is shown, what was skipped is not" \
    sh -c "grep -q 'reason two' $out && ! grep -q 'reason one' $out"
suite 12 0 0 0 0 0
BROKEN=installcheck dev check
is "an installation that does not work is a failure" \
    "$? $(tail -n 1 "$out")" "1 13 passed, 1 failed, 0 skipped"
UNTIDY=1 dev check
is "so is a finding of lint's" \
    "$? $(tail -n 1 "$out")" "1 13 passed, 1 failed, 0 skipped"
rm -f "$SUITE"
dev check
is "a suite that did not end is a failure" \
    "$? $(tail -n 1 "$out")" "1 1 passed, 1 failed, 0 skipped"
suite 0 0 0 0 0 0
UNDER=TOTAL dev check
is "no test at all is no success" "$?" 1

suite 12 1 0 0 0 0
SAID='SKIP: tests/some 2 - a fact # SKIP it is Sunday' dev check
is "a skip that is allowed is none that fails" \
    "$? $(tail -n 1 "$out")" "0 13 passed, 0 failed, 1 skipped"
SAID='SKIP: tests/some 2 - a fact # SKIP it is Monday' dev check
is "a skip that is not on the list fails" \
    "$? $(tail -n 1 "$out")" "1 13 passed, 1 failed, 1 skipped"
ok "and is told" grep -q 'not on the list .* it is Monday' "$out"
SAID='SKIP: tests/awesome 2 - a fact # SKIP it is Sunday' dev check
is "another test's reason does not excuse it" "$?" 1
: >"$tree/tests/allowed-skips"
SAID='SKIP: tests/some 2 - a fact # SKIP it is Sunday' dev check
is "an empty list allows none" "$?" 1
UNDER=FAIL dev check
is "a test that fails under a checker of memory is a failure" \
    "$? $(tail -n 1 "$out")" "1 12 passed, 1 failed, 1 skipped"

for mode in asan ubsan tsan valgrind; do
    UNDER=FAIL dev check --$mode
    failing="$? $(tail -n 1 "$out")"
    dev check --$mode
    is "$mode counts what passes and what fails, in a build of its own" \
        "$failing, $? $(tail -n 1 "$out")" \
        "1 0 passed, 1 failed, 0 skipped, 0 1 passed, 0 failed, 0 skipped"
    ok "and begins with a look whether its checker is on" \
        grep -q "^make -C build/$mode .*TESTS=tests/checker.sh " "$CALLS"
done
is "nothing under a checker that came to no end is no success" \
    "$(BROKEN=check dev check --asan && echo good)" ""

dev clean
ok "clean leaves the tree as it came" \
    test ! -e "$tree/build" -a ! -e "$tree/configure" -a -e "$tree/configure.ac"

rm -rf "$tree" "$out"
done_testing
