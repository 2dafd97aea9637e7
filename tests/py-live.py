#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A busy piece that was played live comes back from its take, byte for byte:
what a driver was given is kept, and compared with the replay."""
import array
import os
import random
import time
import unittest

import tabor
import tap

SECONDS = 1.0
# The driver tape is in no hurry, or rather in one: it runs ahead of time.
TAPE_SECONDS = 6.0
ENDS = 100  # more plays than these have ended
PREFIX = "t-py-live"
# A machine that stands still for 400 ms loses its device, by design; then the
# piece is played anew.
TRIES = 5


def noise(dice, frames, channels):
    values = array.array("f", (dice.uniform(-0.3, 0.3)
                               for _ in range(frames * channels)))
    return memoryview(values).cast("B").cast("f", (frames, channels))


class Piece:
    """Something of everything, sent while the engine runs."""

    def __init__(self, engine, seed):
        self.engine = engine
        self.dice = random.Random(seed)
        self.samples = [engine.load(noise(self.dice, 3000, 1)),
                        engine.load(noise(self.dice, 5000, 2)),
                        engine.load(array.array("f", [1e-38] * 900))]
        self.voices = []
        self.lost = False
        self.ends = 0

    def play(self):
        dice = self.dice
        options = {"gain": dice.uniform(0, 1), "pan": dice.uniform(-1, 1),
                   "rate": dice.choice((1, 1, dice.uniform(0.3, 3))),
                   "late": dice.choice(("play", "catch_up", "drop")),
                   "fade_in": dice.choice((0, 0.01)),
                   "loop": dice.random() < 0.1,
                   "kernel": dice.choice(("linear", "sinc16", "sinc32"))}
        if dice.random() < 0.3:
            options["env"] = tabor.ADSR(0.01, 0.02, 0.5, 0.03)
        if dice.random() < 0.5:
            options["at"] = max(0, self.engine.now
                                + dice.uniform(-0.02, 0.05))
        self.voices.append(dice.choice(self.samples).play(**options))

    def chord(self):
        with self.engine.batch():
            for _ in range(self.dice.randrange(1, 9)):
                self.play()

    def change(self):
        for voice in self.voices[-3:]:
            voice.set(gain=self.dice.random(), rate=self.dice.uniform(0.5, 2),
                      ramp=self.dice.uniform(0, 0.03))

    def end_some(self):
        for voice in self.voices[-6:]:
            self.dice.choice((voice.release, voice.stop))()

    def reload(self):
        self.samples[1].unload(self.dice.choice(("ring", "fade", "cut")))
        self.samples[1] = self.engine.load(noise(self.dice, 2000, 2))

    def volume(self):
        self.engine.gain = self.dice.uniform(0.3, 1)

    def silence(self):
        self.dice.choice((self.engine.stop, self.engine.cancel,
                          self.engine.panic))()

    def step(self):
        """One thing, mostly a play."""
        self.dice.choices(
            (self.play, self.chord, self.change, self.end_some, self.reload,
             self.volume, self.silence), (12, 4, 8, 6, 1, 1, 1))[0]()
        for event in self.engine.poll():
            self.lost |= isinstance(event, tabor.DeviceLost)
            self.ends += isinstance(event, tabor.Ended)
        del self.voices[:-20]

    def run(self, seconds):
        """At least so long, and on a slow machine until enough is played."""
        while self.engine.now < seconds or self.ends <= ENDS:
            self.step()
            time.sleep(self.dice.uniform(0, 0.004))


def values(data):
    return memoryview(data).cast("f")


def first_sound(data):
    """The first value that is not 0."""
    return next(i for i, x in enumerate(values(data)) if x)


class Live(unittest.TestCase):
    def path(self, name):
        path = f"{PREFIX}.{name}"
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        return path

    def perform(self, driver, seconds, **options):
        """Play until a device was not lost; returns the piece."""
        for attempt in range(TRIES):
            with tabor.open(driver, voices=24, log=self.path("tlog"),
                            on_full="wait", limiter=True,
                            **options) as engine:
                piece = Piece(engine, attempt)
                piece.run(seconds)
            if not piece.lost:
                return piece
            tap.comment("the machine stood still: once more")
        return self.fail(f"the device was lost {TRIES} times")

    def compare(self, live, seconds=SECONDS):
        """live is the replay, with nothing but silence around it."""
        replay = bytes(tabor.replay(self.path("tlog")))
        offset = 4 * (first_sound(live) - first_sound(replay))
        sounding = sum(x != 0 for x in values(replay))
        tap.comment(f"{len(replay) // 8} frames, {sounding} values sound;"
                    f" {offset // 8} frames before the engine had begun, "
                    f"{(len(live) - len(replay) - offset) // 8} after its end")
        self.assertGreaterEqual(offset, 0)
        self.assertEqual(live[offset:offset + len(replay)] == replay, True)
        self.assertEqual(sum(x != 0 for x in values(live)), sounding)
        self.assertGreaterEqual(len(replay) // 8, seconds * 48000)
        self.assertGreater(sounding, len(replay) // 8)

    def test_null(self):
        """what the null driver recorded live is its take's replay, byte for
        byte"""
        wav = self.path("wav")
        piece = self.perform("null", SECONDS, record=wav, jitter_ms=3)
        self.assertGreater(piece.ends, ENDS)
        self.compare(bytes(tabor.read(wav)))

    def test_tape(self):
        """so is what a driver with blocks of any size was given"""
        raw = self.path("raw")
        piece = self.perform("tape", TAPE_SECONDS, file=raw, block=400)
        self.assertGreater(piece.ends, ENDS)
        with open(raw, "rb") as file:
            self.compare(file.read(), TAPE_SECONDS)

    def test_wide(self):
        """a record has the engine's rate and channels"""
        wav = self.path("wide.wav")
        with tabor.open("null", record=wav, rate=22050, channels=5) as engine:
            sample = engine.load(noise(random.Random(1), 100, 5))
            sample.play().wait(10)
        audio = tabor.read(wav)
        self.assertEqual((audio.rate, audio.channels), (22050, 5))
        self.assertEqual(sum(x != 0 for x in values(bytes(audio))), 500)

    def test_nowhere(self):
        """a record that can't be written is a DeviceError that names it"""
        os.mkdir(f"{PREFIX}.folder")
        self.addCleanup(os.rmdir, f"{PREFIX}.folder")
        for path in ("/nowhere/at/all.wav", f"{PREFIX}.folder"):
            with self.assertRaisesRegex(tabor.DeviceError, path):
                tabor.open("null", record=path)
        with self.assertRaisesRegex(tabor.DeviceError, "leave format out"):
            tabor.open("null", record=self.path("16.wav"), format="s16")
        wav = self.path("twice.wav")
        with tabor.open("null", record=wav):
            with self.assertRaisesRegex(tabor.DeviceError, "another stream"):
                tabor.open("null", record=wav)


if __name__ == "__main__":
    tap.main()
