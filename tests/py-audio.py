#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sound in memory from Python: views, files, pictures."""
import array
import ctypes
import gc
import os
import pathlib
import unittest
import xml.etree.ElementTree

import tabor
import tap

try:
    import numpy
except ImportError:
    numpy = None

PREFIX = f"py-audio-{os.getpid()}"
DATA = array.array("f", [i / 512 for i in range(-200, 200)])


def two_channels():
    return tabor.Audio(memoryview(DATA).cast("B").cast("f", [200, 2]), 44100)


class Shape(unittest.TestCase):
    def test_numbers(self):
        """Audio tells frames, channels, rate and duration"""
        audio = two_channels()
        self.assertEqual((audio.frames, audio.channels, audio.rate),
                         (200, 2, 44100))
        self.assertEqual(audio.duration, 200 / 44100)
        self.assertEqual(len(audio), 200)
        self.assertIn("200 frames, 2 channels, 44100 Hz", repr(audio))

    def test_view(self):
        """its buffer is float32, (frames, channels), read-only, no copy"""
        audio = two_channels()
        one, two = memoryview(audio), memoryview(audio)
        self.assertEqual((one.format, one.shape, one.strides, one.readonly),
                         ("f", (200, 2), (8, 4), True))
        self.assertEqual(one[3, 1], DATA[7])
        self.assertTrue(one.c_contiguous)
        self.assertIs(one.obj, audio)
        self.assertEqual(bytes(two), DATA.tobytes())
        with self.assertRaises(TypeError):
            one[0, 0] = 1.0

    def test_writable(self):
        """a writable view is refused"""
        with self.assertRaises((BufferError, TypeError)):
            ctypes.c_char.from_buffer(two_channels())

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_numpy(self):
        """numpy.asarray() shares the memory"""
        audio = two_channels()
        values = numpy.asarray(audio)
        self.assertEqual(values.dtype, numpy.float32)
        self.assertEqual(values.shape, (200, 2))
        self.assertFalse(values.flags.writeable)
        self.assertTrue(numpy.shares_memory(values, numpy.asarray(audio)))

    def test_view_outlives(self):
        """a view is safe after the Audio, the sample and the engine are
        gone"""
        engine = tabor.open("offline", channels=1)
        sample = engine.load(DATA)
        sample.play()
        rendered = memoryview(engine.render(frames=400))
        held = memoryview(sample)
        sample.unload("cut")
        engine.render(frames=64)
        engine.close()
        del sample, engine
        gc.collect()
        self.assertEqual(bytes(rendered), DATA.tobytes())
        self.assertEqual(bytes(held), DATA.tobytes())

    def test_picture(self):
        """a notebook shows it as a picture of its waveform"""
        picture = xml.etree.ElementTree.fromstring(
            two_channels()._repr_svg_())
        outline = picture.find("{http://www.w3.org/2000/svg}polygon")
        points = [tuple(map(float, point.split(",")))
                  for point in outline.get("points").split()]
        self.assertEqual(len(points), 2 * int(picture.get("width")))
        middle = float(picture.get("height")) / 2
        top = min(y for _, y in points)
        self.assertAlmostEqual(top, middle * (1 - DATA[-1]), delta=0.06)


class Files(unittest.TestCase):
    def path(self, ending):
        path = f"{PREFIX}{ending}"
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        return path

    def test_wav(self):
        """WAV and AIFF give back the same bits"""
        for ending in (".wav", ".aiff"):
            path = self.path(ending)
            two_channels().save(path)
            again = tabor.read(path)
            self.assertEqual(bytes(again), DATA.tobytes())
            self.assertEqual((again.rate, again.channels), (44100, 2))

    def test_flac(self):
        """FLAC keeps 24 bits, and the values here need fewer"""
        path = self.path(".flac")
        two_channels().save(path, dither=False)
        self.assertEqual(bytes(tabor.read(path)), DATA.tobytes())

    def test_same_bytes(self):
        """the same sound saved twice is the same file"""
        one, two = self.path("-1.wav"), self.path("-2.wav")
        two_channels().save(one)
        two_channels().save(two)
        with open(one, "rb") as a, open(two, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_pathlike(self):
        """paths may be objects, and may have any letter"""
        path = pathlib.Path(self.path("-\u266b.wav"))
        two_channels().save(path)
        self.assertEqual(tabor.read(path).frames, 200)

    def test_save_errors(self):
        """a file that can't be written is an OSError with its name"""
        folder = f"{PREFIX}-folder.wav"
        os.mkdir(folder)
        self.addCleanup(os.rmdir, folder)
        for path, error in (("no-such-folder/x.wav", FileNotFoundError),
                            (folder, IsADirectoryError)):
            with self.assertRaises(error) as caught:
                two_channels().save(path)
            self.assertEqual(caught.exception.filename, path)

    def test_save_ending(self):
        """an ending that no format has is refused by name"""
        with self.assertRaisesRegex(ValueError, "xyz"):
            two_channels().save(self.path(".xyz"))
        self.assertFalse(os.path.exists(f"{PREFIX}.xyz"))


if __name__ == "__main__":
    tap.main()
