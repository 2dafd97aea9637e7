#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draw a sound file in the terminal: waveform.py FILE.

As wide as the terminal ($COLUMNS overrides); plain ASCII where the locale has
no better characters.
"""
import math
import shutil
import sys

import tabor

ROWS = 9


def extremes(audio, columns):
    """(lowest, highest) value of each of so many parts of a sound."""
    values = memoryview(audio).cast("B").cast("f")
    bounds = [audio.frames * c // columns * audio.channels
              for c in range(columns + 1)]
    parts = (values[a:max(b, a + 1)] for a, b in zip(bounds, bounds[1:]))
    return [(min(part), max(part)) for part in parts]


def draw(columns, rows, marks):
    """Lines of text. Two cells lie above each other in a character; marks are
    the characters for none, the upper, the lower and both."""
    highest = max(max(-low, high) for low, high in columns) or 1.0
    half = rows  # cells above the middle, and below

    def filled(cell, low, high):
        top = (half - cell) / half * highest
        bottom = (half - cell - 1) / half * highest
        return high > bottom and low < top

    for row in range(rows):
        yield "".join(
            marks[filled(2 * row, *column) + 2 * filled(2 * row + 1, *column)]
            for column in columns)


def describe(path, audio, columns):
    peak = max(max(-low, high) for low, high in columns)
    level = f"{20 * math.log10(peak):.1f} dBFS" if peak else "silent"
    return (f"{path}: {audio.duration:.2f} s, {audio.rate} Hz, "
            f"{audio.channels} channels, peak {level}")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: waveform.py FILE")
    path = sys.argv[1]
    audio = tabor.read(path)
    if audio.frames == 0:
        sys.exit(f"{path} has no frames to draw")
    columns = extremes(audio, shutil.get_terminal_size().columns - 1)
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    for line in draw(columns, ROWS, " ▀▄█" if utf8 else " ''|"):
        print(line.rstrip())
    print(describe(path, audio, columns))


if __name__ == "__main__":
    main()
