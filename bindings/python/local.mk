# SPDX-License-Identifier: MIT
python_sources = \
    %D%/_tabor.c %D%/audio.c %D%/batch.c %D%/binding.h %D%/buffer.c \
    %D%/calls.c %D%/column.c %D%/commands.c %D%/devices.c %D%/engine.c \
    %D%/engine_type.c %D%/errors.c %D%/events.c %D%/listener.c %D%/many.c \
    %D%/play.c %D%/render.c %D%/sample.c %D%/stamp.c %D%/tempo.c \
    %D%/view.c %D%/voice.c %D%/voices.c
python_package = \
    %D%/tabor/__init__.py %D%/tabor/__main__.py %D%/tabor/_audio.py \
    %D%/tabor/_clock.py %D%/tabor/_clock_agenda.py \
    %D%/tabor/_clock_counts.py %D%/tabor/_clock_loop.py \
    %D%/tabor/_clock_tasks.py %D%/tabor/_conductor.py \
    %D%/tabor/_devices.py %D%/tabor/_engine.py %D%/tabor/_events.py \
    %D%/tabor/_duet.py %D%/tabor/_explain.py %D%/tabor/_lua.py \
    %D%/tabor/_pictures.py %D%/tabor/_render.py \
    %D%/tabor/_tasks.py %D%/tabor/_torture.py %D%/tabor/pytest_plugin.py \
    %D%/tabor/testing.py
python_types = %D%/tabor/__init__.pyi %D%/tabor/py.typed

EXTRA_DIST += $(python_sources) $(python_package) $(python_types) \
    %D%/tabor_build.py
if WITH_PYTHON
pyexec_LTLIBRARIES = %D%/_tabor.la
%C%__tabor_la_SOURCES = $(python_sources)
%C%__tabor_la_CPPFLAGS = $(AM_CPPFLAGS) $(PYTHON_CPPFLAGS)
%C%__tabor_la_LDFLAGS = $(MODULE_LDFLAGS) -export-symbols-regex '^PyInit__tabor$$'
%C%__tabor_la_LIBADD = src/libtabor.la
pkgpython_PYTHON = $(python_package)
pkgpython_DATA = $(python_types)
endif
