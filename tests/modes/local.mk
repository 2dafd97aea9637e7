# SPDX-License-Identifier: MIT
# What ./dev check --asan and its like need: faults that a checker must find,
# in a program and in a module.
EXTRA_DIST += tests/checker.sh tests/tsan-weak.sh tests/allowed-skips
check_PROGRAMS += tests/faulty
tests_faulty_SOURCES = %D%/faulty.c %D%/faults.c %D%/faults.h
check_LTLIBRARIES += tests/faults.la
tests_faults_la_SOURCES = %D%/faults.c %D%/faults.h
tests_faults_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere
tests_faults_la_CFLAGS = $(AM_CFLAGS)

# An engine that loses an event, for the tests that count them.
TESTS += tests/dropped-event.sh
EXTRA_DIST += tests/dropped-event.sh %D%/drop.c %D%/drop.h
