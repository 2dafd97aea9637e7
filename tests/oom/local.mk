# SPDX-License-Identifier: MIT
# Memory that ends: the linker puts fail.c before C's own functions.
TESTS += tests/oom-calls
check_PROGRAMS += tests/oom-calls
tests_oom_calls_SOURCES = tests/oom-calls.c %D%/calls.c %D%/calls.h \
    %D%/fail.c %D%/fail.h
tests_oom_calls_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/tests
tests_oom_calls_LDADD = $(TEST_LDADD)
tests_oom_calls_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
    -Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=strndup,--wrap=realpath \
    -Wl,--wrap=reallocarray \
    -Wl,--wrap=free,--wrap=mmap,--wrap=munmap,--wrap=eventfd \
    -Wl,--wrap=pthread_create
