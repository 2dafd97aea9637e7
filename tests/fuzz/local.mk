# SPDX-License-Identifier: MIT
# Targets of fuzzing as tests: corpus and mutations. fuzz.sh builds them anew,
# under sanitizers and led by coverage.
fuzz_tests = \
    tests/fuzz-answer \
    tests/fuzz-flood \
    tests/fuzz-names \
    tests/fuzz-ring \
    tests/fuzz-sound \
    tests/fuzz-take
FUZZ_CPPFLAGS = $(TEST_CPPFLAGS) -I$(srcdir)/%D%

tests_fuzz_answer_SOURCES = %D%/answer.c %D%/main.c
tests_fuzz_answer_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_answer_LDADD = $(TEST_LDADD)
# Random commands without a pause; needs none of the above.
tests_fuzz_flood_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_flood_LDADD = $(TEST_LDADD)

tests_fuzz_names_SOURCES = %D%/names.c %D%/main.c
tests_fuzz_names_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_names_LDADD = $(TEST_LDADD)
tests_fuzz_ring_SOURCES = %D%/ring.c %D%/main.c
tests_fuzz_ring_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_ring_LDADD = $(TEST_LDADD)
tests_fuzz_sound_SOURCES = %D%/sound.c %D%/main.c
tests_fuzz_sound_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_sound_CFLAGS = $(AM_CFLAGS) $(SNDFILE_CFLAGS)
tests_fuzz_sound_LDADD = $(TEST_LDADD) $(SNDFILE_LIBS)
tests_fuzz_take_SOURCES = %D%/take.c %D%/main.c
tests_fuzz_take_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_take_LDADD = $(TEST_LDADD)

if WITH_LUA
fuzz_tests += tests/fuzz-lua
tests_fuzz_lua_SOURCES = %D%/lua.c %D%/main.c
tests_fuzz_lua_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/bindings/lua
tests_fuzz_lua_CFLAGS = $(AM_CFLAGS) $(LUA_DEV_CFLAGS) $(EDIT_CFLAGS)
tests_fuzz_lua_LDADD = bindings/lua/libconsole.la $(TEST_LDADD) \
    $(LUA_DEV_LIBS) $(EDIT_LIBS)
endif

check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests) tests/fuzz.sh
EXTRA_DIST += tests/fuzz.sh %D%/build.mk %D%/commands.h %D%/corpus \
    %D%/fuzz.h %D%/guided.c %D%/memory.h %D%/plants.sh

# What holds for every command, by an analyser.
TESTS += tests/bounds.sh
EXTRA_DIST += tests/bounds.sh tests/bounds/decoder.c \
    tests/bounds/shim/stdalign.h tests/bounds/shim/stdatomic.h
