# SPDX-License-Identifier: MIT
#
# All of Tabor under sanitizers, with coverage that leads a fuzzer, for
# tests/fuzz.sh. In a folder of its own, for GNU make:
#
#   make -f SRCDIR/tests/fuzz/build.mk srcdir=SRCDIR builddir=BUILDDIR \
#       compiler=clang engine=libfuzzer fuzz-ring bug-ring ...
#
# engine: libfuzzer, or loop: main.c's mutations, which see no coverage.
# bug-TARGET is fuzz-TARGET with a bug: plants.sh has taken a check away from a
# copy of one of our files.
MAKEFLAGS += --no-builtin-rules

setting = $(shell sed -n 's/^$(1) = *//p' '$(builddir)/Makefile')

# A short hunt is over before optimised code would have paid for itself.
ifeq ($(thorough),1)
optimised = -O1 -g
else
optimised = -O0 -gline-tables-only
endif
common = -std=gnu11 -w $(optimised) -fno-omit-frame-pointer \
    -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -DHAVE_CONFIG_H -I$(builddir) -I$(srcdir)/include -I$(srcdir)/src \
    -I$(srcdir)/tests/lib -I$(srcdir)/tests/fuzz \
    -I$(srcdir)/bindings/lua $(call setting,RT_CFLAGS) \
    $(call setting,SNDFILE_CFLAGS) $(call setting,SOXR_CFLAGS) \
    $(call setting,LUA_DEV_CFLAGS) $(call setting,EDIT_CFLAGS) \
    $(patsubst %,%'"/nowhere"',$(shell grep -ho 'DTABOR_[A-Z_]*=' \
    '$(srcdir)/src/local.mk' | sort -u | sed 's/^/-/'))
libraries = $(call setting,SNDFILE_LIBS) $(call setting,SOXR_LIBS) \
    $(call setting,LUA_DEV_LIBS) $(call setting,EDIT_LIBS) \
    $(call setting,LIBS) -lpthread
ifeq ($(engine),libfuzzer)
guided = -fsanitize=fuzzer-no-link
linked = -fsanitize=fuzzer
loop = guided.o
else
loop = main.o
endif

# What is part of the library, of the console and of the module.
core = $(wildcard $(srcdir)/src/rt/*.c) \
    $(filter-out %/make-tables.c %/tabor-decode.c, \
    $(wildcard $(srcdir)/src/control/*.c)) \
    $(addprefix $(srcdir)/backends/,null.c offline.c record.c) \
    $(builddir)/src/control/sinc.c
lua = $(filter-out %/console.c,$(wildcard $(srcdir)/bindings/lua/*.c)) \
    $(builddir)/bindings/lua/topics.c
objects_of = $(patsubst %.c,$(1)-%.o,$(notdir $(2)))
core_objects = $(call objects_of,core,$(core))
lua_objects = $(call objects_of,lua,$(lua))

# Their loops take long to compile like this: without thorough=1 it is the
# scalar ones that are watched, which read and write the same.
ifeq ($(thorough),1)
core-kernel_sse2.o: level = $(call setting,SSE2_CFLAGS)
core-kernel_avx2.o: level = $(call setting,AVX2_CFLAGS)
else
core-kernel_sse2.o: level = -U__SSE2__
endif

# Loops over values, in which nothing is decided, would only be slowed down.
core-kernel_%.o core-output.o core-convert.o core-sinc.o: guided =

vpath %.c $(srcdir)/src/rt $(srcdir)/src/control $(srcdir)/backends \
    $(builddir)/src/control
core-%.o: %.c
	$(compiler) $(common) $(guided) $(level) -MMD -c $< -o $@
lua-%.o: $(srcdir)/bindings/lua/%.c
	$(compiler) $(common) $(guided) -MMD -c $< -o $@
lua-topics.o: $(builddir)/bindings/lua/topics.c
	$(compiler) $(common) -MMD -c $< -o $@
target-%.o: $(srcdir)/tests/fuzz/%.c
	$(compiler) $(common) -MMD -c $< -o $@
main.o guided.o: %.o: $(srcdir)/tests/fuzz/%.c
	$(compiler) $(common) -MMD -c $< -o $@

# The planted file's own object goes first, and its sound one is left out.
planted-%.c: $(srcdir)/tests/fuzz/plants.sh
	bash $< plant $* $(srcdir) >$@.part
	mv $@.part $@
planted-%.o: planted-%.c
	$(compiler) $(common) $(guided) -I$(srcdir)/src/control -c $< -o $@

more_of = $(if $(filter lua%,$(1)),$(lua_objects))
file_of = $(shell bash '$(srcdir)/tests/fuzz/plants.sh' object $(1))

.SECONDEXPANSION:
bug-%: target-%.o planted-%.o $$(core_objects) $$(call more_of,$$*) $(loop)
	$(compiler) $(common) $(linked) \
	    $(filter-out $(call file_of,$*),$^) $(libraries) -o $@
fuzz-%: target-%.o $$(core_objects) $$(call more_of,$$*) $(loop)
	$(compiler) $(common) $(linked) $^ $(libraries) -o $@

-include $(wildcard *.d)
.DELETE_ON_ERROR:
.SECONDARY:
