# SPDX-License-Identifier: MIT
EXTRA_DIST += doc/tabor.1
if WITH_LUA
# The module's objects, which the console links too.
noinst_LTLIBRARIES += %D%/libmodule.la
%C%_libmodule_la_SOURCES = \
    %D%/clock.h %D%/lua_tabor.h %D%/options.h \
    %D%/agenda.c \
    %D%/audio.c \
    %D%/batch.c \
    %D%/clock.c \
    %D%/command.c \
    %D%/devices.c \
    %D%/drive.c \
    %D%/engine.c \
    %D%/errors.c \
    %D%/events.c \
    %D%/loop.c \
    %D%/many.c \
    %D%/module.c \
    %D%/object.c \
    %D%/options.c \
    %D%/sample.c \
    %D%/shape.c \
    %D%/tardy.c \
    %D%/task.c \
    %D%/voice.c \
    %D%/voices.c
%C%_libmodule_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_libmodule_la_CFLAGS = $(AM_CFLAGS) $(LUA_DEV_CFLAGS)

# Not linked to liblua: the interpreter that loads it brings its own. Never
# unmapped: lua_close() unloads modules, and the engine may outlive the state.
luaexec_LTLIBRARIES = %D%/tabor.la
%C%_tabor_la_SOURCES =
%C%_tabor_la_LDFLAGS = $(MODULE_LDFLAGS) -Wl,-z,nodelete \
    -export-symbols-regex '^luaopen_tabor$$'
%C%_tabor_la_LIBADD = %D%/libmodule.la src/libtabor.la

bin_PROGRAMS += %D%/tabor
%C%_tabor_SOURCES = \
    %D%/console.h \
    %D%/chunk.c \
    %D%/console.c \
    %D%/editor.c \
    %D%/globals.c \
    %D%/help.c \
    %D%/interrupt.c \
    %D%/memory.c \
    %D%/outcome.c \
    %D%/output.c \
    %D%/prompt.c \
    %D%/sandbox.c \
    %D%/sandbox_sound.c \
    %D%/settings.c \
    %D%/torture.c
%C%_tabor_CPPFLAGS = $(AM_CPPFLAGS)
%C%_tabor_CFLAGS = $(AM_CFLAGS) $(LUA_DEV_CFLAGS) $(EDIT_CFLAGS)
%C%_tabor_LDADD = %D%/libmodule.la src/libtabor.la $(LUA_DEV_LIBS) \
    $(EDIT_LIBS)

dist_man_MANS += doc/tabor.1
endif
