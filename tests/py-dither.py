#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""16 and 24 bits, in files and on devices, against a model of the dither."""
import array
import math
import os
import pathlib
import random
import struct
import unittest

import tabor
import tap

PREFIX = f"py-dither-{os.getpid()}"
BITS = {"s16": 16, "s24": 24, "s24_32": 24, "s32": 32}
BYTES = {"s16": 2, "s24": 3, "s24_32": 4, "s32": 4}
ALL = (1 << 64) - 1


def noise(frame, channel):
    """The dither of one value, in steps: a model, written a second time."""
    z = (frame + (channel << 58) + 1) * 0x9E3779B97F4A7C15 & ALL
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & ALL
    z = (z ^ z >> 27) * 0x94D049BB133111EB & ALL
    one, two = struct.unpack("<ii", struct.pack("<Q", z ^ z >> 31))
    return (one - two) / 2 ** 32


def model(values, channels, bits, dither=True):
    """Float values, interleaved, as integers; round() is to even, as ours."""
    steps = 1 << (bits - 1)
    integers = []
    for i, value in enumerate(values):
        added = noise(i // channels, i % channels) if dither else 0.0
        x = min(max(value * steps + added, -steps), steps - 1)
        integers.append(round(x))
    return integers


def pack(integers, size):
    return b"".join(n.to_bytes(size, "little", signed=True) for n in integers)


def data_of(path):
    """The bytes of a WAV file's values, and its tag and bits."""
    whole = pathlib.Path(path).read_bytes()
    at, found = 12, {}
    while at < len(whole):
        name, size = struct.unpack_from("<4sI", whole, at)
        found[name] = whole[at + 8:at + 8 + size]
        at += 8 + size + size % 2
    tag, bits = struct.unpack_from("<H12xH", found[b"fmt "])
    return found[b"data"], tag, bits


def floats(audio):
    return memoryview(audio).cast("B").cast("f").tolist()


def make_audio(frames, channels, seed, loudest=1.1):
    dice = random.Random(seed)
    values = array.array("f", [dice.uniform(-loudest, loudest)
                               for _ in range(frames * channels)])
    values[:8] = array.array("f", [0, 1, -1, 2, -2, 1 / 32768, 0.99999, 1e-40])
    return tabor.Audio(memoryview(values).cast("B").cast(
        "f", [frames, channels]), 44100)


class Test(unittest.TestCase):
    def path(self, name):
        path = f"{PREFIX}-{name}"
        self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
        return path


class Files(Test):
    def test_wav(self):
        """a WAV of 16 or 24 bits is the model's, bit for bit"""
        path, compared = self.path("model.wav"), 0
        for channels in (1, 2, 5):
            audio = make_audio(5000 // channels, channels, channels)
            for bits in (16, 24):
                for dither in (True, False):
                    audio.save(path, bits=bits, dither=dither)
                    data, tag, held = data_of(path)
                    want = model(floats(audio), channels, bits, dither)
                    self.assertEqual((tag, held), (1, bits))
                    self.assertTrue(data == pack(want, bits // 8))
                    compared += len(want)
        self.assertEqual(compared, 4 * (5000 + 5000 + 5000))

    def test_others(self):
        """AIFF and FLAC hold the same integers as WAV"""
        audio = make_audio(3000, 2, 9)
        for bits in (16, 24):
            audio.save(self.path("one.wav"), bits=bits)
            want = floats(tabor.read(f"{PREFIX}-one.wav"))
            steps = 1 << (bits - 1)
            self.assertEqual([x * steps for x in want],
                             model(floats(audio), 2, bits))
            for ending in ("aiff", "aif", "flac"):
                path = self.path(f"one.{ending}")
                audio.save(path, bits=bits)
                self.assertEqual(floats(tabor.read(path)), want, ending)

    def test_defaults(self):
        """left out, .wav and .aiff are float and .flac is dithered 24 bit"""
        audio = make_audio(1000, 2, 4)
        for ending in ("wav", "aiff", "flac"):
            own, said = self.path(f"own.{ending}"), self.path(f"said.{ending}")
            audio.save(own)
            audio.save(said, bits=24 if ending == "flac" else 32)
            self.assertEqual(pathlib.Path(own).read_bytes(),
                             pathlib.Path(said).read_bytes())
            if ending != "flac":
                self.assertEqual(bytes(tabor.read(own)), bytes(audio))
        self.assertEqual([x * (1 << 23) for x in floats(tabor.read(own))],
                         model(floats(audio), 2, 24))

    def test_round_trip(self):
        """what came from 16 or 24 bits goes back without dither, unchanged"""
        for bits, kept in ((16, 16), (16, 24), (24, 24)):
            steps = 1 << (bits - 1)
            dice = random.Random(bits + kept)
            before = [-steps, steps - 1, 0, 1, -1] + [
                dice.randrange(-steps, steps) for _ in range(2000)]
            audio = tabor.Audio(array.array("f", [n / steps for n in before]))
            path = self.path("trip.wav")
            audio.save(path, bits=kept, dither=False)
            self.assertEqual([x * steps for x in floats(tabor.read(path))],
                             before)

    def test_same_bytes(self):
        """the same sound has the same bytes, dithered too"""
        for ending in ("wav", "aiff", "flac"):
            one, two = self.path(f"1.{ending}"), self.path(f"2.{ending}")
            make_audio(9000, 2, 1).save(one, bits=16)
            make_audio(9000, 2, 1).save(two, bits=16)
            self.assertEqual(pathlib.Path(one).read_bytes(),
                             pathlib.Path(two).read_bytes())

    def test_silence(self):
        """silence is dithered like any sound, and with dither=False is 0"""
        path = self.path("silence.wav")
        audio = tabor.Audio(array.array("f", bytes(4 * 4000)))
        audio.save(path, bits=16)
        self.assertEqual(set(struct.unpack("<4000h", data_of(path)[0])),
                         {-1, 0, 1})
        audio.save(path, bits=16, dither=False)
        self.assertEqual(data_of(path)[0], bytes(8000))

    def test_wrong(self):
        """bits that a format can't hold are refused, with those it can"""
        audio = make_audio(100, 2, 1)
        for name, bits, words in (
                ("x.wav", 17, "x.wav: bits is 17, but .wav holds 32, 24, 16"),
                ("x.aiff", 8, "bits is 8, but .aiff holds 32, 24, 16"),
                ("x.flac", 32, "bits is 32, but .flac holds 24, 16"),
                ("x.OGG", 16, "bits is 16, but .ogg holds Vorbis"),
                ("x.xyz", 16, "the ending chooses")):
            path = self.path(name)
            with self.assertRaisesRegex(ValueError, words):
                audio.save(path, bits=bits)
            self.assertFalse(os.path.exists(path))
        for bits in (-16, 1 << 40):
            with self.assertRaises((ValueError, OverflowError)):
                audio.save(self.path("x.wav"), bits=bits)
        for bits in ("16", 16.0):
            with self.assertRaises(TypeError):
                audio.save(self.path("x.wav"), bits=bits)
        with self.assertRaises(TypeError):
            audio.save(self.path("x.wav"), 16)


class Devices(Test):
    """The driver tape, one of the tests' own, keeps what it is given."""

    def play(self, engine):
        tone = array.array("f", [0.7 * math.sin(i / 9) for i in range(3000)])
        sample = engine.load(tone)
        last = None
        for i in range(12):
            last = sample.play(pan=i / 6 - 1, pitch=i, gain=1.5 - i / 10,
                               at=engine.now + i * 0.004)
        self.assertIsNotNone(last.wait(30))

    def record(self, format, dither, channels=2):
        """What a device was given, and the audio of its take."""
        tape, take = self.path("tape.raw"), self.path("take.tlog")
        with tabor.open("tape", format=format, file=tape, dither=dither,
                        channels=channels, block=300, log=take) as engine:
            self.play(engine)
        return pathlib.Path(tape).read_bytes(), tabor.replay(take)

    def assertHolds(self, live, data, frame_bytes):
        """All of data, and zeros for the calls of a device that came before
        the engine let it in or after it was shut out."""
        at = live.find(data)
        self.assertGreaterEqual(at, 0)
        self.assertEqual(at % frame_bytes, 0)
        self.assertFalse(any(live[:at]) or any(live[at + len(data):]))

    def test_live(self):
        """a device that takes 16 or 24 bits is given the bytes of its take's
        file"""
        path = self.path("replay.wav")
        for format, bits in (("s16", 16), ("s24", 24)):
            for dither in (True, False):
                live, audio = self.record(format, dither)
                audio.save(path, bits=bits, dither=dither)
                self.assertGreater(audio.frames, 3000)
                self.assertHolds(live, data_of(path)[0], 2 * bits // 8)
                loud = [x for x in floats(audio) if abs(x) > 0.5]
                self.assertGreater(len(loud), 1000)

    def test_formats(self):
        """each format is the model's, in one channel and in five"""
        for format, channels in (("s16", 1), ("s24", 5), ("s24_32", 2),
                                 ("s32", 1)):
            live, audio = self.record(format, True, channels)
            want = model(floats(audio), channels, BITS[format])
            self.assertGreater(max(want), 1 << (BITS[format] - 3))
            self.assertHolds(live, pack(want, BYTES[format]),
                             channels * BYTES[format])

    def test_float(self):
        """a device that takes float is given the take itself"""
        live, audio = self.record("float32", True)
        self.assertGreater(audio.frames, 3000)
        self.assertHolds(live, memoryview(audio).tobytes(), 8)

    def test_null(self):
        """the driver null takes each format, and no other"""
        for format in ("float32", "s16", "s24", "s24_32", "s32"):
            with tabor.open("null", format=format) as engine:
                self.play(engine)
        with self.assertRaisesRegex(tabor.DeviceError, "s12.*s24_32"):
            tabor.open("null", format="s12")

    def test_lost(self):
        """a device of 16 bits that is lost leaves the scripts' time alone"""
        with tabor.open("null", format="s16", lose=True,
                        fault_after=0.05) as engine:
            sample = engine.load(array.array("f", [0.5] * 9600))
            ended = sample.play().wait(30)
            self.assertEqual(ended.frame - ended.started, 9600)


if __name__ == "__main__":
    tap.main()
