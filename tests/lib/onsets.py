# SPDX-License-Identifier: MIT
"""100,000 plays at random frames, the same as in onsets.h."""
import array

import tabor
from golden import Dice

PLAYS = 100000
SPAN = 400000
LENGTH = 8
FRAMES = SPAN + LENGTH
SAMPLES = 16
WINDOW = 4000


def value(sample, channel, j):
    """Value j of a sample's channel, in 1/64."""
    if j == 0:
        return sample + 1 if channel else 64
    if channel:
        return (sample * 29 + j * 11) % 64 - 32
    return (sample * 13 + j * 7) % 64 - 32


CODES = [[value(s, k % 2, k // 2) for k in range(2 * LENGTH)]
         for s in range(SAMPLES)]


def score():
    """Tuples (frame, sample, level in sixteenths), window by window."""
    dice = Dice(2024)
    windows = [[] for _ in range(SPAN // WINDOW)]
    for _ in range(PLAYS):
        play = (dice.roll(SPAN), dice.roll(SAMPLES), 1 + dice.roll(16))
        windows[play[0] // WINDOW].append(play)
    return windows


def expected(windows):
    """What must be heard: a sum of integers, so exact in float32."""
    total = [0] * (2 * FRAMES)
    for window in windows:
        for at, sample, level in window:
            for k, number in enumerate(CODES[sample], 2 * at):
                total[k] += number * level
    return array.array("f", [number / 1024 for number in total])


class Run:
    """One rendering of the score."""

    def __init__(self, windows, block, sizes, dice):
        self.windows = windows
        self.dice = dice
        self.numbers = {}  # of the play that a voice's id names
        self.batches = 0
        self.ends = []  # (number, started, frame, reason, late)
        with tabor.open("offline", block=block, queue=16384) as engine:
            self.engine = engine
            self.samples = [
                engine.load(memoryview(array.array(
                    "f", [x / 64 for x in code])).cast("B").cast(
                        "f", (LENGTH, 2)))
                for code in CODES]
            self.audio = b"".join(self.render(sizes))

    def render(self, sizes):
        """The audio's bytes, call by call."""
        frame, sent = 0, 0
        while frame < FRAMES:
            n = min(next(sizes), FRAMES - frame)
            while sent < len(self.windows) and sent * WINDOW < frame + n:
                self.send(self.windows[sent])
                sent += 1
            yield bytes(self.engine.render(frames=n))
            self.take_ends()
            frame += n

    def send(self, plays):
        """A window's plays, in batches of 1 to 40."""
        first = len(self.numbers)
        while plays:
            size = 1 + self.dice.roll(40)
            with self.engine.batch():
                for at, sample, level in plays[:size]:
                    voice = self.samples[sample].play(at_frame=at,
                                                      gain=level / 16)
                    self.numbers[voice.id] = first
                    first += 1
            self.batches += 1
            plays = plays[size:]

    def take_ends(self):
        for e in self.engine.poll():
            self.ends.append((self.numbers[e.voice.id], e.started, e.frame,
                              e.reason, e.late))
