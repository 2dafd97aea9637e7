# SPDX-License-Identifier: MIT
taborincludedir = $(includedir)/tabor
taborinclude_HEADERS = include/tabor/tabor.h include/tabor/tempo.h \
    include/tabor/driver.h

driverdir = $(pkglibdir)/drivers
kitdir = $(pkgdatadir)/kit

# What the audio thread runs; tests/rt-symbols.sh lists what it may call.
noinst_LTLIBRARIES += %D%/libtabor-rt.la
%C%_libtabor_rt_la_SOURCES = \
    %D%/link/clock.h %D%/link/command.h %D%/link/event.h %D%/link/handle.h \
    %D%/link/gate.h %D%/link/link.h %D%/link/order.h %D%/link/panic.h \
    %D%/link/ring.h %D%/link/sample_slot.h %D%/link/take.h \
    %D%/link/wake.h \
    %D%/rt/rt.h \
    %D%/rt/apply.c %D%/rt/apply.h \
    %D%/rt/convert.c %D%/rt/convert.h \
    %D%/rt/denormals.h \
    %D%/rt/envelope.c %D%/rt/envelope.h \
    %D%/rt/kernel.h %D%/rt/kernel_scalar.c \
    %D%/rt/mix.c \
    %D%/rt/output.c %D%/rt/output.h \
    %D%/rt/plays.c %D%/rt/plays.h \
    %D%/rt/position.c %D%/rt/position.h \
    %D%/rt/process.c %D%/rt/process.h \
    %D%/rt/ramp.h \
    %D%/rt/render.c %D%/rt/render.h \
    %D%/rt/schedule.c %D%/rt/schedule.h \
    %D%/rt/steal.c %D%/rt/steal.h \
    %D%/rt/voice.c %D%/rt/voice.h
%C%_libtabor_rt_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_rt_la_CFLAGS = $(AM_CFLAGS) -O3 $(RT_CFLAGS) $(AUDIO_CFLAGS)
%C%_libtabor_rt_la_LIBADD = %D%/libtabor-sse2.la %D%/libtabor-avx2.la \
    %D%/libtabor-avx512.la %D%/libtabor-neon.la

# One level of SIMD each, with the compiler's flags for it; without them the
# file is empty.
noinst_LTLIBRARIES += %D%/libtabor-sse2.la %D%/libtabor-avx2.la \
    %D%/libtabor-avx512.la %D%/libtabor-neon.la
%C%_libtabor_sse2_la_SOURCES = %D%/rt/kernel_sse2.c
%C%_libtabor_sse2_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_sse2_la_CFLAGS = $(AM_CFLAGS) -O3 $(RT_CFLAGS) $(AUDIO_CFLAGS) $(SSE2_CFLAGS)
%C%_libtabor_avx2_la_SOURCES = %D%/rt/kernel_avx2.c
%C%_libtabor_avx2_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_avx2_la_CFLAGS = $(AM_CFLAGS) -O3 $(RT_CFLAGS) $(AUDIO_CFLAGS) $(AVX2_CFLAGS)
%C%_libtabor_avx512_la_SOURCES = %D%/rt/kernel_avx512.c
%C%_libtabor_avx512_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_avx512_la_CFLAGS = $(AM_CFLAGS) -O3 $(RT_CFLAGS) $(AUDIO_CFLAGS) $(AVX512_CFLAGS)
%C%_libtabor_neon_la_SOURCES = %D%/rt/kernel_neon.c
%C%_libtabor_neon_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_neon_la_CFLAGS = $(AM_CFLAGS) -O3 $(RT_CFLAGS) $(AUDIO_CFLAGS)

# After the user's own CFLAGS, so that a distribution's do not undo them.
$(%C%_libtabor_rt_la_OBJECTS) $(%C%_libtabor_sse2_la_OBJECTS) \
$(%C%_libtabor_avx2_la_OBJECTS) $(%C%_libtabor_avx512_la_OBJECTS) \
$(%C%_libtabor_neon_la_OBJECTS): \
    CFLAGS += $(AUDIO_CFLAGS)

# Sound files to values, in this process: libtabor and its worker share it.
noinst_LTLIBRARIES += %D%/libtabor-sound.la
%C%_libtabor_sound_la_SOURCES = \
    %D%/control/answer.c %D%/control/answer.h \
    %D%/control/audio.c %D%/control/audio.h \
    %D%/control/decode.c %D%/control/decode.h \
    %D%/control/kind.c %D%/control/kind.h \
    %D%/control/status.c %D%/control/status.h
%C%_libtabor_sound_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_sound_la_CFLAGS = $(AM_CFLAGS) $(RT_CFLAGS) $(SNDFILE_CFLAGS) \
    $(SOXR_CFLAGS)
%C%_libtabor_sound_la_LIBADD = $(SNDFILE_LIBS) $(SOXR_LIBS)

# The decoding worker. Its jail is a library, for the tests' own workers.
noinst_LTLIBRARIES += %D%/libtabor-jail.la
%C%_libtabor_jail_la_SOURCES = %D%/control/jail.c %D%/control/jail.h
%C%_libtabor_jail_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libtabor_jail_la_LIBADD = %D%/libtabor-sound.la
pkglibexec_PROGRAMS = %D%/tabor-decode
%C%_tabor_decode_SOURCES = %D%/control/tabor-decode.c
%C%_tabor_decode_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_tabor_decode_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
%C%_tabor_decode_LDFLAGS = $(HARDENING_LDFLAGS) $(PIE_LDFLAGS) -Wl,-z,now
%C%_tabor_decode_LDADD = %D%/libtabor-jail.la

# Everything, with hidden symbols still visible: what the unit tests link.
noinst_LTLIBRARIES += %D%/libtabor-all.la
%C%_libtabor_all_la_SOURCES = \
    %D%/control/batch.c \
    %D%/control/client.c %D%/control/client.h \
    %D%/control/order.c %D%/control/order.h \
    %D%/control/deadline.c %D%/control/deadline.h \
    %D%/control/device.c %D%/control/device.h \
    %D%/control/drivers.c \
    %D%/control/engine.c %D%/control/engine.h \
    %D%/control/events.c \
    %D%/control/files.c %D%/control/files.h \
    %D%/control/load.c \
    %D%/control/many.c \
    %D%/control/play.c %D%/control/play.h \
    %D%/control/place.c %D%/control/place.h \
    %D%/control/plugin.c %D%/control/plugin.h \
    %D%/control/read.c \
    %D%/control/registry.c %D%/control/registry.h \
    %D%/control/releases.c %D%/control/releases.h \
    %D%/control/replay.c \
    %D%/control/rescue.c %D%/control/rescue.h \
    %D%/control/resident.c %D%/control/resident.h \
    %D%/control/rt_new.c \
    %D%/control/sample.c %D%/control/sample.h \
    %D%/control/sample_memory.c %D%/control/sample_memory.h \
    %D%/control/save.c \
    %D%/control/service.c \
    %D%/control/simd.c %D%/control/simd.h \
    %D%/control/stats.c \
    %D%/control/stream.c %D%/control/stream.h \
    %D%/control/tables.c %D%/control/tables.h \
    %D%/control/take.c %D%/control/take.h \
    %D%/control/tempo.c \
    %D%/control/trust.c %D%/control/trust.h \
    %D%/control/worker.c %D%/control/worker.h \
    %D%/control/worker_path.c %D%/control/worker_path.h
%C%_libtabor_all_la_CPPFLAGS = $(CORE_CPPFLAGS) \
    -DTABOR_DRIVER_DIR='"$(driverdir)"' -DTABOR_LIB_DIR='"$(libdir)"' \
    -DTABOR_WORKER_DIR='"$(pkglibexecdir)"' -DTABOR_KIT_DIR='"$(kitdir)"' \
    -DTABOR_GUARD='"$(pkglibdir)/libtabor-guard.so"' \
    -DTABOR_LUA='"$(pkglibdir)/libtabor-lua.so"'
%C%_libtabor_all_la_CFLAGS = $(AM_CFLAGS) $(RT_CFLAGS) $(SNDFILE_CFLAGS) $(SOXR_CFLAGS)
%C%_libtabor_all_la_LIBADD = %D%/libtabor-rt.la backends/libbuiltin.la \
    %D%/libtabor-sound.la

# The tables of the sincs.
noinst_PROGRAMS += %D%/make-tables
%C%_make_tables_SOURCES = %D%/control/make-tables.c
%C%_make_tables_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_make_tables_CFLAGS = $(AM_CFLAGS) $(RT_CFLAGS)
nodist_%C%_libtabor_all_la_SOURCES = %D%/control/sinc.c
%D%/control/sinc.c: %D%/make-tables$(EXEEXT)
	$(AM_V_GEN)%D%/make-tables$(EXEEXT) >$@.part && mv $@.part $@
CLEANFILES += %D%/control/sinc.c

# What programs and bindings link: the names marked TABOR_API only.
lib_LTLIBRARIES += %D%/libtabor.la
%C%_libtabor_la_SOURCES =
%C%_libtabor_la_LIBADD = %D%/libtabor-all.la
%C%_libtabor_la_LDFLAGS = -version-info $(TABOR_LT_VERSION) -no-undefined \
    -Wl,-z,nodelete $(HARDENING_LDFLAGS) -Wl,-z,now
