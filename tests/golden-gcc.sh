#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The golden score's hash, if gcc compiles the core; where there is none, the
# compiler that Tabor is built with.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
limit=165
[ -z "${TABOR_LONG:-}" ] || limit=900
tap_limit "$limit" bash "$0"
# shellcheck source=tests/golden/compiler.sh
. "$srcdir/tests/golden/compiler.sh"

if command -v gcc >/dev/null; then
    check_compiler gcc
else
    read -ra words <<<"${CC:?}"
    check_compiler "${words[0]}"
fi
