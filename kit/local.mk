# SPDX-License-Identifier: MIT
# The sounds that come with Tabor, made by a program of our own.
noinst_PROGRAMS += %D%/make-kit
%C%_make_kit_SOURCES = %D%/make-kit.c %D%/sounds.c %D%/sounds.h \
    %D%/synth.c %D%/synth.h

kit_DATA = %D%/kick.wav %D%/snare.wav %D%/hat.wav %D%/openhat.wav \
    %D%/clap.wav %D%/tom.wav %D%/bass.wav %D%/pluck.wav %D%/bell.wav \
    %D%/pad.wav

# One run makes them all; a sound that was deleted brings a new run.
$(kit_DATA): %D%/made.stamp
	@test -f $@ || { rm -f %D%/made.stamp; \
	    $(MAKE) $(AM_MAKEFLAGS) %D%/made.stamp; }
%D%/made.stamp: %D%/make-kit$(EXEEXT)
	$(AM_V_GEN)%D%/make-kit$(EXEEXT) %D% && touch $@
CLEANFILES += $(kit_DATA) %D%/made.stamp
