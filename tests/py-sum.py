#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""64 voices offline: the same bytes for each block size, and numpy's sum."""
import math
import random
import unittest

import tabor
import tap

try:
    import numpy
except ImportError:
    tap.skip_all("numpy is not installed, which computes the sum")

RATE = 48000
BLOCKS = (1, 17, 64, 441, 1024, 8192)
VOICES = 64
FRAMES = 60000


def sounds():
    """Eight sounds, mono and stereo, of odd lengths."""
    make = numpy.random.default_rng(2)
    return [make.uniform(-1, 1, (9001 + 997 * i, 1 + i % 2)).astype("f4")
            for i in range(8)]


def plays():
    """What the 64 voices do; levels so that their sum stays below 1."""
    dice = random.Random(3)
    return [{"sound": i % 8,
             "at_frame": dice.randrange(40000),
             "gain": dice.uniform(0, 1.5) / VOICES,
             "velocity": dice.random(),
             "pan": dice.choice((-1.0, 0.0, 1.0, dice.uniform(-1, 1)))}
            for i in range(VOICES)]


def render(block, disturb):
    """The piece at one block size; disturb(voices) may change voices."""
    with tabor.open("offline", rate=RATE, block=block) as engine:
        samples = [engine.load(data) for data in sounds()]
        voices = []
        for play in plays():
            options = dict(play)
            voices.append(samples[options.pop("sound")].play(**options))
        disturb(voices)
        audio = engine.render(frames=FRAMES)
        ends = sorted((e.voice.id, e.reason, e.frame, e.started)
                      for e in engine.poll())
        return audio, ends


def expected():
    """The same sum without Tabor, in float64."""
    total = numpy.zeros((FRAMES, 2))
    data = sounds()
    for play in plays():
        sound = data[play["sound"]].astype("f8")
        pan = play["pan"]
        if sound.shape[1] == 1:  # constant power
            angle = (pan + 1) * math.pi / 4
            sides = numpy.array([math.cos(angle), math.sin(angle)])
        else:  # balance
            sides = numpy.array([min(1, 1 - pan), min(1, 1 + pan)])
        level = play["gain"] * play["velocity"]
        heard = (sound * sides * level)[:FRAMES - play["at_frame"]]
        total[play["at_frame"]:play["at_frame"] + len(heard)] += heard
    return total


def change(voices):
    """Everything that moves: rates, stops, gains and pans on odd frames."""
    dice = random.Random(5)
    for i, voice in enumerate(voices):
        at = dice.randrange(50000)
        if i % 4 == 0:
            voice.stop(fade=dice.uniform(0, 0.1), at_frame=at)
        elif i % 4 == 1:
            voice.set(gain=dice.random(), ramp=dice.uniform(0, 0.2),
                      at_frame=at)
        elif i % 4 == 2:
            voice.set(pan=dice.uniform(-1, 1), ramp=dice.uniform(0, 0.2),
                      at_frame=at)
        else:
            voice.set(rate=dice.uniform(0.3, 3), ramp=dice.uniform(0, 0.2),
                      at_frame=at)


class Sum(unittest.TestCase):
    def test_sum(self):
        """64 voices equal a sum computed independently, within 1e-6"""
        audio, ends = render(256, lambda voices: None)
        wanted = expected()
        self.assertGreater(numpy.abs(wanted).max(), 0.05)
        worst = numpy.abs(numpy.asarray(audio) - wanted).max()
        tap.comment(f"the worst of {wanted.size} values is off by {worst}")
        self.assertLess(worst, 1e-6)
        self.assertEqual(len(ends), VOICES)

    def same(self, disturb):
        renders = [render(block, disturb) for block in BLOCKS]
        first, ends = renders[0]
        self.assertGreater(numpy.abs(numpy.asarray(first)).max(), 0.05)
        self.assertGreater(len(ends), VOICES * 0.9)
        for (audio, told), block in zip(renders[1:], BLOCKS[1:]):
            with self.subTest(block=block):
                self.assertEqual(bytes(audio), bytes(first))
                self.assertEqual(told, ends)

    def test_blocks(self):
        """blocks of 1, 17, 64, 441, 1024 and 8192 give the same bytes"""
        self.same(lambda voices: None)

    def test_blocks_changes(self):
        """so they do while voices stop, fade, turn and change their rate"""
        self.same(change)


if __name__ == "__main__":
    tap.main()
