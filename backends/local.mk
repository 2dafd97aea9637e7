# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libbuiltin.la
%C%_libbuiltin_la_SOURCES = %D%/builtin.h %D%/null.c %D%/offline.c
%C%_libbuiltin_la_CPPFLAGS = $(AM_CPPFLAGS)

# A loadable driver is this stanza and its file.
driver_LTLIBRARIES =
EXTRA_DIST += %D%/rtaudio.c
if WITH_RTAUDIO
driver_LTLIBRARIES += %D%/rtaudio.la
%C%_rtaudio_la_SOURCES = %D%/rtaudio.c
%C%_rtaudio_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_rtaudio_la_CFLAGS = $(AM_CFLAGS) $(RTAUDIO_CFLAGS)
%C%_rtaudio_la_LDFLAGS = $(MODULE_LDFLAGS) \
    -export-symbols-regex '^tabor_driver_entry$$'
%C%_rtaudio_la_LIBADD = $(RTAUDIO_LIBS)
endif
