# SPDX-License-Identifier: MIT
# Tests of what the audio thread must not do, and what they need.
rt_tests = tests/rt-guard.sh tests/rt-guard-jack.sh tests/rt-rtsan.sh \
    tests/rt-symbols.sh tests/rt-torture.sh
TESTS += $(rt_tests)
EXTRA_DIST += $(rt_tests) tests/rt-calls.py %D%/callgraph.py %D%/calls.c \
    %D%/guarded.sh %D%/lazy.c %D%/rtsan.c %D%/sins.c
if WITH_PYTHON
TESTS += tests/rt-calls.py
endif

# Modules that commit sins in the callback, not in the folder of drivers.
if HAVE_GUARD
check_LTLIBRARIES += %D%/sins.la %D%/lazy.la
%C%_sins_la_SOURCES = %D%/sins.c
# Tail calls would leave no trace.
%C%_sins_la_CFLAGS = $(AM_CFLAGS) -fno-optimize-sibling-calls
%C%_sins_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere
%C%_lazy_la_SOURCES = %D%/lazy.c
%C%_lazy_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere
endif

# A program, not libtool's script that looks for one: what is preloaded is for
# it alone.
check_PROGRAMS += tests/guard-player
tests_guard_player_SOURCES = %D%/player.c
tests_guard_player_CPPFLAGS = $(AM_CPPFLAGS)
tests_guard_player_LDADD = src/libtabor.la
tests_guard_player_LDFLAGS = -no-install

# How src/rt is compiled, for rt-calls.py: a line each, a name first.
.PHONY: rt-flags
rt-flags:
	@echo 'compiler $(CC)'
	@echo 'other $(DEFS) $(src_libtabor_rt_la_CFLAGS) $(CFLAGS) $(AUDIO_CFLAGS)'
	@echo 'sse2 $(DEFS) $(src_libtabor_sse2_la_CFLAGS) $(CFLAGS) $(AUDIO_CFLAGS)'
	@echo 'avx2 $(DEFS) $(src_libtabor_avx2_la_CFLAGS) $(CFLAGS) $(AUDIO_CFLAGS)'
	@echo 'avx512 $(DEFS) $(src_libtabor_avx512_la_CFLAGS) $(CFLAGS) $(AUDIO_CFLAGS)'
