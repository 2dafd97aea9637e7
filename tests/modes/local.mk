# SPDX-License-Identifier: MIT
# What ./dev check --asan and its like need: faults that a checker must find,
# in a program and in a module.
EXTRA_DIST += tests/checker.sh tests/tsan-weak.sh
check_PROGRAMS += tests/faulty
tests_faulty_SOURCES = %D%/faulty.c %D%/faults.c %D%/faults.h
check_LTLIBRARIES += tests/faults.la
tests_faults_la_SOURCES = %D%/faults.c %D%/faults.h
tests_faults_la_LDFLAGS = $(MODULE_LDFLAGS) -rpath /nowhere
tests_faults_la_CFLAGS = $(AM_CFLAGS)
