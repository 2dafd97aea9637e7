#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A PulseAudio server that dies takes nobody with it.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:?start it through pre-inst-env}/tests/lib/tap.sh"
tap_limit "${TABOR_LONG:+9}170" bash "$0"
# shellcheck source=tests/lib/servers.sh
. "$srcdir/tests/lib/servers.sh"
servers_private bash "$0"
servers_require pulse
# shellcheck source=tests/servers/faults.sh
. "$srcdir/tests/servers/faults.sh"

faults pulse PulseAudio KILL TERM
done_testing
