# SPDX-License-Identifier: MIT
EXTRA_DIST += %D%/_tabor.c
if WITH_PYTHON
pyexec_LTLIBRARIES = %D%/_tabor.la
%C%__tabor_la_SOURCES = %D%/_tabor.c
%C%__tabor_la_CPPFLAGS = $(AM_CPPFLAGS) $(PYTHON_CPPFLAGS)
%C%__tabor_la_LDFLAGS = $(MODULE_LDFLAGS) -export-symbols-regex '^PyInit__tabor$$'
%C%__tabor_la_LIBADD = src/libtabor.la
pkgpython_PYTHON = %D%/tabor/__init__.py
dist_pkgpython_DATA = %D%/tabor/py.typed
endif
