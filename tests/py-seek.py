#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Voices put elsewhere in their sample, from Python."""
import array
import unittest

import tabor
import tap

RATE = 48000
DECLICK = 240  # frames of the cross from one place to the other
# Each frame has a value of its own that float32 holds exactly.
LINE = array.array("f", [i / 65536 for i in range(20000)])


def seconds(frames):
    return frames / RATE


class Seek(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", rate=RATE, channels=1, block=64)
        self.addCleanup(self.engine.close)
        self.sample = self.engine.load(LINE)

    def heard(self, frames):
        audio = self.engine.render(frames=frames)
        return memoryview(audio).cast("B").cast("f").tolist()

    def test_cross(self):
        """seek() crosses to another place of the sample, now or at a time"""
        for times in ({}, {"at_frame": 1000}, {"at": seconds(1000)}):
            with tabor.open("offline", rate=RATE, channels=1) as engine:
                voice = engine.load(LINE).play()
                if not times:
                    engine.render(frames=1000)
                self.assertIs(voice.seek(seconds(9000), **times), True)
                if times:
                    engine.render(frames=1000)
                heard = memoryview(engine.render(frames=2000))
                for i, value in enumerate(heard.cast("B").cast("f")):
                    share = tap.bend(i / DECLICK)
                    old, new = (1000 + i) / 65536, (9000 + i) / 65536
                    self.assertAlmostEqual(
                        value, old * (1 - share) + new * share, delta=1e-6)

    def test_end(self):
        """a voice that has moved ends with its sample, once"""
        voice = self.sample.play()
        voice.seek(position=seconds(19000), at_frame=100)
        self.heard(2000)
        self.assertEqual((voice.ended.reason, voice.ended.frame),
                         ("finished", 1100))
        self.assertIs(voice.seek(0), False)
        self.assertEqual(len(self.engine.poll()), 1)

    def test_scheduled(self):
        """one that has not started begins there"""
        self.sample.play(at_frame=100, fade_in=0).seek(seconds(5000))
        heard = self.heard(300)
        self.assertEqual(heard[:100], [0.0] * 100)
        self.assertEqual(heard[100:], LINE[5000:5200].tolist())

    def test_slice(self):
        """in a slice it counts from the slice's start, and ends with it"""
        part = self.sample.slice(seconds(1000), seconds(4000))
        voice = part.play()
        voice.seek(seconds(2500), at_frame=10)
        heard = self.heard(1000)
        self.assertEqual(heard[300:510], LINE[3790:4000].tolist())
        self.assertEqual(voice.ended.frame, 510)
        with self.assertRaisesRegex(ValueError, "position.*3001.*3000"):
            part.play().seek(seconds(3001))

    def test_batch(self):
        """a seek in a batch is sent with it"""
        with self.engine.batch():
            voice = self.sample.play()
            voice.seek(seconds(8000), at_frame=50)
        heard = self.heard(400)
        self.assertEqual(heard[:50], LINE[:50].tolist())
        self.assertEqual(heard[300:], LINE[8250:8350].tolist())

    def test_refused(self):
        """a position that is none is refused by name"""
        voice = self.sample.play()
        for error, words, args, options in (
                (TypeError, "position", (), {}),
                (TypeError, "position", ("end",), {}),
                (ValueError, "position", (-1,), {}),
                (ValueError, "position.*20001.*20000", (seconds(20001),), {}),
                (TypeError, "at_frame", (0,), {"at": 1, "at_frame": 1}),
                (TypeError, "position", (0,), {"posistion": 1})):
            with self.assertRaisesRegex(error, words):
                voice.seek(*args, **options)
        self.assertTrue(voice.alive)


if __name__ == "__main__":
    tap.main()
