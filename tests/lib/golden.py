# SPDX-License-Identifier: MIT
"""What the tests of time and bits share: see golden.h and onsets.h."""
import array
import os
import sys

MASK = 2**64 - 1

# name, block, most: if not 0, each block has 1 to most frames, at random;
# else each has block frames
PATTERNS = (
    ("1", 1, 0), ("17", 17, 0), ("64", 64, 0), ("100", 100, 0),
    ("441", 441, 0), ("480", 480, 0), ("1024", 1024, 0), ("8192", 8192, 0),
    ("1 to 64, at random,", 8192, 64), ("1 to 1000, at random,", 8192, 1000),
    ("1 to 8192, at random,", 8192, 8192))


class Dice:
    """The same throws as in C and Lua."""

    def __init__(self, seed):
        self.state = seed

    def roll(self, sides):
        self.state = (self.state * 1664525 + 1013904223) & 0xffffffff
        return (self.state >> 8) % sides


def steps(block, most):
    """Frames of each call of render(), for ever: one block if they are
    random, else some blocks."""
    dice = Dice(most)
    while True:
        yield 1 + dice.roll(most) if most else block * (1 + 1000 // block)


def hash_words(words, value=14695981039346656037):
    """FNV-1a's constants over numbers of 32 bits."""
    for word in words:
        value = (value ^ word) * 1099511628211 & MASK
    return value


def words_of(data):
    """The bytes of float32 values as numbers of 32 bits."""
    words = array.array("I", data)
    assert words.itemsize == 4 and sys.byteorder == "little"
    return words


def kept(name):
    """The hash that is kept as tests/golden/NAME.sum."""
    folder = os.path.join(os.environ.get("srcdir", "."), "tests", "golden")
    with open(os.path.join(folder, name + ".sum"), encoding="ascii") as file:
        return int(file.read(), 16)
