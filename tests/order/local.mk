# SPDX-License-Identifier: MIT
# All that C's memory model admits, tried over the headers of src/link. What is
# under test is compiled as for ThreadSanitizer, but not linked with it: hooks.c
# stands in its place.
TESTS += tests/order.sh tests/tsan.sh
EXTRA_DIST += tests/order.sh tests/tsan.sh %D%/weaken.h
if HAVE_TSAN_HOOKS
check_LTLIBRARIES += %D%/libwatched.la
%C%_libwatched_la_SOURCES = %D%/litmus.c %D%/named.h %D%/protocols.h \
    %D%/rings.c %D%/words.c
%C%_libwatched_la_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_libwatched_la_CFLAGS = $(AM_CFLAGS) -fsanitize=thread
check_PROGRAMS += %D%/explore
%C%_explore_SOURCES = %D%/explore.c %D%/hooks.c %D%/main.c %D%/memory.c \
    %D%/model.h
%C%_explore_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_explore_LDADD = %D%/libwatched.la -lm
endif
