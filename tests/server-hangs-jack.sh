#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A JACK server that hangs keeps nobody waiting, and is back when it goes on.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit "${TABOR_LONG:+9}170" bash "$0"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require jack
# shellcheck source=tests/servers/faults.sh
. "$srcdir/tests/servers/faults.sh"

faults jack JACK STOP
done_testing
