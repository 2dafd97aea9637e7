#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""integers.py CAPTURE.raw FILE.wav: exit 0 if what was captured (float32) is
the sound of the file (16 bit, both in stereo), integer for integer.

The sound is what the file has from its first loud frame on, 40,000 frames. A
server fills in silence where it had to wait: silent frames are not compared.
"""
import array
import struct
import sys

FRAMES = 40000
LOUD = 1000


def read_wav(path):
    """The int16 values of a WAV file."""
    with open(path, "rb") as file:
        whole = file.read()
    at = whole.index(b"data")
    size, = struct.unpack_from("<I", whole, at + 4)
    return array.array("h", whole[at + 8:at + 8 + size])


def read_capture(path):
    """What was captured as int16; None if some of it is no such integer."""
    with open(path, "rb") as file:
        data = file.read()
    scaled = [x * 32768 for x in array.array("f", data[:len(data) // 8 * 8])]
    if any(x != int(x) for x in scaled):
        return None
    return array.array("h", map(int, scaled))


def without_silence(values):
    """The bytes of all stereo frames but those of two zeros."""
    frames = memoryview(values.tobytes()).cast("I")
    return array.array("I", filter(None, frames)).tobytes()


def main(capture, wav):
    captured, values = read_capture(capture), read_wav(wav)
    if captured is None:
        print("captured values that are no 16 bit integers")
        return 1
    first = next((i for i, x in enumerate(values) if abs(x) > LOUD),
                 len(values)) // 2 * 2
    sound = without_silence(values[first:first + 2 * FRAMES])
    print(f"{len(sound) // 4} frames from {first // 2} on")
    enough = len(sound) > 4 * FRAMES - 400
    return 0 if enough and sound in without_silence(captured) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
