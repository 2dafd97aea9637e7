# SPDX-License-Identifier: MIT
# Not built by make or make check: make bench.
EXTRA_PROGRAMS = %D%/kernels
%C%_kernels_CPPFLAGS = $(CORE_CPPFLAGS)
%C%_kernels_LDADD = src/libtabor-all.la

.PHONY: bench
bench: %D%/kernels
	$(AM_V_at)%D%/kernels
EXTRA_DIST += %D%/load.py
