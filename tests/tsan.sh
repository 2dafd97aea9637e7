#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Is ThreadSanitizer a judge? It must find nothing in the ring, and a race once
# one of its orders is relaxed. "./dev check --tsan" asks it about all of Tabor.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"

folder=$PWD/t-tsan.$$
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"

# build NAME FLAGS...: the ring's own test, with few messages
build() {
    local name=$1
    shift
    # shellcheck disable=SC2086  # $CC may have words
    $CC -std=gnu11 -O1 -g -fsanitize=thread -DMESSAGES=20000u "$@" \
        -I"$srcdir/src" -I"$srcdir/tests/lib" "$srcdir/tests/ring.c" \
        -o "$folder/$name" -lm -lpthread
}

# races NAME: runs it; prints how it ended, and how many races were told
races() {
    local told status
    told=$(TSAN_OPTIONS=exitcode=66 "$folder/$1" 2>&1)
    status=$?
    echo "$((status == 66)):$(($(grep -c 'WARNING: ThreadSanitizer: data race' \
        <<<"$told") > 0))"
}

if ! build sound 2>"$folder/log"; then
    skip_all "$CC does not build for ThreadSanitizer"
fi
if ! TSAN_OPTIONS=exitcode=66 "$folder/sound" >"$folder/log" 2>&1 &&
    grep -q 'FATAL: ThreadSanitizer' "$folder/log"; then
    skip_all "ThreadSanitizer does not run here: $(grep -m 1 FATAL "$folder/log")"
fi
is "ThreadSanitizer finds no race in the ring" "$(races sound)" 0:0
for order in "release tail" "acquire tail" "release head" "acquire head"; do
    build weak -include "$srcdir/tests/order/weaken.h" \
        -DTABOR_WEAKEN="\"$order\""
    is "and finds one once \"$order\" is relaxed" "$(races weak)" 1:1
done
done_testing
