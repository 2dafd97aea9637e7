#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loops, fades, envelopes, choke groups and slices from Python."""
import array
import gc
import os
import pathlib
import struct
import types
import unittest
import weakref

import tabor
import tap

RATE = 48000
# Each frame has a value of its own that float32 holds exactly.
RAMP = array.array("f", [(i + 1) / 1024 for i in range(1000)])
ONES = array.array("f", [1.0] * 48000)


def seconds(frames):
    return frames / RATE


def column(audio):
    return memoryview(bytes(audio)).cast("f").tolist()


class Offline(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", rate=RATE, channels=1, block=64)
        self.addCleanup(self.engine.close)
        self.ramp = self.engine.load(RAMP, name="ramp")
        self.ones = self.engine.load(ONES, name="ones")

    def heard(self, frames):
        return column(self.engine.render(frames=frames))

    def refused(self, error, *words, sample=None, **options):
        with self.assertRaises(error) as caught:
            (sample or self.ramp).play(**options)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def assertNear(self, heard, wanted, delta):
        self.assertEqual(len(heard), len(wanted))
        worst = max(abs(h - w) for h, w in zip(heard, wanted))
        self.assertLessEqual(worst, delta)


class Loops(Offline):
    def test_points(self):
        """loop=(start, end) goes round between these seconds, bit for bit"""
        for pair in ((seconds(300), seconds(700)),
                     [seconds(300), seconds(700)]):
            voice = self.ramp.play(loop=pair)
            wanted = [RAMP[i if i < 700 else 300 + (i - 700) % 400]
                      for i in range(5000)]
            self.assertEqual(self.heard(5000), wanted)
            voice.stop(0)
            self.assertEqual(self.heard(2)[1], 0.0)
            self.assertEqual(voice.ended.reason, "stopped")

    def test_whole(self):
        """loop=True goes round the whole sample, duration says how long"""
        voice = self.ramp.play(loop=True, offset=seconds(900),
                               duration=seconds(2500), fade_in=0,
                               fade_out=0)
        wanted = [RAMP[(900 + i) % 1000] for i in range(2500)] + [0.0]
        self.assertEqual(self.heard(2501), wanted)
        self.assertEqual((voice.ended.reason, voice.ended.frame),
                         ("finished", 2500))

    def test_off(self):
        """loop=False plays once"""
        self.ramp.play(loop=False)
        self.assertEqual(self.heard(1001), RAMP.tolist() + [0.0])

    def wav(self, loops):
        """A WAV of 400 frames at half the rate, with a loop in it."""
        path = f"py-shape-{os.getpid()}.wav"
        self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
        data = struct.pack("<400h", *[16384] * 400)
        smpl = struct.pack("<9I", 0, 0, 10 ** 9 * 2 // RATE, 60, 0, 0, 0,
                           len(loops), 0)
        for first, last in loops:
            smpl += struct.pack("<6I", 0, 0, first, last, 0, 0)
        chunks = b""
        for name, body in ((b"fmt ", struct.pack(
                "<HHIIHH", 1, 1, RATE // 2, RATE, 2, 16)),
                (b"data", data), (b"smpl", smpl)):
            chunks += name + struct.pack("<I", len(body)) + body
        pathlib.Path(path).write_bytes(
            b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
        return path

    def test_file(self):
        """a file's own loop is told in seconds, and loop=True plays it"""
        sample = self.engine.load(self.wav([(100, 199)]))
        self.assertEqual((sample.loop_start, sample.loop_end),
                         (200 / RATE, 400 / RATE))
        voice = sample.play(loop=True)
        self.heard(100000)
        self.assertTrue(voice.alive)
        slice = sample.slice(0, seconds(300))
        for sample in (self.ramp, slice):
            self.assertIsNone(sample.loop_start)
            self.assertIsNone(sample.loop_end)

    def test_fade(self):
        """loop_fade crosses so many seconds of its end into what is before
        it"""
        first, last, fade = 300, 700, 200
        self.ramp.play(loop=(seconds(first), seconds(last)),
                       loop_fade=seconds(fade))
        wanted = []
        for i in range(3000):
            at = i if i < last else first + (i - last) % (last - first)
            share = tap.bend((at - last + fade) / fade)
            wanted.append(RAMP[at] * (1 - share)
                          + (RAMP[at - 400] * share if share else 0))
        self.assertNear(self.heard(3000), wanted, 1e-6)

    def test_fade_refused(self):
        """a loop_fade that finds no frames is refused, in a slice too"""
        loop = (seconds(300), seconds(400))
        self.refused(ValueError, "loop_fade", "no loop", loop_fade=0.001)
        self.refused(ValueError, "loop_fade", "300", loop=loop,
                     loop_fade=seconds(301))
        self.refused(ValueError, "loop_fade", "100", loop=loop,
                     loop_fade=seconds(101))
        self.refused(ValueError, "loop_fade", loop=loop, loop_fade=-1)
        self.refused(TypeError, "loop_fade", loop=loop, loop_fade=None)
        part = self.ramp.slice(seconds(200), seconds(900))
        self.refused(ValueError, "loop_fade", "slice", "99",
                     sample=part, loop=(seconds(99), seconds(300)),
                     loop_fade=seconds(100))
        self.refused(ValueError, "loop_fade", "slice", "0 before",
                     sample=part, loop=True, loop_fade=seconds(1))
        part.play(loop=(seconds(100), seconds(300)), loop_fade=seconds(100))
        self.assertEqual(self.heard(200), list(RAMP[200:400]))

    def test_refused(self):
        """a loop that is none is refused with words about it"""
        self.refused(TypeError, "loop", "(start, end)", "str", loop="yes")
        self.refused(TypeError, "loop", loop=1)
        self.refused(TypeError, "loop", loop=None)
        self.refused(TypeError, "loop's end", loop=(0, None))
        self.refused(ValueError, "loop", "not 3", loop=(0, 0.01, 0.02))
        self.refused(ValueError, "loop's start", loop=(-1, 0.01))
        for pair in ((0.01, 0.01), (0.02, 0.01), (0, 1)):
            self.refused(ValueError, "loop", "1000", loop=pair)
        self.assertEqual(set(self.heard(100)), {0.0})


class Fades(Offline):
    def test_fades(self):
        """fade_in and fade_out take so many seconds, on their curve"""
        sample = self.engine.load(ONES[:1000])
        voice = sample.play(fade_in=seconds(100), fade_out=seconds(200))
        wanted = [tap.bend(i / 100) * tap.bend((1000 - i) / 200)
                  for i in range(1000)]
        # steps of 1/200 summed up to 200 times in float32
        self.assertNear(self.heard(1000), wanted, 1e-6)
        self.assertEqual((voice.ended.reason, voice.ended.frame),
                         ("finished", 1000))

    def level(self, frames, starts, ends):
        """Levels of a play with ramps of 5 ms, or of half its time."""
        ramp = min(240, frames // 2 if starts and ends else frames)
        return [(tap.bend(i / ramp) if starts else 1)
                * (tap.bend((frames - i) / ramp) if ends else 1)
                for i in range(frames)] + [0.0] * (2000 - frames)

    def test_soft(self):
        """a start and an end in mid-sample ramp for 5 ms, unless a fade of 0
        is asked for"""
        whole = self.engine.load(ONES[:1500])
        cut = {"offset": seconds(100), "duration": seconds(1000)}
        for sample, options, frames, starts, ends in (
                (whole, {}, 1500, 0, 0),
                (whole, cut, 1000, 1, 1),
                (whole, {"fade_in": None, "fade_out": None, **cut},
                 1000, 1, 1),
                (whole, {"fade_in": 0, **cut}, 1000, 0, 1),
                (whole, {"fade_out": 0, **cut}, 1000, 1, 0),
                (whole, {"duration": seconds(99)}, 99, 0, 1),
                (whole, {"duration": seconds(2500)}, 1500, 0, 0),
                (whole, {"loop": True, "duration": seconds(1900)},
                 1900, 0, 1),
                (whole.slice(seconds(100), seconds(1200)), {}, 1100, 0, 0),
                (whole.slice(seconds(100), seconds(1200)), cut, 1000, 1, 0),
                (whole.slice(seconds(50), seconds(1400)), cut, 1000, 1, 1)):
            sample.play(**options)
            self.assertNear(self.heard(2000),
                            self.level(frames, starts, ends), 1e-6)

    def test_refused(self):
        """a fade that is no time is refused by name"""
        for name in ("fade_in", "fade_out"):
            self.refused(ValueError, name, **{name: -1})
            self.refused(ValueError, name, **{name: 1e6})
            self.refused(TypeError, name, **{name: "slow"})


class Envelopes(Offline):
    ENV = tabor.ADSR(attack=seconds(100), decay=seconds(200), sustain=0.25,
                     release=seconds(300), hold=seconds(50))

    def level(self, i, end):
        """The envelope's at frame i, let go at frame end."""
        points = [(0, 0), (100, 1), (150, 1), (350, 0.25), (end, 0.25),
                  (end + 300, 0)]
        for (a, low), (b, high) in zip(points, points[1:]):
            if i < b:
                return low + (high - low) * tap.bend((i - a) / (b - a))
        return 0

    def test_lines(self):
        """attack, hold, decay, sustain, release: on their curves"""
        for count, times in enumerate(({"at_frame": 1000},
                                       {"at": seconds(3000 + 1000)})):
            voice = self.ones.play(env=self.ENV)
            self.assertIs(voice.release(**times), True)
            wanted = [self.level(i, 1000) for i in range(3000)]
            # float32, steps of 1/100 to 1/400
            self.assertNear(self.heard(3000), wanted, 1e-6)
            self.assertEqual(
                (voice.ended.reason, voice.ended.frame),
                ("finished", count * 3000 + 1300))

    def test_now(self):
        """release() begins at once"""
        voice = self.ones.play(env=self.ENV)
        self.heard(640)
        voice.release()
        self.heard(640)
        self.assertEqual(voice.ended.frame, 640 + 300)
        self.assertIs(voice.release(), False)

    def test_pluck(self):
        """one that sustains nothing ends by itself"""
        voice = self.ones.play(
            env=tabor.ADSR(seconds(10), seconds(100), 0, 1))
        self.heard(200)
        self.assertEqual(voice.ended.frame, 110)

    def test_none(self):
        """without an envelope release() is a stop in 5 ms; before its frame a
        voice is withdrawn"""
        voice = self.ones.play()
        later = self.ones.play(at_frame=5000)
        self.heard(64)
        voice.release()
        later.release()
        self.heard(640)
        self.assertEqual((voice.ended.reason, voice.ended.frame),
                         ("stopped", 64 + RATE // 200))
        self.assertEqual(later.ended.reason, "cancelled")

    def test_like(self):
        """whatever has the attributes is an envelope, hold may be missing"""
        like = types.SimpleNamespace(attack=seconds(100), decay=seconds(200),
                                     sustain=0.5, release=0)
        self.ones.play(env=like)
        heard = self.heard(400)
        self.assertAlmostEqual(heard[50], 0.5, delta=1e-6)
        self.assertAlmostEqual(heard[200], 0.75, delta=1e-6)
        self.assertAlmostEqual(heard[399], 0.5, delta=1e-6)

    def test_value(self):
        """ADSR is a frozen value: it compares, prints and can't change"""
        self.assertEqual(tabor.ADSR(1, 2, 0.5, 3), tabor.ADSR(1, 2, 0.5, 3, 0))
        self.assertEqual(
            repr(tabor.ADSR(1, 2, 0.5, 3)),
            "ADSR(attack=1, decay=2, sustain=0.5, release=3, hold=0.0)")
        with self.assertRaises(AttributeError):
            self.ENV.attack = 1

    def test_refused(self):
        """an envelope out of range is refused by the part's name"""
        good = {"attack": 0, "decay": 0, "sustain": 1, "release": 0}
        for name, bad in (("attack", -1), ("decay", 1e9), ("sustain", 1.5),
                          ("sustain", float("nan")), ("release", -0.1),
                          ("hold", float("inf"))):
            self.refused(ValueError, name,
                         env=tabor.ADSR(**{**good, name: bad}))
        self.refused(TypeError, "attack",
                     env=tabor.ADSR(**{**good, "attack": "slow"}))
        self.refused(TypeError, "hold", env=tabor.ADSR(**good, hold=None))
        self.refused(TypeError, "env", "ADSR(", "tuple", env=(0, 0, 1, 0))

    def test_own_error(self):
        """an attribute that raises something else keeps its error"""
        class Odd:
            @property
            def attack(self):
                raise ZeroDivisionError
        self.refused(ZeroDivisionError, env=Odd())


class Choke(Offline):
    def test_choke(self):
        """a voice silences the others of its group, in 5 ms"""
        first = self.ones.play(choke=7)
        other = self.ones.play(choke=8)
        second = self.ones.play(choke=7, at_frame=1000)
        self.heard(5000)
        self.assertEqual((first.ended.reason, first.ended.frame),
                         ("stopped", 1000 + RATE // 200))
        self.assertTrue(other.alive and second.alive)

    def test_refused(self):
        """a group is a whole number from 0 on"""
        self.refused(ValueError, "choke", choke=-1)
        self.refused(ValueError, "choke", choke=1 << 32)
        self.refused(TypeError, "choke", choke="hats")


class Slices(Offline):
    def setUp(self):
        super().setUp()
        self.slice = self.ramp.slice(seconds(200), seconds(500))

    def test_numbers(self):
        """a slice has its own length and its sample's name"""
        self.assertIsInstance(self.slice, tabor.Sample)
        self.assertEqual(
            (self.slice.frames, self.slice.duration, self.slice.rate,
             self.slice.channels, self.slice.name),
            (300, 300 / RATE, RATE, 1, "ramp"))
        self.assertIn("slice", repr(self.slice))
        self.assertEqual(self.ramp.slice().frames, 1000)
        self.assertEqual(self.ramp.slice(start=seconds(1)).frames, 999)
        self.assertEqual(self.ramp.slice(0, self.ramp.duration).frames, 1000)

    def test_play(self):
        """a slice plays its part and no more"""
        wanted = RAMP[200:500].tolist() + [0.0]
        for play in (self.slice.play,
                     lambda **o: self.engine.play(self.slice, **o)):
            voice = play()
            self.assertEqual(self.heard(301), wanted)
            self.assertEqual(voice.ended.frame - voice.ended.started, 300)
            play(gain=0.5)
            self.assertEqual(self.heard(301), [x / 2 for x in wanted])

    def test_inside(self):
        """offset and duration count within the slice"""
        for options, part in (
            ({"offset": seconds(100)}, RAMP[300:500]),
            ({"duration": seconds(50)}, RAMP[200:250]),
            ({"offset": seconds(290), "duration": 1}, RAMP[490:500]),
            ({"offset": seconds(300)}, []),
        ):
            self.slice.play(fade_in=0, fade_out=0, **options)
            self.assertEqual(self.heard(400),
                             [*part] + [0.0] * (400 - len(part)))

    def test_loop(self):
        """loop=True goes round the slice, (start, end) inside it"""
        voice = self.slice.play(loop=True)
        self.assertEqual(self.heard(1000),
                         [RAMP[200 + i % 300] for i in range(1000)])
        voice.stop(0)
        self.heard(10)
        self.slice.play(loop=(seconds(100), seconds(150)),
                        duration=seconds(900), fade_out=0)
        self.assertEqual(
            self.heard(1000),
            [RAMP[200 + (i if i < 150 else 100 + (i - 150) % 50)]
             for i in range(900)] + [0.0] * 100)

    def test_fade(self):
        """a fade out ends with the slice"""
        part = self.ones.slice(seconds(1000), seconds(2000))
        part.play(fade_out=seconds(100))
        wanted = [tap.bend((1000 - i) / 100) for i in range(1000)]
        self.assertNear(self.heard(1001), wanted + [0.0], 1e-6)

    def test_pitched(self):
        """a slice that is pitched ends where its frames do"""
        voice = self.slice.play(rate=2)
        self.heard(400)
        self.assertEqual(voice.ended.frame, 150)

    def test_of_slice(self):
        """a slice of a slice counts from its own start"""
        inner = self.slice.slice(seconds(50), seconds(60))
        inner.play()
        self.assertEqual(self.heard(11), RAMP[250:260].tolist() + [0.0])
        self.assertEqual(column(inner), RAMP[250:260].tolist())

    def test_buffer(self):
        """the buffer shows the slice in the sample's memory and outlives
        both"""
        view = memoryview(self.slice)
        self.assertEqual((view.shape, view.format), ((300, 1), "f"))
        self.assertTrue(view.readonly and view.c_contiguous)
        self.engine.close()
        del self.slice, self.ramp
        gc.collect()
        self.assertEqual(column(view), RAMP[200:500].tolist())

    def test_stereo(self):
        """a stereo slice cuts between frames"""
        shaped = memoryview(RAMP).cast("B").cast("f", [500, 2])
        part = self.engine.load(shaped).slice(seconds(10), seconds(20))
        self.assertEqual(memoryview(part).shape, (10, 2))
        self.assertEqual(column(part), RAMP[20:40].tolist())

    def test_load(self):
        """a slice loads like an array, into another engine too"""
        with tabor.open("offline") as other:
            self.assertEqual(column(other.load(self.slice)),
                             RAMP[200:500].tolist())

    def test_keeps(self):
        """a slice keeps its sample loaded, and only as long as it lives"""
        watch = weakref.ref(self.ramp)
        del self.ramp
        gc.collect()
        self.slice.play()
        self.assertEqual(self.heard(300), RAMP[200:500].tolist())
        self.slice.play()
        del self.slice
        gc.collect()
        self.assertIsNone(watch())
        self.assertEqual(self.heard(300), RAMP[200:500].tolist())

    def test_unload(self):
        """unload() is the whole sample's: a slice says so, and is gone with
        it"""
        with self.assertRaisesRegex(tabor.Error, "cut from"):
            self.slice.unload()
        self.slice.play()
        self.assertIs(self.ramp.unload(), True)
        self.assertIn("unloaded", repr(self.slice))
        with self.assertRaises(tabor.ClosedError):
            self.slice.play()
        with self.assertRaises(tabor.ClosedError):
            memoryview(self.slice)
        self.assertEqual(self.heard(300), RAMP[200:500].tolist())

    def test_refused(self):
        """a slice outside its sample is a ValueError, and so is a play
        outside a slice"""
        for start, end in ((0, 1), (0.01, 0.01), (0.02, 0.01), (1, 2),
                           (-1, 0.01), (0, float("nan"))):
            with self.assertRaises(ValueError):
                self.ramp.slice(start, end)
        with self.assertRaisesRegex(ValueError, "300"):
            self.slice.slice(0, seconds(301))
        with self.assertRaisesRegex(TypeError, "start"):
            self.ramp.slice("0", 1)
        with self.assertRaisesRegex(TypeError, "end"):
            self.ramp.slice(fend=1)
        with self.assertRaisesRegex(TypeError, "at most 2 arguments"):
            self.ramp.slice(0, 0.01, 2)
        self.refused(ValueError, "offset", "300", sample=self.slice,
                     offset=seconds(301))
        for pair in ((0, seconds(301)), (seconds(2), seconds(1))):
            self.refused(ValueError, "loop", "300", sample=self.slice,
                         loop=pair)


if __name__ == "__main__":
    tap.main()
