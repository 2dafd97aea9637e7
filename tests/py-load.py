#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What load() takes from Python, and how it refuses the rest."""
import array
import contextlib
import ctypes
import io
import math
import os
import pathlib
import struct
import unittest

import tabor
import tap

try:
    import numpy
except ImportError:
    numpy = None

PREFIX = f"py-load-{os.getpid()}"


def values(sample):
    return memoryview(bytes(sample)).cast("f").tolist()


class Base(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", channels=2)
        self.addCleanup(self.engine.close)

    def path(self, name, content=None):
        path = f"{PREFIX}-{name}"
        if content is not None:
            pathlib.Path(path).write_bytes(content)
        self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
        return path

    def wav(self, name, frames=100, channels=1, rate=48000):
        path = self.path(name)
        data = array.array("f", [i / 4096 for i in range(frames * channels)])
        shaped = memoryview(data).cast("B").cast("f", [frames, channels])
        tabor.Audio(shaped, rate).save(path)
        return path


class Arrays(Base):
    def test_formats(self):
        """int16, int32, float32 and float64 become float32 in [-1, 1)"""
        for code, numbers, expected in (
            ("h", [0, 1 << 14, -(1 << 15)], [0.0, 0.5, -1.0]),
            ("i", [0, 1 << 30, -(1 << 31)], [0.0, 0.5, -1.0]),
            ("f", [0.0, 0.5, -1.0], [0.0, 0.5, -1.0]),
            ("d", [0.0, 0.1, -1.0],
             [0.0, struct.unpack("f", struct.pack("f", 0.1))[0], -1.0]),
        ):
            with self.subTest(code=code):
                sample = self.engine.load(array.array(code, numbers))
                self.assertEqual(values(sample), expected)
                self.assertEqual(sample.channels, 1)

    def test_byte_order(self):
        """a format may name this machine's byte order, and not the other"""
        kinds = {"<": ctypes.c_float.__ctype_le__,
                 ">": ctypes.c_float.__ctype_be__}
        native = "<" if struct.pack("=h", 1) == struct.pack("<h", 1) else ">"
        for mark, kind in kinds.items():
            data = (kind * 3)(0.25, 0.5, 0.75)
            self.assertEqual(memoryview(data).format[0], mark)
            if mark == native:
                self.assertEqual(values(self.engine.load(data)),
                                 [0.25, 0.5, 0.75])
            else:
                with self.assertRaisesRegex(TypeError, "byte order"):
                    self.engine.load(data)

    def test_bad_formats(self):
        """other formats are a TypeError that names format and cure"""
        for code in "bBHIlLqQ":
            data = array.array(code, [1, 2, 3])
            if data.itemsize == 4 and code == "l":
                continue  # that is an int32
            with self.subTest(code=code):
                with self.assertRaises(TypeError) as caught:
                    self.engine.load(data)
                self.assertIn(f"'{code}'", str(caught.exception))
                self.assertIn("astype", str(caught.exception))
        with self.assertRaisesRegex(TypeError, "cast"):
            self.engine.load(b"\0\0\0\0")
        cast = memoryview(b"\0\0\0\x40").cast("h")
        self.assertEqual(values(self.engine.load(cast)), [0.0, 0.5])

    def test_shapes(self):
        """(n,) is mono, (n, channels) is what it says"""
        data = array.array("f", [i / 64 for i in range(12)])
        for shape, channels in (([12], 1), ([12, 1], 1), ([6, 2], 2),
                                ([4, 3], 3), ([1, 12], 12)):
            view = memoryview(data).cast("B").cast("f", shape)
            sample = self.engine.load(view)
            self.assertEqual((sample.frames, sample.channels),
                             (12 // channels, channels))
            self.assertEqual(values(sample), data.tolist())

    def test_strided(self):
        """an array that is not contiguous is copied in its own order"""
        data = array.array("d", [i / 64 for i in range(30)])
        self.assertEqual(values(self.engine.load(memoryview(data)[::-3])),
                         data.tolist()[::-3])

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_numpy(self):
        """numpy's arrays load, transposed and sliced ones too"""
        wave = numpy.arange(24, dtype="f4").reshape(2, 12) / 64
        for data in (wave.T, wave.T[::2], wave.T[::-1], wave[0],
                     numpy.asfortranarray(wave.T),
                     (wave.T * 32768).astype("i2"),
                     (wave.T * 2.0 ** 31).astype("i4"),
                     wave.T.astype("f8")):
            scale = {"i2": 2.0 ** -15, "i4": 2.0 ** -31}.get(
                data.dtype.str[1:], 1.0)
            self.assertEqual(values(self.engine.load(data)),
                             (data * scale).astype("f4").ravel().tolist())

    def test_copied(self):
        """what is loaded does not change with the array"""
        data = array.array("f", [0.5] * 10)
        sample = self.engine.load(data)
        data[3] = 0.0
        self.assertEqual(values(sample), [0.5] * 10)

    def test_rate(self):
        """rate= is the array's own; without it the engine's is taken"""
        data = array.array("f", [0.0] * 24000)
        self.assertEqual(self.engine.load(data).frames, 24000)
        self.assertEqual(self.engine.load(data, rate=24000).frames, 48000)
        self.assertEqual(self.engine.load(data, rate=96000).frames, 12000)
        with self.assertRaisesRegex(ValueError, "rate"):
            self.engine.load(data, rate=0)
        with self.assertRaisesRegex(ValueError, "rate"):
            self.engine.load(data, rate=10 ** 6)
        with self.assertRaisesRegex(TypeError, "rate"):
            self.engine.load(data, rate=4.8e4)

    def test_not_a_number(self):
        """NaN and infinity in an array are a ValueError that tells where"""
        for bad in (math.nan, math.inf, -math.inf):
            for code in "fd":
                data = array.array(code, [0.0] * 50)
                data[37] = bad
                with self.assertRaises(ValueError) as caught:
                    self.engine.load(data)
                self.assertRegex(str(caught.exception), r"\b37\b")

    def test_bad_shapes(self):
        """a shape that is no sound is a ValueError with the shape in it"""
        data = array.array("f", [0.0] * 24)
        flat = memoryview(data).cast("B")
        for shape in ([2, 3, 4], [1, 24, 1]):
            with self.assertRaises(ValueError) as caught:
                self.engine.load(flat.cast("f", shape))
            self.assertIn(str(tuple(shape)), str(caught.exception))
        with self.assertRaisesRegex(ValueError, "shape"):
            self.engine.load(ctypes.c_float(1.0))
        wide = array.array("f", [0.0] * 130)
        with self.assertRaisesRegex(ValueError, "channels"):
            self.engine.load(memoryview(wide).cast("B").cast("f", [2, 65]))

    def test_empty(self):
        """an empty array is a ValueError"""
        with self.assertRaisesRegex(ValueError, "empty"):
            self.engine.load(array.array("f"))

    def test_no_array(self):
        """what has no sound in it is a TypeError that says what has"""
        for bad in ([0.0, 1.0], None, 3, self.engine, object()):
            with self.assertRaisesRegex(TypeError, "path"):
                self.engine.load(bad)


class Sounds(Base):
    def test_file(self):
        """a file loads by str and by path object, and gives its name"""
        path = self.wav("kick.v2.wav", 64, 2)
        for source in (path, pathlib.Path(path)):
            sample = self.engine.load(source)
            self.assertEqual((sample.frames, sample.channels), (64, 2))
            self.assertEqual(sample.name, path.removesuffix(".wav"))
        self.assertEqual(self.engine.load(path, name="boom").name, "boom")

    def test_long_name(self):
        """a name too long is cut, never inside a letter"""
        name = self.engine.load(array.array("f", [0.0]),
                                name="\u266b" * 40).name
        self.assertTrue(10 < len(name) <= 40)
        self.assertEqual(set(name), {"\u266b"})

    def test_audio(self):
        """Audio loads with its own rate; a render can be played"""
        audio = tabor.Audio(array.array("f", [0.5] * 100), 24000)
        self.assertEqual(self.engine.load(audio).frames, 200)
        rendered = self.engine.render(frames=50)
        self.assertEqual(self.engine.load(rendered).channels, 2)

    def test_sample(self):
        """a sample of another engine loads like an array"""
        first = self.engine.load(array.array("f", [0.5, 0.25]))
        with tabor.open("offline") as other:
            self.assertEqual(values(other.load(first)), [0.5, 0.25])

    def test_rate_of_a_file(self):
        """rate= with a file or an Audio is a ValueError"""
        path = self.wav("rate.wav")
        for source in (path, tabor.read(path)):
            with self.assertRaisesRegex(ValueError, "rate="):
                self.engine.load(source, rate=48000)

    def test_many(self):
        """load_many() gives a dict by stem and can tell how far it is"""
        paths = [self.wav(f"m{i}.wav", i + 1) for i in range(5)]
        shown = io.StringIO()
        with contextlib.redirect_stderr(shown):
            samples = self.engine.load_many(paths, progress=True)
        self.assertEqual({name: s.frames for name, s in samples.items()},
                         {f"{PREFIX}-m{i}": i + 1 for i in range(5)})
        self.assertTrue(shown.getvalue().endswith("loaded 5 of 5\n"))
        self.assertEqual(self.engine.load_many([]), {})

    def test_trusted(self):
        """trusted=True gives the same values; it is for files only"""
        path = self.wav("trusted.wav", 500, 2, 44100)
        jailed = self.engine.load(path)
        for other in (
            self.engine.load(path, trusted=True),
            self.engine.load(tabor.read(path, rate=48000)),
            self.engine.load(tabor.read(path, rate=48000, trusted=True)),
            self.engine.load_many([path], trusted=True)[path[:-4]],
            self.engine.load_many([path])[path[:-4]],
        ):
            self.assertEqual(other.frames, 544)
            self.assertEqual(values(other), values(jailed))
        self.assertEqual(tabor.read(path).rate, 44100)
        with self.assertRaisesRegex(ValueError, "trusted="):
            self.engine.load(array.array("f", [0.0]), trusted=True)
        with self.assertRaisesRegex(ValueError, "3999"):
            tabor.read(path, rate=3999)

    def test_many_bad(self):
        """load_many() raises for the first bad file, wherever it ends"""
        paths = [self.wav(f"b{i}.wav") for i in range(12)]
        paths[5] = self.path("bad5.wav", b"This is not a sound.\n")
        paths[7] = self.path("bad7.wav", b"This is not a sound.\n")
        for _ in range(3):
            with self.assertRaisesRegex(tabor.DecodeError, "bad5"):
                self.engine.load_many(paths)
        self.assertEqual(len(self.engine.load_many(paths[:5])), 5)

    def test_many_errors(self):
        """load_many() refuses one path, and two files of one name"""
        path = self.wav("x.wav")
        with self.assertRaisesRegex(TypeError, "list"):
            self.engine.load_many(path)
        with self.assertRaisesRegex(ValueError, f"{PREFIX}-x"):
            self.engine.load_many([path, pathlib.Path(path)])

    def test_kit(self):
        """kit() names sounds that load and sound"""
        sounds = tabor.kit()
        self.assertGreater(len(sounds), 0)
        for name, sample in self.engine.load_many(sounds.values()).items():
            self.assertIn(name, sounds)
            sample.play()
            heard = memoryview(self.engine.render(0.5)).cast("B").cast("f")
            self.assertGreater(max(heard), 0.01, name)
            self.engine.stop(0)


class BadInput(Base):
    """Each is refused by class and name, and the engine plays on."""

    def setUp(self):
        super().setUp()
        self.good = self.engine.load(array.array("f", [0.5] * 100))

    def tearDown(self):
        self.good.play()
        sound = self.engine.render(frames=100)
        heard = memoryview(sound).cast("B").cast("f")
        level = 0.5 * math.cos(math.pi / 4)
        self.assertAlmostEqual(heard[0], level, delta=1e-6)
        self.assertAlmostEqual(heard[199], level, delta=1e-6)

    def refused(self, path, *classes):
        for call in (self.engine.load, tabor.read):
            with self.assertRaises(classes[0]) as caught:
                call(path)
            for kind in classes:
                self.assertIsInstance(caught.exception, kind)
            self.assertIn(os.path.basename(path), str(caught.exception))
        return caught.exception

    def test_text(self):
        """a text file as WAV is a DecodeError"""
        path = self.path("text.wav", b"This is not a sound.\n" * 100)
        self.refused(path, tabor.DecodeError, tabor.Error, ValueError)

    def test_empty(self):
        """an empty file is a DecodeError"""
        self.refused(self.path("empty.wav", b""), tabor.DecodeError)

    def test_truncated(self):
        """a truncated FLAC is a DecodeError"""
        whole = self.wav("whole.flac", 40000)
        content = pathlib.Path(whole).read_bytes()
        for share in (2, 10):
            path = self.path(f"cut{share}.flac",
                             content[:len(content) // share])
            self.refused(path, tabor.DecodeError)

    def test_claims(self):
        """a header that claims far more than the file has is refused"""
        whole = pathlib.Path(self.wav("claim.flac", 4000)).read_bytes()
        claim = bytearray(whole)
        claim[21] |= 0x0F  # 36 bits in the stream's own description
        claim[22:26] = b"\xFF" * 4
        self.refused(self.path("claims.flac", claim), tabor.DecodeError)

    def test_directory(self):
        """a directory is an IsADirectoryError"""
        path = f"{PREFIX}-folder"
        os.mkdir(path)
        self.addCleanup(os.rmdir, path)
        error = self.refused(path, IsADirectoryError)
        self.assertEqual(error.filename, path)

    def test_missing(self):
        """a missing file is a FileNotFoundError with errno and filename"""
        error = self.refused("no-such-file.wav", FileNotFoundError)
        self.assertEqual(error.errno, 2)
        self.assertEqual(error.filename, "no-such-file.wav")

    def test_fifo(self):
        """a FIFO is refused at once instead of waited for"""
        path = self.path("fifo.wav")
        os.mkfifo(path)
        self.refused(path, OSError)

    def test_permission(self):
        """a file without permission is a PermissionError"""
        path = self.wav("secret.wav")
        os.chmod(path, 0)
        done = tap.child(
            "import os, sys, tabor\n"
            "if os.geteuid() == 0:\n"
            "    os.seteuid(65534)\n"
            "try:\n"
            "    tabor.read(sys.argv[1])\n"
            "except PermissionError as error:\n"
            "    print('refused', error.errno, error.filename)\n", path)
        self.assertEqual(done.stdout.split(), ["refused", "13", path], done)

    def test_nul(self):
        """a path with a NUL in it is a ValueError"""
        with self.assertRaises(ValueError):
            self.engine.load("a\0b.wav")

    def test_infinite_file(self):
        """NaN and infinity in a file become 0"""
        path = self.path("nan.wav", struct.pack(
            "<4sI4s4sIHHIIHH4sI4f", b"RIFF", 52, b"WAVE", b"fmt ", 16, 3, 1,
            48000, 192000, 4, 32, b"data", 16, 0.5, math.nan, math.inf,
            -0.5))
        self.assertEqual(values(self.engine.load(path)), [0.5, 0, 0, -0.5])


if __name__ == "__main__":
    tap.main()
