#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes from Python: what was heard comes back byte for byte."""
import array
import os
import pathlib
import random
import unittest

import tabor
import tap

PREFIX = f"py-take-{os.getpid()}"


def raw(audio):
    return memoryview(audio).tobytes()


class Takes(unittest.TestCase):
    def path(self, name):
        path = f"{PREFIX}-{name}"
        self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
        return path

    def perform(self, engine, seed):
        """Something of everything; returns what was heard."""
        dice = random.Random(seed)
        wave = array.array("f", [dice.uniform(-0.5, 0.5) for _ in range(6000)])
        whole = engine.load(wave)
        stereo = engine.load(
            memoryview(wave).cast("B").cast("f", [3000, 2]), rate=44100)
        sounds = [whole, stereo, whole.slice(0.01, 0.05)]
        env = tabor.ADSR(0.001, 0.01, 0.4, 0.02, hold=0.002)
        heard = b""
        for _ in range(200):
            for _ in range(dice.randrange(4)):
                loop = dice.choice((False, True, (0.005, 0.02)))
                voice = dice.choice(sounds).play(
                    velocity=dice.random(), pan=dice.uniform(-1, 1),
                    pitch=dice.choice((0, 0, 7, -5.5)),
                    at=dice.choice((None, engine.now + dice.random() / 10)),
                    late=dice.choice(("play", "catch_up", "drop")),
                    loop=loop,
                    loop_fade=0.004 if isinstance(loop, tuple) else 0,
                    offset=dice.choice((0, 0.001)),
                    duration=dice.choice((None, 0.1)),
                    fade_in=dice.choice((None, 0, 0.003)),
                    env=dice.choice((None, env)),
                    choke=dice.randrange(4), tag=dice.randrange(3))
                voice.set(gain=dice.random(), rate=dice.uniform(0.5, 2),
                          ramp=dice.random() / 50)
                voice.seek(dice.random() / 25,
                           at=engine.now + dice.random() / 10)
                dice.choice((voice.stop, voice.release))(
                    at=engine.now + dice.random() / 5)
            if dice.random() < 0.1:
                with engine.batch():
                    for sound in sounds:
                        sound.play(at=engine.now + 0.01)
            if dice.random() < 0.1:
                engine.gain = dice.random()
            if dice.random() < 0.05:
                engine.cancel(tag=dice.randrange(3),
                              after=engine.now + dice.random() / 10)
            if dice.random() < 0.02:
                engine.panic()
            heard += raw(engine.render(frames=dice.randrange(1, 900)))
            engine.poll()
        return heard

    def test_same_bytes(self):
        """a take of a piece rendered live gives the live bytes"""
        for seed, block in ((1, 256), (2, 333)):
            path = self.path(f"{seed}.tlog")
            with tabor.open("offline", voices=12, block=block,
                            log=path) as engine:
                live = self.perform(engine, seed)
            self.assertGreater(max(map(abs, memoryview(live).cast("f"))), 0.1)
            audio = tabor.replay(path)
            self.assertIsInstance(audio, tabor.Audio)
            self.assertEqual((audio.rate, audio.channels), (48000, 2))
            self.assertTrue(raw(audio) == live)

    def test_ways(self):
        """replay() takes str, bytes and path objects, and is an engine's
        verb too"""
        path = self.path("ways.tlog")
        with tabor.open("offline", channels=1,
                        log=pathlib.Path(path)) as engine:
            engine.load(array.array("f", [0.5] * 10)).play()
            live = raw(engine.render(frames=20))
        self.assertEqual(array.array("f", live).tolist(),
                         [0.5] * 10 + [0.0] * 10)
        for read in (tabor.replay, tabor.Engine.replay, engine.replay):
            for way in (path, os.fsencode(path), pathlib.Path(path)):
                self.assertEqual(raw(read(way)), live)

    def test_forgotten(self):
        """what was never sent is in no take"""
        path = self.path("forgotten.tlog")
        with tabor.open("offline", channels=1, log=path) as engine:
            sample = engine.load(array.array("f", [0.5] * 10))
            try:
                with engine.batch():
                    sample.play()
                    raise KeyError
            except KeyError:
                pass
            engine.render(frames=30)
        self.assertEqual(set(raw(tabor.replay(path))), {0})

    def test_live(self):
        """a take of an engine that runs by itself can be played again, the
        same each time"""
        path = self.path("live.tlog")
        with tabor.open("null", log=path) as engine:
            sample = engine.load(array.array("f", [0.5] * 480))
            for _ in range(10):
                sample.play().wait(20)
        first = tabor.replay(path)
        self.assertEqual(raw(first), raw(tabor.replay(path)))
        level = sum(x > 0 for x in memoryview(first).cast("B").cast("f"))
        self.assertEqual(level, 10 * 480 * 2)

    def test_bad(self):
        """what is no take is refused by class and name"""
        with self.assertRaises(FileNotFoundError) as caught:
            tabor.replay("no-such.tlog")
        self.assertEqual(caught.exception.filename, "no-such.tlog")
        text = self.path("text.tlog")
        pathlib.Path(text).write_text("This is no take.\n" * 100)
        with self.assertRaisesRegex(tabor.DecodeError, "text.tlog"):
            tabor.replay(text)
        with self.assertRaises(TypeError):
            tabor.replay(3)

    def test_cut(self):
        """a take that is not complete is a DecodeError"""
        path = self.path("cut.tlog")
        with tabor.open("offline", log=path) as engine:
            engine.load(array.array("f", [0.5] * 480)).play()
            engine.render(0.1)
        whole = pathlib.Path(path).read_bytes()
        for size in (len(whole) - 1, len(whole) // 2, 10):
            pathlib.Path(path).write_bytes(whole[:size])
            with self.assertRaises(tabor.DecodeError):
                tabor.replay(path)

    def test_nowhere(self):
        """a take that can't be written is an OSError with its name, and no
        engine"""
        with self.assertRaises(FileNotFoundError) as caught:
            tabor.open("offline", log="/nowhere/x.tlog")
        self.assertEqual(caught.exception.filename, "/nowhere/x.tlog")
        with self.assertRaises(TypeError):
            tabor.open("offline", log=3)
        with self.assertRaises(ValueError):
            tabor.open("offline", log="a\0b")

    def test_permission(self):
        """a take into a folder without permission is a PermissionError"""
        folder = f"{PREFIX}-secret"
        os.mkdir(folder, 0o555)
        self.addCleanup(os.rmdir, folder)
        path = f"{folder}/x.tlog"
        done = tap.child(
            "import os, sys, tabor\n"
            "if os.geteuid() == 0:\n"
            "    os.seteuid(65534)\n"
            "try:\n"
            "    tabor.open('offline', log=sys.argv[1])\n"
            "except PermissionError as error:\n"
            "    print('refused', error.errno, error.filename)\n", path)
        self.assertEqual(done.stdout.split(), ["refused", "13", path], done)

    def test_misspelt(self):
        """log= is among the options that open() hints at"""
        with self.assertRaisesRegex(TypeError, "open.. has log="):
            tabor.open("offline", logs="x")


if __name__ == "__main__":
    tap.main()
