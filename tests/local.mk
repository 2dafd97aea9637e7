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

c_tests = %D%/client \
    %D%/conformance \
    %D%/device \
    %D%/fuzz-ring \
    %D%/headers \
    %D%/kernels \
    %D%/link \
    %D%/render \
    %D%/ring \
    %D%/sample \
    %D%/schedule
check_PROGRAMS += $(c_tests)
TESTS += $(c_tests)
EXTRA_DIST += %D%/lib/tap.h %D%/lib/helpers.h

%C%_client_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_client_LDADD = $(TEST_LDADD)
%C%_conformance_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_conformance_LDADD = $(TEST_LDADD)
%C%_device_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_device_LDADD = $(TEST_LDADD)
%C%_fuzz_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_ring_LDADD = $(TEST_LDADD)
%C%_headers_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_headers_LDADD = $(TEST_LDADD)
%C%_kernels_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_kernels_CFLAGS = $(AM_CFLAGS) $(SOXR_CFLAGS)
%C%_kernels_LDADD = $(TEST_LDADD) $(SOXR_LIBS)
%C%_link_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_link_LDADD = $(TEST_LDADD)
%C%_render_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_render_LDADD = $(TEST_LDADD)
%C%_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_ring_LDADD = $(TEST_LDADD)
%C%_sample_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_sample_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
%C%_sample_LDADD = $(TEST_LDADD) $(SNDFILE_LIBS)
%C%_schedule_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_schedule_LDADD = $(TEST_LDADD)

# Opens a driver through the public library, for drivers.sh.
check_PROGRAMS += %D%/try
%C%_try_SOURCES = %D%/drivers/try.c
%C%_try_CPPFLAGS = $(AM_CPPFLAGS)
%C%_try_LDADD = src/libtabor.la

sh_tests = %D%/dev.sh %D%/drivers.sh %D%/examples.sh %D%/kit.sh \
    %D%/layers.sh %D%/piece.sh %D%/rt-symbols.sh
TESTS += $(sh_tests)
EXTRA_DIST += $(sh_tests) %D%/lib/tap.sh %D%/installed.sh

lua_tests = %D%/lua-engine.lua %D%/lua-events.lua %D%/lua-full.lua \
    %D%/lua-life.lua %D%/lua-load.lua %D%/lua-play.lua %D%/lua-sonicpi.lua
EXTRA_DIST += $(lua_tests) %D%/console.sh %D%/both.py %D%/lib/tap.lua \
    %D%/lib/terminal.py
if WITH_LUA
TESTS += $(lua_tests) %D%/console.sh
endif
if WITH_PYTHON
if WITH_LUA
TESTS += %D%/both.py
endif
endif

# A driver as a stranger writes it, for the tests; loaded, never linked.
check_LTLIBRARIES += %D%/chaos.la
%C%_chaos_la_SOURCES = %D%/drivers/chaos.c
%C%_chaos_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_chaos_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere
