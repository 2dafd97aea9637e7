# SPDX-License-Identifier: MIT
# Preloaded by tests and by "tabor torture"; linked by nothing.
EXTRA_DIST += %D%/calls.c %D%/calls.h %D%/dispatch.c %D%/guard.h \
    %D%/report.c %D%/watch.c
if HAVE_GUARD
pkglib_LTLIBRARIES += %D%/libtabor-guard.la
%C%_libtabor_guard_la_SOURCES = %D%/calls.c %D%/calls.h %D%/dispatch.c \
    %D%/guard.h %D%/report.c %D%/watch.c
%C%_libtabor_guard_la_LDFLAGS = $(MODULE_LDFLAGS) -Wl,-z,now
endif
