#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""play() and the Voice from Python."""
import array
import gc
import math
import unittest
import weakref

import tabor
import tap

RATE = 48000
ONES = array.array("f", [1.0] * 1000)


def column(audio, channel=0):
    flat = memoryview(audio).cast("B").cast("f")
    return flat[channel::audio.channels].tolist()


class Offline(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", rate=RATE, channels=1)
        self.sample = self.engine.load(ONES, name="ones")
        self.addCleanup(self.engine.close)


class Options(Offline):
    def refused(self, error, *words, **options):
        with self.assertRaises(error) as caught:
            self.sample.play(**options)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_ranges(self):
        """a number out of range is a ValueError that names the option"""
        for name, bad in (
            ("velocity", -0.1), ("velocity", math.nan), ("gain", -1),
            ("gain", 16.5), ("pan", 1.01), ("pan", -2), ("rate", 0),
            ("rate", -1), ("rate", math.inf), ("rate", 65), ("pitch", 200),
            ("at", -1), ("at", math.nan), ("at_frame", -1),
            ("at_frame", 1 << 60), ("offset", -1), ("duration", -1),
            ("tag", -1), ("tag", 1 << 32), ("late", "never"),
        ):
            with self.subTest(option=name, value=bad):
                self.refused(ValueError, name, **{name: bad})

    def test_velocity_127(self):
        """velocity 100 is refused with a word about MIDI's 127"""
        self.refused(ValueError, "velocity", "127", velocity=100)

    def test_types(self):
        """an option of the wrong type is a TypeError that names it"""
        for name, bad in (
            ("velocity", "loud"), ("gain", None), ("pan", [0]),
            ("at", "now"), ("at_frame", 1.5), ("tag", 1.0), ("late", 3),
            ("duration", "all"),
        ):
            with self.subTest(option=name, value=bad):
                self.refused(TypeError, name, **{name: bad})

    def test_unknown(self):
        """an unknown option is a TypeError that names the nearest one"""
        self.refused(TypeError, "'velosity'", "'velocity'", velosity=1)
        self.refused(TypeError, "'at_fame'", "'at_frame'", at_fame=1)
        self.refused(TypeError, "'qqqqqqqqq'", qqqqqqqqq=1)
        with self.assertRaisesRegex(TypeError, "did you mean 'fade'"):
            self.engine.stop(fate=1)

    def test_positional(self):
        """options have names: a second positional argument is refused"""
        with self.assertRaises(TypeError):
            self.engine.play(self.sample, 0.5)
        with self.assertRaises(TypeError):
            self.sample.play(0.5)
        with self.assertRaisesRegex(TypeError, "twice"):
            self.engine.play(self.sample, sample=self.sample)

    def test_not_a_sample(self):
        """what is no Sample is a TypeError that says how to get one"""
        for bad in ("kick.wav", None, 3, self.engine):
            with self.assertRaisesRegex(TypeError, "load"):
                self.engine.play(bad)
        with self.assertRaises(TypeError):
            self.engine.play()

    def test_foreign_sample(self):
        """a sample of another engine is refused by name"""
        with tabor.open("offline") as other:
            with self.assertRaisesRegex(ValueError, "ones"):
                other.play(self.sample)

    def test_both_times(self):
        """at= and at_frame= together are a TypeError"""
        self.refused(TypeError, "at_frame", at=1.0, at_frame=1)

    def test_no_time(self):
        """None means now, and the whole sample"""
        self.sample.play(at=None, at_frame=None, duration=None)
        self.assertEqual(column(self.engine.render(frames=1001)),
                         [1.0] * 1000 + [0.0])

    def test_computed_names(self):
        """names that are made at run time work like written ones"""
        name = "".join(["ga", "in"])
        self.sample.play(**{name: 0.5})
        self.assertEqual(column(self.engine.render(frames=1)), [0.5])

    def test_number_like(self):
        """whatever has __float__ or __index__ is a number"""
        class Half:
            def __float__(self):
                return 0.5

        class Three:
            def __index__(self):
                return 3
        self.sample.play(gain=Half(), at_frame=Three())
        self.assertEqual(column(self.engine.render(frames=5)),
                         [0, 0, 0, 0.5, 0.5])

    def test_refused_is_silent(self):
        """a refused play sounds not at all and the engine plays on"""
        for _ in range(10):
            self.refused(ValueError, gain=99)
        self.assertEqual(set(column(self.engine.render(frames=100))), {0.0})
        self.sample.play()
        self.assertEqual(column(self.engine.render(frames=1)), [1.0])
        self.assertEqual(self.engine.stats().refused, 0)


class Voices(Offline):
    def test_life(self):
        """a voice lives from play() to its end, without a poll()"""
        voice = self.sample.play(at_frame=100)
        self.assertTrue(voice.alive)
        self.assertIsNone(voice.ended)
        self.engine.render(frames=1099)
        self.assertTrue(voice.alive)
        self.engine.render(frames=1)
        self.assertFalse(voice.alive)
        self.assertEqual(
            voice.ended, tabor.Ended(voice, "finished", 1100, 100, 0))

    def test_ids(self):
        """no two voices share an id, whatever has ended in between"""
        seen = set()
        for _ in range(50):
            voices = [self.sample.play() for _ in range(10)]
            self.engine.render(frames=1000)
            self.engine.poll()
            seen.update(voice.id for voice in voices)
        self.assertEqual(len(seen), 500)

    def test_stop(self):
        """stop() fades on its curve, 5 ms if nothing else is said"""
        voice = self.sample.play()
        self.engine.render(frames=100)
        self.assertIs(voice.stop(), True)
        heard = column(self.engine.render(frames=300))
        for i in (0, 60, 239):
            self.assertAlmostEqual(heard[i], 1 - tap.bend(i / 240), delta=2e-6)
        self.assertEqual(set(heard[240:]), {0.0})
        self.assertEqual(
            voice.ended, tabor.Ended(voice, "stopped", 340, 0, 0))

    def test_stop_at(self):
        """stop(0, at_frame=n) ends on frame n, stop(at=s) on its second"""
        one, two = self.sample.play(), self.sample.play()
        one.stop(0, at_frame=300)
        two.stop(fade=0, at=600 / RATE)
        self.engine.render(frames=1000)
        self.assertEqual((one.ended.frame, two.ended.frame), (300, 600))

    def test_stop_scheduled(self):
        """a voice that has not started is withdrawn by stop()"""
        voice = self.sample.play(at_frame=500)
        self.assertIs(voice.stop(), True)
        self.assertEqual(set(column(self.engine.render(frames=900))), {0.0})
        self.assertEqual(voice.ended.reason, "cancelled")
        self.assertIsNone(voice.ended.started)

    def test_set(self):
        """set() ramps gain and rate, and counts from the velocity"""
        voice = self.sample.play(velocity=0.5)
        self.assertIs(voice.set(gain=3, ramp=0.01), True)
        heard = column(self.engine.render(frames=600))
        self.assertAlmostEqual(heard[240], 1.0, delta=1e-5)
        self.assertAlmostEqual(heard[599], 1.5, delta=1e-6)
        self.assertIs(voice.set(rate=4, ramp=0), True)
        self.engine.render(frames=200)
        self.assertEqual(voice.ended.frame, 700)

    def test_set_at(self):
        """set(at_frame=n) takes effect on frame n"""
        self.sample.play().set(gain=0.25, ramp=0, at_frame=77)
        heard = column(self.engine.render(frames=200))
        self.assertEqual(heard, [1.0] * 77 + [0.25] * 123)

    def test_set_pan(self):
        """set(pan=) moves a voice to one side"""
        with tabor.open("offline") as engine:
            engine.load(ONES).play().set(pan=1, ramp=0)
            sound = engine.render(frames=10)
        self.assertEqual(set(column(sound, 0)), {0.0})
        self.assertEqual(set(column(sound, 1)), {1.0})

    def test_set_errors(self):
        """set() refuses nothing, nonsense and the unknown"""
        voice = self.sample.play()
        for options, error in (
            ({}, TypeError), ({"gain": 99}, ValueError),
            ({"pan": math.nan}, ValueError), ({"rate": 0}, ValueError),
            ({"gain": 1, "ramp": -1}, ValueError),
            ({"gain": 1, "at": 1, "at_frame": 1}, TypeError),
            ({"volume": 1}, TypeError), ({"gain": "x"}, TypeError),
        ):
            with self.subTest(options=options), self.assertRaises(error):
                voice.set(**options)
        self.assertTrue(voice.alive)

    def test_ended_takes_calls(self):
        """a voice that has ended takes every call and says False"""
        voice = self.sample.play()
        self.engine.render(frames=1000)
        # Not yet read: the engine's side says it, or our own
        self.assertIn(voice.stop(), (True, False))
        self.assertFalse(voice.alive)
        self.assertIs(voice.stop(), False)
        self.assertIs(voice.set(gain=1), False)
        self.assertEqual(voice.wait(0), voice.ended)

    def test_dropped(self):
        """a Voice that is dropped plays on, and its end is still told"""
        number = self.sample.play().id
        gc.collect()
        heard = column(self.engine.render(frames=1000))
        self.assertEqual(heard, [1.0] * 1000)
        [ended] = self.engine.poll()
        self.assertEqual(ended.voice.id, number)
        self.assertFalse(ended.voice.alive)
        self.assertEqual(ended.voice.ended, ended)

    def test_same_object(self):
        """Ended names the very object that play() returned"""
        voices = [self.sample.play() for _ in range(20)]
        self.engine.render(frames=1000)
        voices[7].alive  # reads the ring before poll() does
        told = [event.voice for event in self.engine.poll()]
        self.assertEqual({id(v) for v in told}, {id(v) for v in voices})

    def test_weak(self):
        """a Voice and a Sample can be watched by a weak reference"""
        voice = self.sample.play()
        watch, other = weakref.ref(voice), weakref.ref(self.sample)
        self.assertIs(watch(), voice)
        self.assertIs(other(), self.sample)
        del voice
        self.assertIsNone(watch())

    def test_wait_for_ever(self):
        """wait() on an offline engine says that render() is missing"""
        voice = self.sample.play()
        with self.assertRaisesRegex(tabor.Error, "render"):
            voice.wait()
        self.assertIsNone(voice.wait(0.01))
        with self.assertRaisesRegex(tabor.Error, "render"):
            self.engine.wait()

    def test_no_constructor(self):
        """voices and samples come from play() and load() only"""
        for kind in (tabor.Voice, tabor.Sample):
            with self.assertRaises(TypeError):
                kind()

    def test_late(self):
        """late= decides what a play in the past does"""
        wave = array.array("f", [i / 1024 for i in range(1000)])
        sample = self.engine.load(wave)
        self.engine.render(frames=500)
        now = sample.play(at_frame=400, late="play")
        phase = sample.play(at_frame=400, late="catch_up")
        never = sample.play(at_frame=400, late="drop")
        self.engine.render(frames=2000)
        self.assertEqual(
            now.ended, tabor.Ended(now, "finished", 1500, 500, 100))
        self.assertEqual(
            phase.ended, tabor.Ended(phase, "finished", 1400, 500, 100))
        self.assertEqual((never.ended.reason, never.ended.started),
                         ("late", None))
        self.assertEqual(self.engine.stats().late, 3)
        self.assertEqual(self.engine.stats().late_max, 100)


class Many(Offline):
    def test_stop_all(self):
        """stop() ends what sounds and leaves what is scheduled"""
        sounding = [self.sample.play() for _ in range(5)]
        waiting = self.sample.play(at_frame=2000)
        self.engine.render(frames=10)
        self.engine.stop(0)
        self.engine.render(frames=10)
        self.assertEqual({v.ended.reason for v in sounding}, {"stopped"})
        self.assertTrue(waiting.alive)

    def test_cancel(self):
        """cancel(tag) withdraws the scheduled plays with the tag, cancel()
        all of them"""
        one = self.sample.play(at_frame=2000, tag=1)
        two = self.sample.play(at_frame=2000, tag=2)
        sounding = self.sample.play(tag=1)
        self.engine.render(frames=1)
        self.engine.cancel(tag=1)
        self.engine.render(frames=1)
        self.assertEqual(one.ended.reason, "cancelled")
        self.assertTrue(two.alive and sounding.alive)
        self.engine.cancel()
        self.engine.render(frames=1)
        self.assertEqual(two.ended.reason, "cancelled")
        self.assertTrue(sounding.alive)

    def test_cancel_range(self):
        """cancel(after=, before=) withdraws what is scheduled between these
        times, the second one excluded"""
        for tag, options, gone in (
                (None, {"after_frame": 1200, "before_frame": 1400}, (2, 3)),
                (None, {"after": 1200 / RATE, "before": 1400 / RATE}, (2, 3)),
                (None, {"before_frame": 1001}, (0,)),
                (2, {"after": 1200 / RATE}, (3, 5)),
                (1, {}, (0, 2, 4)),
                (None, {"after": None, "before": None}, range(6))):
            with tabor.open("offline", rate=RATE) as engine:
                sample = engine.load(ONES)
                voices = [sample.play(at_frame=1000 + i * 100, tag=1 + i % 2)
                          for i in range(6)]
                engine.cancel(tag, **options)
                later = sample.play(at_frame=1300)
                engine.render(frames=3000)
                self.assertEqual(
                    [v.ended.reason == "cancelled" for v in voices],
                    [i in gone for i in range(6)])
                self.assertEqual(later.ended.reason, "finished")

    def test_cancel_range_refused(self):
        """a range that is none is refused by name"""
        for options, error, words in (
                ({"after": 1, "after_frame": 1}, TypeError, "after_frame"),
                ({"before": 1, "before_frame": 1}, TypeError, "before_frame"),
                ({"after": 2, "before": 1}, ValueError, "cancel"),
                ({"after": -1}, ValueError, "after"),
                ({"before": "noon"}, TypeError, "before"),
                ({"until": 1}, TypeError, "until")):
            with self.assertRaisesRegex(error, words):
                self.engine.cancel(**options)

    def test_panic(self):
        """panic() silences at once and withdraws all"""
        voices = [self.sample.play(), self.sample.play(at_frame=2000)]
        self.engine.render(frames=10)
        self.engine.panic()
        self.assertEqual(set(column(self.engine.render(frames=3000))), {0.0})
        self.assertEqual([v.alive for v in voices], [False, False])

    def test_steal(self):
        """more plays than voices steal, and each play ends exactly once"""
        with tabor.open("offline", voices=4) as engine:
            sample = engine.load(array.array("f", [0.1] * 4000))
            voices = [sample.play(at_frame=i * 10) for i in range(12)]
            engine.render(frames=9000)
            ends = [event for event in engine.poll()
                    if isinstance(event, tabor.Ended)]
            self.assertEqual(sorted(e.voice.id for e in ends),
                             sorted(v.id for v in voices))
            self.assertEqual(
                sum(e.reason == "stolen" for e in ends), 8)
            self.assertEqual(engine.stats().stolen, 8)


class Samples(Offline):
    def test_numbers(self):
        """a sample tells its length, rate, channels and name"""
        sample = self.sample
        self.assertEqual(
            (sample.frames, sample.rate, sample.channels, sample.name),
            (1000, RATE, 1, "ones"))
        self.assertEqual(sample.duration, 1000 / RATE)
        self.assertIn("'ones'", repr(sample))

    def test_unload_ring(self):
        """unload() refuses new plays and lets the old ones ring"""
        voice = self.sample.play()
        self.engine.render(frames=10)
        self.assertIs(self.sample.unload(), True)
        with self.assertRaises(tabor.ClosedError):
            self.sample.play()
        self.assertIs(self.sample.unload(), False)
        self.engine.render(frames=1000)
        self.assertEqual(
            (voice.ended.reason, voice.ended.frame), ("finished", 1000))

    def test_unload_cut(self):
        """unload("cut") ends its voices at once, "fade" in 5 ms"""
        for how, most in (("cut", 0), ("fade", 240)):
            sample = self.engine.load(ONES)
            voice = sample.play()
            self.engine.render(frames=10)
            at = self.engine.frame
            sample.unload(how)
            self.engine.render(frames=500)
            self.assertEqual(voice.ended.reason, "unloaded")
            self.assertEqual(voice.ended.frame - at, most)

    def test_unload_word(self):
        """unload() refuses a word that it does not know"""
        with self.assertRaisesRegex(ValueError, "'ring', 'fade' or 'cut'"):
            self.sample.unload("gently")
        self.sample.play()

    def test_dropped(self):
        """a Sample that is dropped rings to its end, and its memory goes"""
        for _ in range(3):
            self.engine.load(ONES).play()
            gc.collect()
            heard = column(self.engine.render(frames=1000))
            self.assertEqual(heard, [1.0] * 1000)

    def test_many_dropped(self):
        """20,000 samples one after the other never run out of places"""
        for i in range(20000):
            self.engine.load(ONES[:16])
            if i % 64 == 0:
                self.engine.render(frames=64)
        self.sample.play()
        self.assertEqual(column(self.engine.render(frames=1)), [1.0])


if __name__ == "__main__":
    tap.main()
