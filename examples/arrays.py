#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sounds from numbers, and numbers from sounds; numpy where it is there.

arrays.py             print what was rendered
arrays.py FILE.wav    keep it
"""
import array
import math
import sys

import tabor

try:
    import numpy
except ImportError:
    numpy = None

RATE = 48000


def tone(hz, seconds):
    """A sine that fades, float32, one channel: the standard library's array
    will do."""
    frames = int(seconds * RATE)
    return array.array("f", (
        math.sin(2 * math.pi * hz * n / RATE) * (1 - n / frames)
        for n in range(frames)))


def chord(hz, seconds):
    """Three tones from left to right: shape (frames, channels)."""
    t = numpy.arange(int(seconds * RATE)) / RATE
    tones = [numpy.sin(2 * numpy.pi * hz * ratio * t) * numpy.exp(-3 * t)
             for ratio in (1, 5 / 4, 3 / 2)]
    return numpy.stack([tones[0] + tones[1] / 2,
                        tones[2] + tones[1] / 2], axis=1) / 2


def peak(audio):
    """The largest value of a render, read in place through the buffer."""
    if numpy:
        return float(abs(numpy.asarray(audio)).max())
    values = memoryview(audio).cast("B").cast("f")
    return max(map(abs, values))


def main():
    with tabor.open(driver="offline", rate=RATE) as engine:
        engine.load(tone(440, 0.5), name="tone").play(gain=0.5)
        if numpy:
            engine.load(chord(220, 1.5), name="chord").play(at=0.5, gain=0.5)
        audio = engine.render(2.0)
    print(f"{audio.frames} frames, {audio.channels} channels,",
          f"peak {peak(audio):.3f}", "" if numpy else "(no numpy)")
    if len(sys.argv) > 1:
        audio.save(sys.argv[1])


if __name__ == "__main__":
    main()
