# SPDX-License-Identifier: MIT
# Not built by make or make check: make bench. bench/README.md has the rest.
EXTRA_PROGRAMS = %D%/kernels %D%/voices %D%/schedule %D%/decode
%C%_kernels_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_kernels_LDADD = src/libtabor-all.la
%C%_voices_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_voices_LDADD = src/libtabor-all.la
%C%_schedule_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_schedule_LDADD = src/libtabor-all.la
%C%_decode_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
%C%_decode_LDADD = src/libtabor.la $(SNDFILE_LIBS)

bench_peers = %D%/ring-peer.h %D%/ring-duel.c %D%/ring-tabor.c \
    %D%/ring-bare.c %D%/ring-boost.cc %D%/ring-jack.c %D%/rtrb/Cargo.toml \
    %D%/rtrb/ring.rs %D%/mix-peer.h %D%/mix-main.c %D%/mix-tabor.c \
    %D%/mix-openal.c %D%/mix-sdl.c %D%/mix-fluidsynth.c %D%/mix-csound.c \
    %D%/mix-miniaudio.c %D%/mix-soloud.cc
EXTRA_DIST += %D%/README.md %D%/run.py %D%/parts.py %D%/peers.py \
    %D%/report.py %D%/offline.py %D%/load.py $(bench_peers)

# BENCH="ring mix" chooses parts, BENCH_ROUNDS=3 is quick and rough.
.PHONY: bench
bench: all $(EXTRA_PROGRAMS)
	$(AM_V_at)BENCH_CFLAGS='$(CFLAGS)' ./pre-inst-env \
	    $(or $(PYTHON),python3) $(srcdir)/%D%/run.py \
	    $(if $(BENCH_ROUNDS),--rounds $(BENCH_ROUNDS)) $(BENCH)
