#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The floors: who may include what. Reads every #include line of the tree, and
# shows on a tree with forbidden lines that it would notice.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit 170 bash "$0"

folder=$PWD/t-layers.$$
trap 'rm -rf "$folder"' EXIT

# allowed FLOOR HEADER: may a file of the floor include "HEADER" or <HEADER>?
allowed() {
    case $1:$2 in
    # ours, downwards only
    link:link/* | rt:link/* | rt:rt/*) return 0 ;;
    control:link/* | control:rt/* | control:control/*) return 0 ;;
    control:tabor/tabor.h | control:tabor/tempo.h) return 0 ;;
    control:tabor/driver.h) return 0 ;;
    control:../../backends/builtin.h) return 0 ;; # the table of what is built in
    backends:tabor/driver.h | backends:builtin.h | backends:rtaudio*) return 0 ;;
    bindings:tabor/tabor.h | bindings:tabor/tempo.h) return 0 ;;
    public:tabor/*) return 0 ;;
    link:*/* | rt:*/* | backends:tabor/*) return 1 ;;
    # C's own, for the two floors that may know nothing else
    link:assert.h) return 0 ;;
    link:stdint.h | link:stddef.h | link:stdatomic.h | link:stdalign.h)
        return 0 ;;
    rt:stdint.h | rt:stddef.h | rt:stdatomic.h | rt:stdalign.h) return 0 ;;
    rt:string.h | rt:time.h | rt:unistd.h)
        return 0 ;;
    # the compiler's own: SIMD
    rt:xmmintrin.h | rt:emmintrin.h | rt:immintrin.h | rt:arm_neon.h)
        return 0 ;;
    # the guard is told by two names only
    guard:tabor/* | guard:link/* | guard:rt/* | guard:control/*) return 1 ;;
    public:stddef.h | public:stdint.h) return 0 ;;
    link:* | rt:* | public:*) return 1 ;;
    # the others: any library, but no room of ours from above
    control:tabor/* | control:bindings/*) return 1 ;;
    backends:*link/* | backends:*rt/* | backends:*control/*) return 1 ;;
    bindings:*link/* | bindings:*rt/* | bindings:*control/*) return 1 ;;
    bindings:tabor/*) return 1 ;;
    control:*[Pp]ython* | control:*lua* | control:*rtaudio*) return 1 ;;
    *) return 0 ;;
    esac
}

# check TREE: prints each forbidden line, then "looked at N lines"
check() {
    looked=0
    while read -r floor pattern; do
        while read -r file; do
            while read -r header; do
                looked=$((looked + 1))
                allowed "$floor" "$header" || echo "$file includes $header"
            done < <(sed -n 's/^# *include *[<"]\([^>"]*\)[>"].*/\1/p' "$file")
        done < <(find "$1" -path "$1/$pattern" -type f \
            \( -name '*.c' -o -name '*.h' \))
    done <<'FLOORS'
public include/tabor/*
link src/link/*
rt src/rt/*
control src/control/*
backends backends/*
bindings bindings/*
guard guard/*
FLOORS
    echo "looked at $looked lines"
}

said=$(check "$srcdir")
echo "# $said" | tail -1
is "no file includes from a floor above it" \
    "$(grep -c includes <<<"$said")" 0
grep includes <<<"$said" | sed 's/^/# /'
looked=$(sed -n 's/looked at \(.*\) lines/\1/p' <<<"$said")
is "and there were lines to look at ($looked)" \
    "$((looked > 200))" 1

# the control: each of these must be noticed
mkdir -p "$folder"/{include/tabor,src/link,src/rt,src/control,backends,bindings/lua,guard}
echo '#include "rt/rt.h"' >"$folder/src/link/up.h"
echo '#include <stdio.h>' >"$folder/src/rt/library.c"
echo '#include <tabor/tabor.h>' >"$folder/src/rt/up.c"
echo '#include <lua.h>' >"$folder/src/control/language.c"
echo '#include "control/engine.h"' >"$folder/backends/core.c"
echo '#include <tabor/tabor.h>' >"$folder/backends/api.c"
echo '# include "link/ring.h"' >"$folder/bindings/lua/core.c"
echo '#include <stdio.h>' >"$folder/include/tabor/extra.h"
echo '#include "rt/process.h"' >"$folder/guard/core.c"
is "nine forbidden lines in a made-up tree are all noticed" \
    "$(check "$folder" | grep -c includes)" 9
done_testing
