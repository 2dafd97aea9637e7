# SPDX-License-Identifier: MIT
examplesdir = $(docdir)/examples
dist_examples_DATA = \
    %D%/arrays.py %D%/clock.lua %D%/clock.py %D%/duet.lua %D%/duet.py %D%/demo.lua \
    %D%/demo.py %D%/drivers.lua %D%/events.py \
    %D%/first.lua %D%/first.py %D%/sonicpi.lua %D%/sonicpi.py %D%/waveform.py
