# SPDX-License-Identifier: MIT
TEST_EXTENSIONS = .lua .py .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
    $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
LUA_LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = ./pre-inst-env
LUA_LOG_COMPILER = ./pre-inst-env $(LUA)
PY_LOG_COMPILER = ./pre-inst-env $(PYTHON)
SH_LOG_COMPILER = ./pre-inst-env bash

# What sees the core's own headers and hidden symbols.
TEST_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/tests/lib
TEST_LDADD = src/libtabor-all.la

c_tests = \
    %D%/batch \
    %D%/between \
    %D%/client \
    %D%/completions \
    %D%/conformance \
    %D%/convert \
    %D%/device \
    %D%/edges \
    %D%/fault-process \
    %D%/fault-wrap \
    %D%/files \
    %D%/full \
    %D%/headers \
    %D%/kernels \
    %D%/limits \
    %D%/link \
    %D%/many \
    %D%/meet \
    %D%/mix \
    %D%/onsets \
    %D%/onsets-control \
    %D%/output \
    %D%/refused \
    %D%/render \
    %D%/ring \
    %D%/sample \
    %D%/schedule \
    %D%/score \
    %D%/seek \
    %D%/shape \
    %D%/soak \
    %D%/steal \
    %D%/take \
    %D%/tempo \
    %D%/view \
    %D%/wire \
    %D%/worker
check_PROGRAMS += $(c_tests)
TESTS += $(c_tests)
EXTRA_DIST += %D%/lib/tap.h %D%/lib/cases.h %D%/lib/helpers.h %D%/lib/wire.h %D%/lib/golden.h \
    %D%/lib/onsets.h %D%/lib/score.h %D%/lib/score-parts.h \
    %D%/golden/README %D%/golden/compiler.sh %D%/golden/onsets.sum %D%/golden/score.sum

%C%_batch_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_batch_LDADD = $(TEST_LDADD)
%C%_between_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_between_LDADD = $(TEST_LDADD)
%C%_client_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_client_LDADD = $(TEST_LDADD)
%C%_completions_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_completions_LDADD = $(TEST_LDADD)
%C%_conformance_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_conformance_LDADD = $(TEST_LDADD)
%C%_convert_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_convert_LDADD = $(TEST_LDADD)
%C%_device_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_device_LDADD = $(TEST_LDADD)
%C%_edges_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_edges_LDADD = $(TEST_LDADD)
%C%_fault_process_CPPFLAGS = $(TEST_CPPFLAGS)
# The wall clock's jumps go in front of the library's looks at clocks.
%C%_fault_process_LDFLAGS = -Wl,--wrap=clock_gettime
%C%_fault_process_LDADD = $(TEST_LDADD)
%C%_fault_wrap_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fault_wrap_LDADD = $(TEST_LDADD)
%C%_full_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_full_LDADD = $(TEST_LDADD)
%C%_files_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_files_LDADD = $(TEST_LDADD)
%C%_headers_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_headers_LDADD = $(TEST_LDADD)
%C%_kernels_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_kernels_CFLAGS = $(AM_CFLAGS) $(SOXR_CFLAGS)
%C%_kernels_LDADD = $(TEST_LDADD) $(SOXR_LIBS)
%C%_limits_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_limits_LDADD = $(TEST_LDADD)
%C%_link_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_link_LDADD = $(TEST_LDADD)
%C%_many_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_many_LDADD = $(TEST_LDADD)
%C%_meet_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_meet_LDADD = $(TEST_LDADD)
%C%_mix_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_mix_LDADD = $(TEST_LDADD)
%C%_onsets_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_onsets_LDADD = $(TEST_LDADD)
%C%_onsets_control_CPPFLAGS = $(TEST_CPPFLAGS)
# The control's functions go in front of the core's.
%C%_onsets_control_LDFLAGS = -Wl,--wrap=tabor_render \
    -Wl,--wrap=tabor_voice_start
%C%_onsets_control_LDADD = $(TEST_LDADD)
%C%_refused_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_refused_LDADD = $(TEST_LDADD)
%C%_render_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_render_LDADD = $(TEST_LDADD)
%C%_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_ring_LDADD = $(TEST_LDADD)
%C%_sample_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_sample_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
%C%_sample_LDADD = $(TEST_LDADD) $(SNDFILE_LIBS)
%C%_seek_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_seek_LDADD = $(TEST_LDADD)
%C%_score_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_score_LDADD = $(TEST_LDADD)
%C%_shape_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_shape_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
%C%_shape_LDADD = $(TEST_LDADD) $(SNDFILE_LIBS)
%C%_soak_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_soak_LDADD = $(TEST_LDADD)
%C%_steal_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_steal_LDADD = $(TEST_LDADD)
%C%_take_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_take_LDADD = $(TEST_LDADD)
%C%_wire_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_wire_LDADD = $(TEST_LDADD)
%C%_tempo_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_tempo_LDADD = $(TEST_LDADD)
%C%_output_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_output_LDADD = $(TEST_LDADD)
%C%_schedule_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_schedule_LDADD = $(TEST_LDADD)

# The decoding worker, and those that it could become.
%C%_view_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_view_LDADD = $(TEST_LDADD)
%C%_worker_SOURCES = %D%/worker.c %D%/workers/fragile.c %D%/workers/fragile.h
%C%_worker_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/tests
%C%_worker_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
%C%_worker_LDADD = $(TEST_LDADD) $(SNDFILE_LIBS)
check_PROGRAMS += %D%/planted
%C%_planted_SOURCES = %D%/workers/planted.c %D%/workers/fragile.c
%C%_planted_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_planted_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
%C%_planted_LDADD = src/libtabor-jail.la $(SNDFILE_LIBS)
# Opens a driver through the public library, for drivers.sh.
check_PROGRAMS += %D%/try
%C%_try_SOURCES = %D%/drivers/try.c
%C%_try_CPPFLAGS = $(AM_CPPFLAGS)
%C%_try_LDADD = src/libtabor.la
# The same in one piece: a program with more rights finds no uninstalled library.
check_PROGRAMS += %D%/try-static
%C%_try_static_SOURCES = %D%/drivers/try.c
%C%_try_static_CPPFLAGS = $(AM_CPPFLAGS)
%C%_try_static_LDADD = $(TEST_LDADD)

sh_tests = \
    %D%/dev.sh \
    %D%/drivers.sh \
    %D%/examples.sh \
    %D%/golden-clang.sh \
    %D%/golden-gcc.sh \
    %D%/hardening.sh \
    %D%/kit.sh \
    %D%/layers.sh \
    %D%/lint.sh \
    %D%/piece.sh \
    %D%/reproducible.sh
TESTS += $(sh_tests)
EXTRA_DIST += $(sh_tests) %D%/lib/tap.sh %D%/installed.sh %D%/wheel.sh \
    %D%/lib/modes.sh %D%/lib/readme.py %D%/lint/lua.cfg \
    %D%/lint/stubtest.allow %D%/lint/planted/planted.c \
    %D%/lint/planted/planted.lua %D%/lint/planted/planted.py \
    %D%/lint/planted/planted.sh %D%/lint/planted/planted_stub.py \
    %D%/lint/planted/planted_stub.pyi

py_tests = \
    %D%/fault-disk.py \
    %D%/py-audio.py \
    %D%/py-batch.py \
    %D%/py-busy.py \
    %D%/py-clicks.py \
    %D%/py-clock.py \
    %D%/py-clock-tasks.py \
    %D%/py-completions.py \
    %D%/py-dither.py \
    %D%/py-engine.py \
    %D%/py-events.py \
    %D%/py-exit-busy.py \
    %D%/py-exit.py \
    %D%/py-fork.py \
    %D%/py-full.py \
    %D%/py-fuzz.py \
    %D%/py-leak.py \
    %D%/py-life.py \
    %D%/py-live.py \
    %D%/py-load.py \
    %D%/py-lua.py \
    %D%/py-loops.py \
    %D%/py-many.py \
    %D%/py-model.py \
    %D%/py-onsets.py \
    %D%/py-others.py \
    %D%/py-play.py \
    %D%/py-pytest.py \
    %D%/py-seek.py \
    %D%/py-shape.py \
    %D%/py-sonicpi.py \
    %D%/py-stubs.py \
    %D%/py-sum.py \
    %D%/py-take.py \
    %D%/py-tools.py \
    %D%/py-view.py \
    %D%/py-worker.py
EXTRA_DIST += $(py_tests) \
    %D%/leaks/kinds.py \
    %D%/lib/capi.py \
    %D%/lib/golden.py \
    %D%/lib/leaving.py \
    %D%/lib/model.py \
    %D%/lib/model_client.py \
    %D%/lib/model_sound.py \
    %D%/lib/model_wrong.py \
    %D%/lib/onsets.py \
    %D%/lib/tap.py
if WITH_PYTHON
TESTS += $(py_tests)
endif

lua_tests = \
    %D%/lua-batch.lua \
    %D%/lua-clock.lua \
    %D%/lua-clock-live.lua \
    %D%/lua-completions.lua \
    %D%/lua-dither.lua \
    %D%/lua-engine.lua \
    %D%/lua-events.lua \
    %D%/lua-full.lua \
    %D%/lua-leak.lua \
    %D%/lua-life.lua \
    %D%/lua-live.lua \
    %D%/lua-load.lua \
    %D%/lua-many.lua \
    %D%/lua-onsets.lua \
    %D%/lua-play.lua \
    %D%/lua-seek.lua \
    %D%/lua-shape.lua \
    %D%/lua-sonicpi.lua \
    %D%/lua-strings.lua \
    %D%/lua-take.lua
EXTRA_DIST += %D%/sandbox.sh %D%/sandbox/bombs.lua %D%/sandbox/escapes.lua \
    %D%/sandbox/loops.lua %D%/sandbox/names.lua
EXTRA_DIST += $(lua_tests) %D%/console.sh %D%/console-clock.sh \
    %D%/both.py %D%/lib/tap.lua \
    %D%/lib/golden.lua %D%/lib/onsets.lua \
    %D%/lib/terminal.py
if WITH_LUA
TESTS += $(lua_tests) %D%/console.sh %D%/console-clock.sh %D%/sandbox.sh
endif
console_tests = \
    %D%/console-complete.py \
    %D%/console-interrupt.py \
    %D%/console-line.py \
    %D%/console-watch.py
EXTRA_DIST += $(console_tests) %D%/console-help.sh %D%/console/help.lua \
    %D%/lib/console.py %D%/lib/vt.py
if WITH_LUA
TESTS += %D%/console-help.sh
endif
if WITH_PYTHON
if WITH_LUA
TESTS += %D%/both.py $(console_tests)
endif
endif

# Real sound servers, which the tests start by themselves.
server_tests = \
    %D%/server-devices.sh \
    %D%/server-dies-jack.sh \
    %D%/server-dies-pulse.sh \
    %D%/server-formats.sh \
    %D%/server-hangs-jack.sh \
    %D%/server-hangs-pulse.sh \
    %D%/server-jack.sh \
    %D%/server-pulse.sh
TESTS += $(server_tests)
EXTRA_DIST += $(server_tests) %D%/jackcap.c %D%/lib/servers.sh \
    %D%/lib/stamps.py %D%/servers/capture.sh %D%/servers/devices.lua \
    %D%/servers/devices.py %D%/servers/fault-lane.sh %D%/servers/faults.sh %D%/servers/integers.py \
    %D%/servers/player.lua %D%/servers/player.py
if HAVE_JACK
check_PROGRAMS += %D%/jackcap
%C%_jackcap_CFLAGS = $(AM_CFLAGS) $(JACK_CFLAGS)
%C%_jackcap_LDADD = $(JACK_LIBS)
endif

# A driver as a stranger writes it, for the tests; loaded, never linked.
check_LTLIBRARIES += %D%/chaos.la
%C%_chaos_la_SOURCES = %D%/drivers/chaos.c
%C%_chaos_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_chaos_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere

# One that keeps what it is given, of any format.
check_LTLIBRARIES += %D%/tape.la
%C%_tape_la_SOURCES = %D%/drivers/tape.c
%C%_tape_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_tape_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere

# Inputs that nobody would think of.
include tests/fuzz/local.mk

# What the audio thread must not do.
include tests/guard/local.mk

# Checkers of memory, and whether they are on.
include tests/modes/local.mk

# Memory that ends.
include tests/oom/local.mk

# What two threads may see of each other.
include tests/order/local.mk

# Whether all this would notice.
include tests/coverage/local.mk

# The long forms, an hour each at most: those that TABOR_LONG=1 makes long.
soak_tests = \
    %D%/device \
    %D%/fault-process \
    %D%/lua-leak.lua \
    %D%/order.sh \
    %D%/py-leak.py \
    %D%/ring \
    %D%/server-dies-jack.sh \
    %D%/server-dies-pulse.sh \
    %D%/server-hangs-jack.sh \
    %D%/server-hangs-pulse.sh \
    %D%/soak
.PHONY: soak
soak:
	TABOR_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(soak_tests)'
