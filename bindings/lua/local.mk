# SPDX-License-Identifier: MIT
EXTRA_DIST += doc/tabor.1 doc/tabor.lua doc/topics.awk
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
    %D%/play.c \
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

# A Lua state beside another language, loaded by that one's binding.
pkglib_LTLIBRARIES += %D%/libtabor-lua.la
%C%_libtabor_lua_la_SOURCES = \
    %D%/coroutine.c %D%/coroutine.h \
    %D%/host/host.c %D%/host/host.h \
    %D%/host/mail.c %D%/host/mail.h \
    %D%/host/running.c %D%/host/running.h
nodist_%C%_libtabor_lua_la_SOURCES = %D%/host/prelude.c
# A signal's handler reads thread-local variables.
%C%_libtabor_lua_la_CFLAGS = $(AM_CFLAGS) $(LUA_DEV_CFLAGS) \
    -ftls-model=initial-exec
%C%_libtabor_lua_la_CPPFLAGS = $(AM_CPPFLAGS)
%C%_libtabor_lua_la_LDFLAGS = $(MODULE_LDFLAGS) -Wl,-z,nodelete \
    -export-symbols-regex '^tabor_lua_'
%C%_libtabor_lua_la_LIBADD = %D%/libmodule.la src/libtabor.la $(LUA_DEV_LIBS)
EXTRA_DIST += %D%/host/prelude.lua
CLEANFILES += %D%/host/prelude.c
%D%/host/prelude.c: %D%/host/prelude.lua
	$(AM_V_GEN)mkdir -p %D%/host && { \
	    echo '#include <stddef.h>'; \
	    echo 'extern const char host_prelude[];'; \
	    echo 'extern const size_t host_prelude_length;'; \
	    echo 'const char host_prelude[] ='; \
	    sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$$/\\n"/' \
	        $(srcdir)/%D%/host/prelude.lua; \
	    echo '    "";'; \
	    echo 'const size_t host_prelude_length = sizeof host_prelude - 1;'; \
	} >$@.tmp && mv $@.tmp $@

# All of the console but main(), which a test has one of its own for.
noinst_LTLIBRARIES += %D%/libconsole.la
%C%_libconsole_la_SOURCES = \
    %D%/console.h %D%/context.h %D%/history.h %D%/screen.h %D%/topic.h \
    %D%/chunk.c \
    %D%/complete.c \
    %D%/coroutine.c %D%/coroutine.h \
    %D%/context.c \
    %D%/duet.c \
    %D%/editor.c \
    %D%/globals.c \
    %D%/help.c \
    %D%/history.c \
    %D%/idle.c \
    %D%/interrupt.c \
    %D%/memory.c \
    %D%/names.c \
    %D%/outcome.c \
    %D%/output.c \
    %D%/pretty.c \
    %D%/prompt.c \
    %D%/sandbox.c \
    %D%/sandbox_sound.c \
    %D%/screen.c \
    %D%/settings.c \
    %D%/shorthand.c \
    %D%/status.c \
    %D%/topic.c \
    %D%/torture.c \
    %D%/watch.c
nodist_%C%_libconsole_la_SOURCES = %D%/topics.c
%C%_libconsole_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D%
%C%_libconsole_la_CFLAGS = $(AM_CFLAGS) $(LUA_DEV_CFLAGS) $(EDIT_CFLAGS)
%C%_libconsole_la_LIBADD = %D%/libmodule.la

bin_PROGRAMS += %D%/tabor
%C%_tabor_SOURCES = %D%/console.c
%C%_tabor_CPPFLAGS = $(AM_CPPFLAGS)
%C%_tabor_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS) $(LUA_DEV_CFLAGS)
%C%_tabor_LDFLAGS = $(HARDENING_LDFLAGS) $(PIE_LDFLAGS)
%C%_tabor_LDADD = %D%/libconsole.la src/libtabor.la $(LUA_DEV_LIBS) \
    $(EDIT_LIBS)

# One description: for editors as it is, and made into the other two.
topics = $(srcdir)/doc/tabor.lua $(srcdir)/doc/topics.awk
%D%/topics.c: $(topics)
	$(MKDIR_P) %D%
	LC_ALL=C $(AWK) -v form=c -f $(srcdir)/doc/topics.awk \
	    $(srcdir)/doc/tabor.lua >$@.new
	mv $@.new $@
doc/reference-lua.md: $(topics)
	$(MKDIR_P) doc
	LC_ALL=C $(AWK) -v form=md -f $(srcdir)/doc/topics.awk \
	    $(srcdir)/doc/tabor.lua >$@.new
	mv $@.new $@
CLEANFILES += %D%/topics.c doc/reference-lua.md
luacatsdir = $(pkgdatadir)/luacats
luacats_DATA = doc/tabor.lua
nodist_doc_DATA = doc/reference-lua.md

dist_man_MANS += doc/tabor.1
endif
