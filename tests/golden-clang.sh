#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The golden score's hash, if clang compiles the core.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
limit=165
[ -z "${TABOR_LONG:-}" ] || limit=900
tap_limit "$limit" bash "$0"
# shellcheck source=tests/golden/compiler.sh
. "$srcdir/tests/golden/compiler.sh"

command -v clang >/dev/null || skip_all "there is no clang here"
check_compiler clang
