#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""165 recorded FLACs, as Debian's sonic-pi-samples has them."""
import os
import pathlib
import unittest

import tabor
import tap

FOLDER = pathlib.Path("/usr/share/sonic-pi/samples")
COUNT = 165

if not FOLDER.is_dir() and os.environ.get("TABOR_REQUIRE_SERVERS") != "1":
    tap.skip_all(f"no {FOLDER}: install sonic-pi-samples")


class Recorded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.paths = sorted(FOLDER.glob("*.flac"))
        cls.engine = tabor.open("offline", voices=256)
        cls.samples = cls.engine.load_many(cls.paths)

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def test_load(self):
        """all 165 load, by their names, at the engine's rate"""
        self.assertEqual(len(self.samples), COUNT)
        self.assertEqual(set(self.samples), {p.stem for p in self.paths})
        for name, sample in self.samples.items():
            self.assertEqual((sample.name, sample.rate), (name, 48000))
            self.assertIn(sample.channels, (1, 2))

    def test_length(self):
        """each is as long as its file, at its own rate or resampled"""
        for path in self.paths[::5]:
            sound = tabor.read(path)
            self.assertAlmostEqual(
                self.samples[path.stem].frames,
                sound.frames * 48000 / sound.rate, delta=1)

    def test_ends(self):
        """each plays to its end, which is exactly start plus length"""
        start = self.engine.frame
        voices = {}
        for i, sample in enumerate(self.samples.values()):
            at = start + 1 + 997 * i
            voices[sample.play(at_frame=at)] = at, sample.frames
        last = max(at + frames for at, frames in voices.values())
        loudest = 0.0
        while self.engine.frame < last:
            view = memoryview(self.engine.render(frames=65536))
            loudest = max(loudest, *view.cast("B").cast("f")[::64])
        ends = self.engine.poll()
        self.assertEqual(len(ends), COUNT)
        self.assertGreater(loudest, 0.01)
        for end in ends:
            at, frames = voices[end.voice]
            self.assertEqual((end.reason, end.started, end.frame),
                             ("finished", at, at + frames))


if __name__ == "__main__":
    tap.main()
