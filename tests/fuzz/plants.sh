#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The bugs that show that a fuzzer would find some: one of our files with one
# check taken away.
#
#   plants.sh plant TARGET SRCDIR    print that file
#   plants.sh object TARGET          the object that it stands in for
#   plants.sh words TARGET           what is wrong in it
set -euo pipefail

case $2 in
ring)
    file=src/rt/apply.c
    from='slot >= c->play_count ||'
    to=''
    words="a voice that its client's table has no place for is let through"
    ;;
answer)
    file=src/control/answer.c
    from='a->loop_end > a->frames ||'
    to=''
    words="a worker's loop may end where its sound has no frames"
    ;;
take)
    file=src/control/replay.c
    from='if (owner < 1 || owner >= TABOR_OWNERS) {'
    to='if (owner < 1) {'
    words="a client's number that there can't be is let through"
    ;;
sound)
    file=src/control/audio.c
    from='if (!isfinite(audio->values[i])) {'
    to='if (0) {'
    words="NaN and infinity in a file stay"
    ;;
names)
    file=src/control/status.c
    from='if (n > MAX || m > MAX) {'
    to='if (0) {'
    words="long words are compared in a table that is too small for them"
    ;;
lua)
    file=bindings/lua/audio.c
    from='frame >= 0 && (uint64_t)frame < audio->frames'
    to='frame >= 0'
    words="a frame behind an Audio's last one is read"
    ;;
*)
    echo "plants.sh: no bug for '$2'" >&2
    exit 1
    ;;
esac

case $1 in
plant)
    grep -qF "$from" "$3/$file" || {
        echo "plants.sh: $file has no '$from' any more" >&2
        exit 1
    }
    while IFS= read -r line; do
        printf '%s\n' "${line//"$from"/"$to"}"
    done <"$3/$file"
    ;;
object) echo "$(case $file in src/*) echo core ;; *) echo lua ;; esac)-$(
    basename "$file" .c).o" ;;
words) echo "$words" ;;
esac
