#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The engine from Python: its life, and what its renders must equal."""
import array
import math
import os
import unittest
import warnings

import tabor
import tap

RATE = 48000
# float32 keeps 24 bits; a level is a product of at most four of them.
CLOSE = 4 * 2 ** -24


def column(audio, channel=0):
    """One channel as a list of floats."""
    flat = memoryview(audio).cast("B").cast("f")
    return flat[channel::audio.channels].tolist()


def saw(frames, step=1 / 1024):
    """Values that float32 holds exactly, and no two alike."""
    return array.array("f", [(i % 1024) * step for i in range(1, frames + 1)])


def stereo(left, right):
    """A (frames, 2) array out of two columns."""
    both = array.array("f", [0.0]) * (2 * len(left))
    both[0::2] = array.array("f", left)
    both[1::2] = array.array("f", right)
    return memoryview(both).cast("B").cast("f", [len(left), 2])


class Life(unittest.TestCase):
    def test_import(self):
        """import tabor starts no thread and opens no file"""
        done = tap.child(
            "import os\n"
            "def now(): return (len(os.listdir('/proc/self/task')),"
            " len(os.listdir('/proc/self/fd')))\n"
            "before = now()\n"
            "import tabor\n"
            "print(before == now(), before)")
        self.assertEqual(done.stdout.split()[0], "True", done)

    def test_open(self):
        """open() tells what it got"""
        with tabor.open(driver="offline", rate=44100, channels=3,
                        block=64) as engine:
            self.assertEqual(engine.driver, "offline")
            self.assertEqual(engine.rate, 44100)
            self.assertEqual(engine.channels, 3)
            self.assertEqual(engine.block, 64)
            self.assertIsInstance(engine.device, str)
            self.assertEqual((engine.frame, engine.now), (0, 0.0))
            self.assertIs(engine.closed, False)
            self.assertIn("offline", repr(engine))

    def test_ids(self):
        """two engines have two ids"""
        with tabor.open("offline") as one, tabor.open("offline") as two:
            self.assertNotEqual(one.id, two.id)
            self.assertGreater(min(one.id, two.id), 0)

    def test_with(self):
        """a with statement closes the engine, and closing twice is fine"""
        with tabor.open("offline") as engine:
            pass
        self.assertTrue(engine.closed)
        engine.close()
        self.assertEqual(engine.driver, "offline")
        self.assertEqual(engine.rate, RATE)
        self.assertIn("closed", repr(engine))

    def test_closed(self):
        """each call on a closed engine raises ClosedError, but panic()"""
        engine = tabor.open("offline")
        sample = engine.load(saw(100))
        voice = sample.play()
        engine.render(frames=7)
        engine.close()
        engine.poll()  # how the voice ended
        calls = [
            sample.play, sample.unload, engine.stop, engine.cancel,
            engine.ping, engine.poll, engine.stats, engine.fileno,
            lambda: engine.play(sample), lambda: engine.load(saw(10)),
            lambda: engine.wait(0), lambda: engine.render(1),
            lambda: setattr(engine, "gain", 0.5),
        ]
        for call in calls:
            with self.assertRaises(tabor.ClosedError):
                call()
        engine.panic()
        self.assertEqual(engine.frame, 7)
        self.assertEqual(voice.ended.reason, "detached")
        self.assertFalse(voice.alive)
        self.assertIs(voice.stop(), False)

    def test_attach(self):
        """attach() is a second client: own voices, shared samples and sound"""
        with tabor.open("offline", channels=1) as one:
            sample = one.load(saw(64))
            with tabor.attach(one.id) as two:
                self.assertEqual(two.id, one.id)
                voice = two.play(sample)
                sound = one.render(frames=64)
                self.assertEqual(column(sound), list(saw(64)))
                self.assertEqual(one.poll(), [])
                self.assertIs(two.poll()[0].voice, voice)
            self.assertEqual(one.render(frames=8).frames, 8)
        with self.assertRaises(tabor.ClosedError):
            tabor.attach(one.id)

    def test_attach_outlives(self):
        """an attached client keeps the engine when the first one closes"""
        one = tabor.open("offline", channels=1)
        two = tabor.attach(one.id)
        one.close()
        two.load(saw(16)).play()
        self.assertEqual(column(two.render(frames=16)), list(saw(16)))
        two.close()


class Opening(unittest.TestCase):
    def refused(self, error, *words, **options):
        with self.assertRaises(error) as caught:
            tabor.open(**{"driver": "offline", **options})
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_numbers(self):
        """a number out of range is a ValueError that names it"""
        self.refused(ValueError, "rate", rate=0)
        self.refused(ValueError, "rate", rate=3999)
        self.refused(ValueError, "rate", rate=-1)
        self.refused(ValueError, "rate", rate=768001)
        self.refused(ValueError, "channels", channels=0)
        self.refused(ValueError, "channels", channels=65)
        self.refused(ValueError, "block", block=0)
        self.refused(ValueError, "block", block=8193)
        self.refused(ValueError, "voices", voices=0)
        self.refused(ValueError, "queue", queue=1000)
        self.refused(ValueError, "on_full", on_full="maybe")
        self.refused(ValueError, "wake", wake="up")

    def test_types(self):
        """an argument of the wrong type is a TypeError that names it"""
        self.refused(TypeError, "rate", rate="fast")
        self.refused(TypeError, "rate", rate=48000.0)
        self.refused(TypeError, "jitter", driver="null", jitter=[1])

    def test_unknown_driver(self):
        """an unknown driver is a DeviceError that names those there are"""
        self.refused(tabor.DeviceError, "ofline", "offline", driver="ofline")
        self.refused(OSError, "ofline", driver="ofline")

    def test_unknown_option(self):
        """an option that the driver does not have is a TypeError that names
        the nearest"""
        self.refused(TypeError, "wibble", wibble=1)
        self.refused(TypeError, "'jiter_ms'", "'jitter_ms'", driver="null",
                     jiter_ms=1)

    def test_driver_options(self):
        """a driver's options are numbers, words or yes and no"""
        for value in (1, 1.5, "2"):
            tabor.open("null", jitter_ms=value).close()
        tabor.open("null", lose=False).close()
        self.refused(tabor.DeviceError, "jitter_ms", "'yes'", driver="null",
                     jitter_ms=True)

    def test_misspelt_option(self):
        """a misspelt option of open() is a TypeError with the right name"""
        self.refused(TypeError, "chanels", "channels", chanels=1)

    def test_drivers(self):
        """drivers() lists offline and null as available"""
        found = {driver.name: driver for driver in tabor.drivers()}
        for name in ("offline", "null"):
            self.assertTrue(found[name].available)
            self.assertTrue(found[name].title)
            self.assertEqual(found[name].why, "")

    def test_devices(self):
        """devices() lists null's device, and refuses an unknown driver"""
        found = tabor.devices("null")
        self.assertTrue(found)
        self.assertEqual({device.driver for device in found}, {"null"})
        with self.assertRaises(tabor.DeviceError):
            tabor.devices("nowhere")

    def test_auto(self):
        """driver="auto" plays, or warns once and plays into null"""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with tabor.open() as engine:
                driver = engine.driver
        told = [w for w in caught if w.category is RuntimeWarning]
        self.assertEqual(len(told), driver == "null")

    def test_environment(self):
        """TABOR_DRIVER chooses what "auto" takes"""
        done = tap.child("import tabor; print(tabor.open().driver)",
                         env={**os.environ, "TABOR_DRIVER": "offline"})
        self.assertEqual(done.stdout.strip(), "offline", done.stderr)

    def test_ping(self):
        """ping() is the time through the audio thread and back"""
        for driver in ("null", "offline"):
            with tabor.open(driver) as engine:
                for _ in range(100):  # more than may be under way
                    self.assertGreater(engine.ping(timeout=10), 0.0)
                self.assertLess(engine.ping(), 1.0)


class Rendering(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", rate=RATE)
        self.mono = tabor.open("offline", rate=RATE, channels=1)

    def tearDown(self):
        self.engine.close()
        self.mono.close()

    def test_silence(self):
        """an idle engine renders zeros of the asked-for shape"""
        sound = self.engine.render(0.25)
        view = memoryview(sound)
        self.assertEqual(view.shape, (RATE // 4, 2))
        self.assertEqual(set(column(sound) + column(sound, 1)), {0.0})
        self.assertEqual(sound.rate, RATE)
        self.assertEqual(self.engine.frame, RATE // 4)
        self.assertEqual(self.engine.now, 0.25)

    def test_length(self):
        """render() takes seconds or frames=, one of them"""
        for call in (self.engine.render,
                     lambda: self.engine.render(1, frames=1),
                     lambda: self.engine.render(frames=1.5)):
            with self.assertRaises(TypeError):
                call()
        for call in (lambda: self.engine.render(-1),
                     lambda: self.engine.render(math.nan),
                     lambda: self.engine.render(frames=-1)):
            with self.assertRaises(ValueError):
                call()
        with tabor.open("null") as live:
            with self.assertRaisesRegex(tabor.Error, "offline"):
                live.render(1)

    def test_transparent(self):
        """a stereo sample at rate 1, gain 1, pan 0 comes out bit for bit"""
        left, right = saw(1000), saw(1000, -1 / 4096)
        self.engine.load(stereo(left, right)).play()
        sound = self.engine.render(frames=1000)
        self.assertEqual(column(sound, 0), list(left))
        self.assertEqual(column(sound, 1), list(right))

    def test_pan_mono(self):
        """a mono sample is panned with constant power"""
        sample = self.engine.load(array.array("f", [1.0] * 10))
        for pan in (-1.0, -0.5, 0.0, 0.3, 1.0):
            sample.play(pan=pan)
            sound = self.engine.render(frames=10)
            angle = (pan + 1) * math.pi / 4
            self.assertAlmostEqual(column(sound, 0)[3], math.cos(angle),
                                   delta=CLOSE)
            self.assertAlmostEqual(column(sound, 1)[3], math.sin(angle),
                                   delta=CLOSE)

    def test_pan_stereo(self):
        """pan is a balance for a stereo sample: one side falls to nothing"""
        sample = self.engine.load(stereo([1.0] * 10, [1.0] * 10))
        for pan, left, right in ((-1, 1, 0), (0, 1, 1), (1, 0, 1)):
            sample.play(pan=pan)
            sound = self.engine.render(frames=10)
            self.assertEqual((column(sound, 0)[3], column(sound, 1)[3]),
                             (left, right))

    def test_levels(self):
        """gain times velocity times master volume is the level"""
        sample = self.mono.load(array.array("f", [1.0] * 1000))
        self.mono.gain = 0.5
        self.assertEqual(self.mono.gain, 0.5)
        self.mono.render(frames=240)
        sample.play(gain=3, velocity=0.25)
        heard = column(self.mono.render(frames=1000))
        self.assertAlmostEqual(heard[999], 3 * 0.25 * 0.5, delta=CLOSE)
        self.assertEqual(len(set(heard)), 1)

    def test_gain_ramps(self):
        """a new master volume is reached on a curve of 5 ms"""
        self.mono.load(array.array("f", [1.0] * 1000)).play()
        self.mono.render(frames=100)
        self.mono.gain = 0.0
        heard = column(self.mono.render(frames=300))
        for i in (0, 60, 120, 239):
            self.assertAlmostEqual(heard[i], 1 - tap.bend(i / 240), delta=2e-6)
        self.assertEqual(set(heard[240:]), {0.0})

    def test_gain_range(self):
        """a master volume out of range or of no number changes nothing"""
        for bad, error in ((-1, ValueError), (17, ValueError),
                           (math.nan, ValueError), ("loud", TypeError)):
            with self.assertRaisesRegex(error, "gain"):
                self.engine.gain = bad
        self.assertEqual(self.engine.gain, 1.0)

    def test_rate(self):
        """rate r plays n frames in n / r and reads along the waveform"""
        wave = [i / 4096 for i in range(4000)]
        sample = self.mono.load(array.array("f", wave))
        for rate in (0.5, 0.75, 1.0, 1.5, 2.0):
            voice = sample.play(rate=rate)
            start = self.mono.frame
            heard = column(self.mono.render(frames=9000))
            self.assertEqual(voice.ended.frame - start,
                             math.ceil(4000 / rate))
            for i in (500, 1000, 1500):
                # a straight line survives every interpolator
                self.assertAlmostEqual(heard[i], i * rate / 4096, delta=1e-3)

    def test_pitch(self):
        """12 semitones are rate 2, and both together multiply"""
        sample = self.mono.load(saw(3000))
        renders = []
        for options in ({"rate": 2.0}, {"pitch": 12},
                        {"rate": 4, "pitch": -12}):
            sample.play(**options)
            renders.append(bytes(self.mono.render(frames=2000)))
        self.assertEqual(len(set(renders)), 1)
        self.assertNotEqual(set(renders[0]), {0})

    def test_part(self):
        """offset and duration cut a piece out of the sample"""
        data = saw(1000)
        voice = self.mono.load(data).play(offset=100 / RATE, fade_in=0,
                                          duration=200 / RATE, fade_out=0)
        heard = column(self.mono.render(frames=400))
        self.assertEqual(heard, list(data[100:300]) + [0.0] * 200)
        self.assertEqual(voice.ended.frame, 200)

    def test_at(self):
        """at_frame starts on that frame, at on the nearest one"""
        data = saw(50)
        sample = self.mono.load(data)
        sample.play(at_frame=137)
        sample.play(at=500.4 / RATE)
        heard = column(self.mono.render(frames=700))
        expected = [0.0] * 700
        expected[137:187] = data
        expected[500:550] = data
        self.assertEqual(heard, expected)

    def test_resampled(self):
        """a sample is converted to the engine's rate when it is loaded"""
        tone = array.array("f", [math.sin(i * 2 * math.pi * 440 / 24000)
                                 for i in range(24000)])
        sample = self.mono.load(tone, rate=24000)
        self.assertEqual((sample.rate, sample.frames), (RATE, 48000))
        self.assertEqual(sample.duration, 1.0)
        heard = memoryview(sample).cast("B").cast("f")
        for i in (10000, 20001, 30002):
            self.assertAlmostEqual(
                heard[i], math.sin(i * 2 * math.pi * 440 / RATE), delta=1e-4)

    def test_pieces(self):
        """one render equals many small ones, bit for bit"""
        whole, pieces = [], []
        for out, sizes in ((whole, [5000]), (pieces, [1, 17, 982, 4000])):
            with tabor.open("offline", block=441) as engine:
                sample = engine.load(saw(3000))
                sample.play(rate=0.77, gain=0.3, at_frame=11)
                sample.play(pan=0.2).stop(fade=0.02, at_frame=1234)
                out.append(b"".join(bytes(engine.render(frames=n))
                                    for n in sizes))
        self.assertEqual(whole, pieces)
        self.assertEqual(len(whole[0]), 5000 * 8)

    def test_meters(self):
        """meters() tells what each channel has had since it was last asked"""
        levels = stereo([0.5] * 1000, [-2.0] * 1000)
        with tabor.open("offline") as engine:
            engine.meters()
            engine.load(levels).play()
            engine.render(frames=1000)
            left, right = engine.meters()
            self.assertEqual((left.peak, right.peak), (0.5, 2.0))
            self.assertAlmostEqual(left.rms, 0.5, delta=CLOSE)
            self.assertAlmostEqual(right.rms, 2.0, delta=CLOSE)
            self.assertEqual((left.clipped, right.clipped), (0, 1000))
            engine.render(frames=1000)
            self.assertEqual([(m.peak, m.rms, m.clipped)
                              for m in engine.meters()],
                             [(0.0, 0.0, 0), (0.0, 0.0, 1000)])
        self.assertRaises(tabor.ClosedError, engine.meters)


if __name__ == "__main__":
    tap.main()
