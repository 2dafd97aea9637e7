#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A sample's memory in Python: shown where it lies, for as long as needed."""
import array
import ctypes
import gc
import hashlib
import threading
import unittest

import tabor
import tap

try:
    import numpy
except ImportError:
    numpy = None

FRAMES = 500
RAMP = array.array("f", [(i + 1) / 1024 for i in range(2 * FRAMES)])
NEEDS_NUMPY = unittest.skipIf(numpy is None, "numpy is not installed")


def shaped(values, channels):
    return memoryview(values).cast("B").cast(
        "f", [len(values) // channels, channels])


def readonly_bytes():
    """How much of the process is mapped, nameless and read-only, as samples
    are."""
    total = 0
    with open("/proc/self/maps") as maps:
        for line in maps:
            place, flags, *rest = line.split()
            if flags == "r--p" and len(rest) == 3:
                start, end = (int(number, 16) for number in place.split("-"))
                total += end - start
    return total


def address(view):
    """Where a view's first value lies."""
    class Buffer(ctypes.Structure):
        _fields_ = [("buf", ctypes.c_void_p), ("rest", ctypes.c_char * 128)]
    held = Buffer()
    api = ctypes.pythonapi
    api.PyObject_GetBuffer(ctypes.py_object(view), ctypes.byref(held), 0x11c)
    place = held.buf
    api.PyBuffer_Release(ctypes.byref(held))
    return place


class Base(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline")
        self.addCleanup(self.engine.close)
        self.mono = self.engine.load(RAMP)
        self.stereo = self.engine.load(shaped(RAMP, 2))


class Shown(Base):
    def test_shape(self):
        """a view is float32, (frames, channels), read-only, channels apart"""
        for sample, channels in ((self.mono, 1), (self.stereo, 2)):
            view = memoryview(sample)
            self.assertEqual((view.format, view.itemsize, view.readonly),
                             ("f", 4, True))
            self.assertEqual(view.shape,
                             (2 * FRAMES // channels, channels))
            self.assertEqual(view.strides[0], 4)
            self.assertEqual(view.tobytes(), RAMP.tobytes())
            self.assertEqual(bytes(sample), RAMP.tobytes())
            self.assertEqual(view[3, channels - 1], RAMP[4 * channels - 1])

    def test_shared(self):
        """two views show the same memory, and take none"""
        before = readonly_bytes()
        views = [memoryview(self.stereo) for _ in range(3)]
        self.assertEqual(len({address(view) for view in views}), 1)
        self.assertEqual(readonly_bytes(), before)

    def test_slice(self):
        """a slice's view is a window of its sample's, a slice of a slice's
        too"""
        part = self.stereo.slice(100 / 48000, 200 / 48000)
        inner = part.slice(10 / 48000, 20 / 48000)
        for sample, first, frames in ((part, 100, 100), (inner, 110, 10)):
            view = memoryview(sample)
            self.assertEqual(view.shape, (frames, 2))
            self.assertEqual(view.tobytes(),
                             RAMP[2 * first:2 * (first + frames)].tobytes())
            self.assertEqual(address(view),
                             address(self.stereo) + 4 * first)

    def test_contiguous(self):
        """who needs values in one piece gets those of one channel, and for
        more an error that says what to do"""
        self.assertTrue(memoryview(self.mono).c_contiguous)
        self.assertEqual(hashlib.sha256(self.mono).digest(),
                         hashlib.sha256(RAMP).digest())
        self.assertFalse(memoryview(self.stereo).contiguous)
        for needs in (hashlib.sha256, array.array("f").frombytes):
            with self.assertRaisesRegex(BufferError, "2 channels.*copy it"):
                needs(self.stereo)

    def test_frame(self):
        """a single frame of several channels is shown too"""
        sample = self.engine.load(shaped(RAMP[:6], 6))
        view = memoryview(sample)
        self.assertEqual((view.shape, view.tolist()),
                         ((1, 6), [RAMP[:6].tolist()]))
        with self.assertRaises(BufferError):
            hashlib.sha256(sample)

    def test_readonly(self):
        """nobody can write through a view"""
        for sample in (self.mono, self.stereo):
            with self.assertRaises((BufferError, TypeError)):
                ctypes.c_char.from_buffer(sample)
            with self.assertRaises(TypeError):
                memoryview(sample)[0, 0] = 1.0

    def test_loads(self):
        """a sample is a source like any array: of Audio, and of another
        engine's sample"""
        audio = tabor.Audio(self.stereo, rate=48000)
        self.assertEqual(bytes(audio), RAMP.tobytes())
        with tabor.open("offline") as other:
            self.assertEqual(bytes(other.load(self.stereo)), RAMP.tobytes())
        self.assertEqual(self.stereo._repr_svg_(), audio._repr_svg_())

    @NEEDS_NUMPY
    def test_numpy(self):
        """numpy.asarray() shares the memory, of slices too, and can't write
        it"""
        for sample, channels in ((self.mono, 1), (self.stereo, 2)):
            one, two = numpy.asarray(sample), numpy.asarray(sample)
            part = numpy.asarray(sample.slice(0.001, 0.002))
            self.assertEqual((one.dtype, one.shape),
                             (numpy.float32, (2 * FRAMES // channels,
                                              channels)))
            self.assertTrue(numpy.shares_memory(one, two))
            self.assertTrue(numpy.shares_memory(one[48:96], part))
            self.assertFalse(numpy.shares_memory(one[:48], part))
            self.assertEqual(one.tobytes(), RAMP.tobytes())
            self.assertFalse(one.flags.writeable)
            with self.assertRaises(ValueError):
                one.flags.writeable = True


class Lives(Base):
    def test_everything_else(self):
        """a view stays after unload, other samples, close, del and the
        collector"""
        view = memoryview(self.stereo)
        part = memoryview(self.stereo.slice(0, 0.001))
        self.stereo.unload("cut")
        self.engine.render(frames=1000)
        self.engine.load(array.array("f", [9.0] * 5000))
        self.assertEqual(view.tobytes(), RAMP.tobytes())
        self.engine.close()
        self.assertEqual(view.tobytes(), RAMP.tobytes())
        del self.stereo, self.mono, self.engine
        self.doCleanups()
        gc.collect()
        self.assertEqual(view.tobytes(), RAMP.tobytes())
        self.assertEqual(part.tobytes(), RAMP[:96].tobytes())

    def test_memory(self):
        """the memory stays while a view does, and goes with the last"""
        before = readonly_bytes()
        engine = tabor.open("offline")
        sample = engine.load(shaped(array.array("f", [0.5] * 200000), 2))
        loaded = readonly_bytes() - before
        self.assertGreaterEqual(loaded, 800000)
        whole, part = memoryview(sample), memoryview(sample.slice(0.1, 0.2))
        engine.close()
        del sample, engine
        gc.collect()
        self.assertEqual(readonly_bytes(), before + loaded)
        del whole
        self.assertEqual(readonly_bytes(), before + loaded)
        self.assertEqual(part[17, 1], 0.5)
        del part
        self.assertEqual(readonly_bytes(), before)

    def test_unloaded(self):
        """a sample that is unloaded, or its engine closed, has no view any
        more, whether it had one before or not"""
        part = self.stereo.slice(0, 0.001)
        for sample in (self.stereo, part):
            self.assertEqual(memoryview(sample).shape[1], 2)
        self.stereo.unload()
        for sample in (self.stereo, part):
            with self.assertRaises(tabor.ClosedError):
                memoryview(sample)
            with self.assertRaises(tabor.ClosedError):
                sample._repr_svg_()
        self.engine.close()
        with self.assertRaises(tabor.ClosedError):
            memoryview(self.mono)

    def test_threads(self):
        """threads look at samples while others go"""
        self.engine.load(RAMP, name="shared")
        counts = {"right": 0}
        lock = threading.Lock()

        def look():
            for _ in range(300):
                view = memoryview(self.engine.sample("shared"))
                right = view.tobytes() == RAMP.tobytes()
                with lock:
                    counts["right"] += right

        threads = [threading.Thread(target=look) for _ in range(4)]
        last = [self.engine.load(RAMP, name="shared")]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            last = [self.engine.load(RAMP, name="shared")]
            self.engine.render(frames=16)
        self.assertEqual((counts["right"], len(last)), (1200, 1))

    @NEEDS_NUMPY
    def test_numpy(self):
        """an array outlives all, and gives its memory back"""
        before = readonly_bytes()
        with tabor.open("offline") as engine:
            values = numpy.asarray(engine.load(shaped(RAMP, 2)))
        del engine
        gc.collect()
        self.assertGreater(readonly_bytes(), before)
        self.assertEqual(values.tobytes(), RAMP.tobytes())
        halves = values[::2, 1]
        del values
        self.assertEqual(halves[3], RAMP[13])
        del halves
        self.assertEqual(readonly_bytes(), before)


if __name__ == "__main__":
    tap.main()
