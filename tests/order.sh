#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Memory order: tests/order/explore tries all that the orders in src/link admit
# and weakens each in turn. Here is looked at that it met all there are.
#
# TABOR_LONG=1: more messages, blocks and calls.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit "$([ "${TABOR_LONG:-0}" = 1 ] && echo 3600 || echo 170)" bash "$0"
: "${builddir:?}"

explore=$builddir/tests/order/explore
[ -x "$explore" ] ||
    skip_all "this compiler, or its flags, do not name accesses to a model"

said=$("$explore")
status=$?
# its lines are ours, but for the plan
grep -v '^1\.\.\|^# met: ' <<<"$said"
tap_count=$(grep -c '^\(not \)\?ok ' <<<"$said")
tap_failed=$(grep -c '^not ok ' <<<"$said")
is "the explorer came to its end" "$status:$(tail -n 1 <<<"$said")" \
    "$((tap_failed > 0)):1..$tap_count"

# what the source orders, as "acquire tail" lines
ordered() {
    cat "$srcdir"/src/*/*.[ch] | tr -d '\n' |
        grep -o 'TABOR_ORDER([a-z_]*, *[a-z_]*)' |
        sed 's/TABOR_ORDER(\(.*\), *\(.*\))/\1 \2/' |
        grep -v '^order name$' | sort -u
}
met=$(sed -n 's/^# met: //p' <<<"$said" | sort -u)
is "each order in the source was weakened ($(wc -l <<<"$met") names)" \
    "$(ordered)" "$met"
is "and there are some" "$(($(wc -l <<<"$met") > 20))" 1
is "each release there has its acquire" \
    "$(sed -n 's/^release //p' <<<"$met")" "$(sed -n 's/^acquire //p' <<<"$met")"
is "src/link and src/rt order by such names only" \
    "$(grep -n 'memory_order_\|atomic_thread_fence' \
        "$srcdir"/src/{link,rt}/*.[ch] | grep -v memory_order_relaxed |
        grep -v 'memory_order_##order')" \
    "$(grep -n 'p->runaway, 1, memory_order_release' \
        "$srcdir"/src/rt/process.c /dev/null)"
done_testing
