# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libbuiltin.la
%C%_libbuiltin_la_SOURCES = %D%/builtin.h %D%/null.c %D%/offline.c \
    %D%/record.c %D%/record.h
%C%_libbuiltin_la_CPPFLAGS = $(AM_CPPFLAGS)

# A loadable driver is this stanza and its files.
driver_LTLIBRARIES =
rtaudio_sources = \
    %D%/rtaudio.c \
    %D%/rtaudio_api.c %D%/rtaudio_api.h \
    %D%/rtaudio_jack.c %D%/rtaudio_jack.h \
    %D%/rtaudio_pulse.c %D%/rtaudio_pulse.h \
    %D%/rtaudio_stream.c %D%/rtaudio_stream.h
EXTRA_DIST += $(rtaudio_sources)
if WITH_RTAUDIO
driver_LTLIBRARIES += %D%/rtaudio.la
%C%_rtaudio_la_SOURCES = $(rtaudio_sources)
%C%_rtaudio_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_rtaudio_la_CFLAGS = $(AM_CFLAGS) $(RTAUDIO_CFLAGS)
# jack_on_shutdown: rtaudio_jack.h tells why.
%C%_rtaudio_la_LDFLAGS = $(MODULE_LDFLAGS) \
    -export-symbols-regex '^(tabor_driver_entry|jack_on_shutdown)$$'
%C%_rtaudio_la_LIBADD = $(RTAUDIO_LIBS)
endif
