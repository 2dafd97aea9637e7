#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""10,000 voices that end in one block have 10,000 Ended, once each, also if
the script does not look at events for a while (5 s with TABOR_LONG=1)."""
import array
import collections
import os
import time
import unittest

import tabor
import tap

VOICES = 10000
RATE = 8000
BLOCK = 256
AWAY_S = 5 if os.environ.get("TABOR_LONG") else 1


def play_all(engine, sample, at, length, spread, make_room):
    """All begin at one frame. There are more than the schedule holds, so some
    are sent later and catch up: that leaves their ends where they are."""
    voices = []
    while len(voices) < VOICES:
        frames = length + len(voices) % spread
        try:
            voices.append(sample.play(at_frame=at, late="catch_up",
                                      duration=frames / RATE,
                                      gain=1 / VOICES))
        except tabor.QueueFull:
            make_room()
    return voices


def ends_in(events):
    return [e for e in events if isinstance(e, tabor.Ended)]


class Completions(unittest.TestCase):
    def check(self, ends, voices, at, length, spread):
        """Each voice has its one end among ends."""
        self.assertEqual([e.frame for e in ends],
                         sorted(e.frame for e in ends))
        counts = collections.Counter(e.voice.id for e in ends)
        self.assertEqual(set(counts.values()), {1})
        self.assertEqual(len({v.id for v in voices}), VOICES)
        by_id = {e.voice.id: e for e in ends}
        for i, voice in enumerate(voices):
            end = by_id[voice.id]
            self.assertEqual(end.reason, "finished")
            self.assertEqual(end.frame, at + length + i % spread)
            self.assertEqual(end.started - end.late, at)
            self.assertIs(end.voice, voice)
            self.assertFalse(voice.alive)

    def offline(self, spread):
        length = 10 * BLOCK + 1  # the first ends in the eleventh block
        with tabor.open("offline", rate=RATE, block=BLOCK, voices=VOICES,
                        queue=16384) as engine:
            sample = engine.load(array.array("f", [1.0] * (length + spread)))
            voices = play_all(engine, sample, 0, length, spread,
                              lambda: engine.render(frames=1))
            engine.render(frames=10 * BLOCK - engine.frame)
            self.assertEqual(engine.stats().voices, VOICES)
            self.assertEqual(ends_in(engine.poll()), [])
            engine.render(frames=BLOCK)
            ends = ends_in(engine.poll())
            self.assertEqual(len(ends), VOICES)
            self.check(ends, voices, 0, length, spread)
            self.assertEqual(engine.stats().stolen, 0)

    def test_frame(self):
        """10,000 voices that end on one frame have 10,000 ends"""
        self.offline(1)

    def test_block(self):
        """so have as many that end on the frames of one block"""
        self.offline(BLOCK)

    def test_away(self):
        """none is lost while the script plays on and reads no events"""
        with tabor.open("null", rate=RATE, block=BLOCK, voices=VOICES + 500,
                        queue=16384, on_full="wait") as engine:
            length = AWAY_S * RATE
            sample = engine.load(array.array("f", [1.0] * length))
            at = engine.frame
            voices = play_all(engine, sample, at, length, 1, None)
            others = []
            back = time.monotonic() + AWAY_S
            while time.monotonic() < back:
                others.append(sample.play(duration=10 / RATE))
                time.sleep(0.02)
            ends = []
            while len(ends) < VOICES + len(others):
                some = engine.wait(10)
                self.assertTrue(some, "an end is missing")
                ends += ends_in(some)
            self.assertEqual(len(ends), VOICES + len(others))
            self.check(ends, voices, at, length, 1)
            known = {v.id for v in voices + others}
            self.assertEqual({e.voice.id for e in ends}, known)
            tap.comment(f"{len(others)} plays in {AWAY_S} s without a look")
            self.assertGreater(len(others), 10)


if __name__ == "__main__":
    tap.main()
