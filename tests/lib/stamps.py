#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A sound whose every frame carries its own number.

    stamps.py                          says "stamps": it can run
    stamps.py make FILE.wav FRAMES     a stereo float32 WAV of 48,000 Hz
    stamps.py verify FILE.raw FRAMES   exit 0 if all of it was captured

Channel c of frame n is ((n * FACTORS[c]) mod 2^24 - 2^23) / 2^23. The factors
are odd, so each value occurs once in 2^24 frames and gives n back; it is exact
in float32. So a raw capture (interleaved float32) tells by itself what was
lost, repeated or changed on the way.
"""
import array
import struct
import sys

RATE = 48000
CHANNELS = 2
SIZE = 1 << 24
HALF = 1 << 23
FACTORS = (0x5851F5, 0x9E3779)
INVERSES = tuple(pow(factor, -1, SIZE) for factor in FACTORS)


def value(channel, n):
    """The value of one channel of frame n, exact in float32."""
    return ((n * FACTORS[channel]) % SIZE - HALF) / HALF


def frame_number(channel, x):
    """The frame that this value belongs to, or None: no stamp at all."""
    scaled = x * HALF + HALF
    if not 0 <= scaled < SIZE or scaled != int(scaled):
        return None
    return int(scaled) * INVERSES[channel] % SIZE


def stamped(frames):
    """Interleaved float32 values."""
    values = array.array("f", bytes(4 * CHANNELS * frames))
    for channel in range(CHANNELS):
        values[channel::CHANNELS] = array.array(
            "f", (value(channel, n) for n in range(frames)))
    return values


def write_wav(path, values):
    """A WAV file of format 3 (IEEE float)."""
    if sys.byteorder == "big":
        values = array.array("f", values)
        values.byteswap()
    data = values.tobytes()
    head = struct.pack("<HHIIHH", 3, CHANNELS, RATE, RATE * 4 * CHANNELS,
                       4 * CHANNELS, 32)
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 4 + 8 + len(head) + 8
                                         + len(data)) + b"WAVE")
        file.write(b"fmt " + struct.pack("<I", len(head)) + head)
        file.write(b"data" + struct.pack("<I", len(data)) + data)


def read_raw(path):
    """What a capture wrote; a frame that is not complete is cut off."""
    with open(path, "rb") as file:
        data = file.read()
    values = array.array("f")
    values.frombytes(data[:len(data) // (4 * CHANNELS) * 4 * CHANNELS])
    return values


class Report:
    """Counts of frames.

    ok        stamped, both channels with the same number
    gaps      places where numbers were skipped; lost: how many numbers
    repeated  frames whose number had been seen before
    zeros     silent frames between the first stamp and the last
    wrong     not silent, and no stamp
    """

    def __init__(self):
        self.ok = self.gaps = self.lost = self.repeated = 0
        self.zeros = self.wrong = 0
        self.first = self.last = None

    def __str__(self):
        return " ".join(f"{name}={count}"
                        for name, count in vars(self).items())

    def stamp(self, n):
        """Count one frame that is number n."""
        expected = 0 if self.last is None else self.last + 1
        if n > expected:
            self.gaps += 1
            self.lost += n - expected
        if n < expected:
            self.repeated += 1
            return
        if self.first is None:
            self.first = n
        self.ok += 1
        self.last = n


def verify(values):
    """Read a capture's interleaved values into a Report."""
    report = Report()
    silent = 0
    for left, right in zip(values[0::CHANNELS], values[1::CHANNELS]):
        if left == 0 and right == 0:
            silent += 1
            continue
        n = frame_number(1, right)
        if n is None or frame_number(0, left) != n:
            report.wrong += 1
            continue
        if report.last is not None:
            report.zeros += silent
        silent = 0
        report.stamp(n)
    return report


def main(args):
    if not args:
        print("stamps")
        return 0
    if len(args) != 3 or args[0] not in ("make", "verify"):
        print(__doc__, file=sys.stderr)
        return 2
    command, path, frames = args[0], args[1], int(args[2])
    if command == "make":
        write_wav(path, stamped(frames))
        return 0
    report = verify(read_raw(path))
    print(report)
    exact = (report.ok == frames and report.first == 0
             and report.last == frames - 1
             and not (report.lost or report.repeated or report.wrong))
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
