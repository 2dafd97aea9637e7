#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A clock's time in Python: what tasks play is on the frame that the tempo
says, whatever else happens."""
import array
import asyncio
import math
import random
import threading
import time
import unittest

import tabor
import tap

RATE = 17000  # the least at which a block of 4096 lasts under 250 ms
BLOCKS = (1, 64, 441, 4096)


class Map:
    """Beats and seconds by the book: a list of (beat, second, bpm, over,
    bpm before), each holding until the next."""

    def __init__(self, bpm):
        self.parts = [(0.0, 0.0, bpm, 0.0, bpm)]

    def change(self, beat, bpm, over=0.0):
        self.parts.append((beat, self.second(beat), bpm, over,
                           self.bpm(beat)))

    def bpm(self, beat):
        start, second, bpm, over, before = self.parts[-1]
        if beat >= start + over:
            return bpm
        lasts = over * 120 / (before + bpm)
        return before + (bpm - before) * (self.second(beat) - second) / lasts

    def second(self, beat):
        for start, second, bpm, over, before in reversed(self.parts):
            if start <= beat:
                break
        if over == 0 or bpm == before:
            return second + (beat - start) * 60 / bpm
        lasts = over * 120 / (before + bpm)  # at the mean tempo
        if beat >= start + over:
            return second + lasts + (beat - start - over) * 60 / bpm
        # beats so far are the integral of a tempo that moves evenly in time:
        # solve  before t + (bpm - before) t^2 / (2 lasts) = 60 (beat - start)
        slope = (bpm - before) / lasts
        c = 60 * (beat - start)
        return second + 2 * c / (before + math.sqrt(before ** 2
                                                    + 2 * slope * c))

    def frame(self, beat):
        return math.floor(self.second(beat) * RATE + 0.5)


def click(engine):
    return engine.load(array.array("f", [1.0]))


def onsets(audio):
    values = memoryview(audio).cast("B").cast("f")
    return [i for i, value in enumerate(values) if value]


class Piece:
    """Four tasks of 2,500 plays each, over three changes of tempo and a ramp;
    each value of the sound is one play's."""

    EACH = 2500
    STEPS = (1 / 4, 1 / 3, 3 / 8, 2 / 5)
    BPM = 1330.0
    CHANGES = {100: (1515.5, 0), 250: (970.0, 0), 400: (3000.0, 64.0),
               600: (617.3, 0)}

    def __init__(self, block, kind):
        self.kind = kind
        with tabor.open("offline", block=block, rate=RATE, channels=1,
                        queue=4096) as engine:
            self.clock = engine.clock(bpm=self.BPM)
            self.sound = click(engine)
            if kind == "asyncio":
                self.audio = asyncio.run(self.main(engine))
            else:
                self.start()
                self.audio = engine.render(self.seconds())
        self.onsets = onsets(self.audio)

    async def main(self, engine):
        self.start()
        return engine.render(self.seconds())

    def start(self):
        threads = self.kind == "threads"
        self.clock.run(self.conduct if threads else self.conduct_async)
        for number, step in enumerate(self.STEPS):
            offset = 1 / 16 * (number + 1)
            self.clock.run(self.play if threads else self.play_async,
                           offset, step)

    def conduct(self):
        for beat, change in self.CHANGES.items():
            self.clock.wait(beat - self.clock.beat())
            self.clock.tempo(*change)

    async def conduct_async(self):
        for beat, change in self.CHANGES.items():
            await self.clock.wait(beat - self.clock.beat())
            self.clock.tempo(*change)

    def play(self, offset, step):
        self.clock.wait(offset)
        for _ in range(self.EACH):
            self.sound.play(gain=0.125)
            self.clock.wait(step)

    async def play_async(self, offset, step):
        await self.clock.wait(offset)
        for _ in range(self.EACH):
            self.sound.play(gain=0.125)
            await self.clock.wait(step)

    @classmethod
    def map(cls):
        tempo = Map(cls.BPM)
        for beat, (bpm, over) in cls.CHANGES.items():
            tempo.change(float(beat), bpm, over)
        return tempo

    @classmethod
    def seconds(cls):
        return cls.map().second(cls.EACH * max(cls.STEPS) + 2)

    @classmethod
    def wanted(cls):
        """The frames of all plays: so many on each."""
        tempo = cls.map()
        frames = []
        for number, step in enumerate(cls.STEPS):
            beat = 1 / 16 * (number + 1)
            for _ in range(cls.EACH):
                frames.append(tempo.frame(beat))
                beat += step
        return sorted(frames)


class Exact(unittest.TestCase):
    def test_piece(self):
        """10,000 plays over 3 changes of tempo and a ramp are on the closed
        form's frames, for blocks of 1, 64, 441 and 4096, by threads"""
        wanted = Piece.wanted()
        self.assertEqual(len(wanted), 10000)
        first = None
        for block in BLOCKS:
            piece = Piece(block, "threads")
            first = first or bytes(piece.audio)
            with self.subTest(block=block):
                self.assertEqual(piece.onsets, sorted(set(wanted)))
                values = memoryview(piece.audio).cast("B").cast("f")
                self.assertEqual(sum(values), len(wanted) / 8)
                self.assertEqual(bytes(piece.audio) == first, True)
        tap.comment(len(wanted), "plays on", len(set(wanted)), "frames,",
                    len(BLOCKS), "blocks")

    def test_kinds(self):
        """and coroutines give the same bytes, by themselves and in asyncio"""
        first = bytes(Piece(441, "threads").audio)
        self.assertEqual(bytes(Piece(64, "coroutines").audio) == first, True)
        self.assertEqual(bytes(Piece(4096, "asyncio").audio) == first, True)
        self.assertGreater(len(onsets(first)), 9000)

    def test_cuts(self):
        """however the renders are cut, and one task after the other"""
        rendered = []
        for cuts in ((4000,), (1, 255, 256, 257, 3231), (1000,) * 4):
            with tabor.open("offline", rate=8000, channels=1) as engine:
                clock, sound = engine.clock(bpm=600), click(engine)

                def song(clock=clock, sound=sound):
                    while True:
                        sound.play(gain=0.5)
                        clock.wait(1 / 3)

                clock.run(song)
                rendered.append(b"".join(
                    bytes(engine.render(frames=n)) for n in cuts))
        self.assertEqual(len(onsets(rendered[0])), 15)
        self.assertEqual(rendered[1] == rendered[0], True)
        self.assertEqual(rendered[2] == rendered[0], True)

    def test_tempo_fuzz(self):
        """10,000 random changes of tempo over sleeping tasks: no beat is
        doubled, none is missed, each is on its frame"""
        dice = random.Random(5)
        with tabor.open("offline", rate=RATE, channels=1) as engine:
            clock = engine.clock(bpm=1000)
            tempo, changes, told = Map(1000), [0], [[] for _ in range(3)]

            async def change():
                for _ in range(10000):
                    await clock.wait(dice.choice((0, 0.03, 0.125, 0.5)))
                    bpm = dice.uniform(300, 6000)
                    over = dice.choice((0, 0, 0.3, 2))
                    clock.tempo(bpm, over)
                    tempo.change(clock.beat(), bpm, over)
                    del tempo.parts[:-2]
                    changes[0] += 1

            async def count(beats, step):
                for _ in range(int(1500 / step)):
                    await clock.wait(step)
                    beats.append((clock.beat(), tempo.frame(clock.beat()),
                                  clock._frame_of(clock._me()._second)))

            clock.run(change)
            for beats, step in zip(told, (0.5, 1, 3)):
                clock.run(count, beats, step)
            while clock.stats().tasks:
                engine.render(1)
            now = engine.frame
        self.assertEqual(changes, [10000])
        for beats, step in zip(told, (0.5, 1, 3)):
            self.assertEqual([beat for beat, _, _ in beats],
                             [step * (i + 1) for i in range(len(beats))])
            self.assertEqual(len(beats), int(1500 / step))
            self.assertEqual([wanted for _, wanted, _ in beats],
                             [real for _, _, real in beats])
        tap.comment(changes[0], "changes,", sum(map(len, told)), "beats in",
                    now / RATE, "s")

    def test_outside(self):
        """a change from outside holds from the frame that was rendered last,
        and what sleeps comes at its beat"""
        with tabor.open("offline", rate=RATE, channels=1) as engine:
            clock, sound = engine.clock(bpm=60), click(engine)

            def song():
                clock.wait(4)
                sound.play()

            clock.run(song)
            engine.render(1)
            self.assertEqual(clock.tempo(), 60)
            clock.tempo(180)
            self.assertEqual(clock.beat(), 1.0)
            self.assertEqual(onsets(engine.render(2)), [RATE])
            self.assertEqual(clock.beat(), 7.0)


class Stamps(unittest.TestCase):
    def test_commands(self):
        """play, play_many, set, seek, stop and release are for the task's
        time; what names a time is for that"""
        long = array.array("f", [0.5] * RATE)

        def render(with_clock):
            with tabor.open("offline", rate=RATE, channels=1) as engine:
                sound = engine.load(long)
                seconds = (0.1, 0.25, 0.4375)

                def at(number):
                    return {} if with_clock else {"at": seconds[number]}

                def first():
                    voices.append(sound.play(loop=True, **at(0)))
                    voices.append(sound.play(env=tabor.ADSR(0, 0, 1, 0.1),
                                             **at(0)))
                    voices.append(sound.play(at=0.2))
                    voices.append(engine.play_many(sound, count=3, gain=0.1,
                                                   **at(0)))

                def second():
                    voices[0].set(gain=0.25, **at(1))
                    voices[1].release(**at(1))
                    voices[2].seek(0.5, **at(1))

                def third():
                    voices[0].stop(**at(2))
                    voices[3].stop(**at(2))
                    voices[2].stop(at=0.5)

                def song():
                    clock.sleep(0.1)
                    first()
                    clock.sleep(0.15)
                    second()
                    clock.sleep(0.1875)
                    third()

                voices = []
                if with_clock:
                    clock = engine.clock()
                    clock.run(song)
                else:
                    first(), second(), third()
                audio = bytes(engine.render(1))
                self.assertEqual(voices[0].ended.reason, "stopped")
                self.assertEqual(voices[0].ended.started, RATE // 10)
                return audio

        stamped = render(True)
        self.assertEqual(stamped == render(False), True)
        self.assertGreater(len(onsets(stamped)), 1000)

    def test_others(self):
        """what other threads play meanwhile is for now"""
        with tabor.open("offline", rate=RATE, channels=1) as engine:
            clock, sound = engine.clock(), click(engine)
            voices = []

            def song():
                clock.sleep(0.5)
                other = threading.Thread(
                    target=lambda: voices.append(sound.play()))
                other.start()
                other.join()
                voices.append(sound.play())

            clock.run(song)
            voices.append(sound.play())
            engine.render(1)
            self.assertEqual([voice.ended.started for voice in voices],
                             [0, RATE // 2 - RATE // 2 % 256, RATE // 2])


class Live(unittest.TestCase):
    """On a device's time; nothing here depends on how busy the machine is,
    as the latency is long."""

    def test_together(self):
        """in a with statement tasks start on one frame, are exact, and the
        statement ends when they have"""
        voices = []
        with tabor.open("null") as engine:
            sound = click(engine)

            def song(beats):
                for _ in range(10):
                    voices.append(sound.play(late="drop"))
                    clock.wait(beats)

            async def sing():
                for _ in range(10):
                    voices.append(sound.play(late="drop"))
                    await clock.sync(2)

            with engine.clock(bpm=3000, latency=2) as clock:
                clock.run(song, 1)
                time.sleep(0.02)
                clock.run(sing)
                clock.run(song, 0.5)
            self.assertEqual(clock.stats().tasks, 0)
            starts = [voice.wait(10).started for voice in voices]
            if clock.stats().late:
                tap.comment("the machine was away for 2 s:", clock.stats())
                return
        first = min(starts)
        beat = 48000 // 50
        self.assertEqual(sorted(start - first for start in starts), sorted(
            i * beat // 2 * k for k in (1, 2, 4) for i in range(10)))

    def test_late(self):
        """commands that come too late are counted, with task and line and
        what would have been enough"""
        with tabor.open("null") as engine:
            sound = click(engine)

            def sluggish():
                clock.wait(1)
                while engine.frame < clock._frame_of(clock._me()._second) + 9:
                    time.sleep(0.001)
                sound.play()

            clock = engine.clock(bpm=6000, latency=0, slip=1000)
            task = clock.run(sluggish)
            task.join(20)
            stats = clock.stats()
        self.assertEqual(stats.late, 1)
        self.assertGreater(stats.late_max, 0)
        (name, line, what, count), = stats.places
        self.assertEqual((name, what, count), ("sluggish", "late", 1))
        wanted = sluggish.__code__.co_firstlineno + 4
        self.assertEqual(line, f"py-clock.py:{wanted}")
        self.assertRegex(stats.advice, r"^latency 0, \d+\.?\d* would have")

    def test_stall(self):
        """after a stall, sync goes on at the next beat of its grid, wait a
        whole number of beats later, sleep at once; there is no burst"""
        told = {"sync": [], "wait": [], "sleep": []}
        with tabor.open("null") as engine:
            clock = engine.clock(bpm=1200, latency=0.05, slip=0.1)

            def syncs():
                while len(told["sync"]) < 30:
                    clock.sync(2, 0.5)
                    told["sync"].append(clock.beat())

            async def waits():
                while len(told["wait"]) < 30:
                    await clock.wait(0.75)
                    told["wait"].append(clock.beat())

            def sleeps():
                while len(told["sleep"]) < 30:
                    clock.sleep(0.03)
                    told["sleep"].append(clock._me()._second)

            def stalls():
                clock.wait(5)
                until = engine.frame + 0.5 * engine.rate
                while engine.frame < until:
                    time.sleep(0.01)

            with clock:
                for task in (syncs, waits, sleeps, stalls):
                    clock.run(task)
            stats = clock.stats()
        for beats in told.values():
            self.assertEqual(len(beats), 30)
            self.assertEqual(beats, sorted(set(beats)))
        self.assertEqual({beat % 2 for beat in told["sync"]}, {0.5})
        steps = [b - a for a, b in zip(told["wait"], told["wait"][1:])]
        self.assertEqual({step % 1 for step in steps}, {0.75})
        self.assertGreaterEqual(max(steps), 0.75 + 4)
        self.assertGreater(max(b - a for a, b in zip(
            told["sleep"], told["sleep"][1:])), 0.1)
        self.assertGreaterEqual(stats.slipped, 3)
        slipped = {place[0]: place[1] for place in stats.places
                   if place[2] == "slipped"}
        self.assertGreaterEqual(set(slipped), {"syncs", "waits", "sleeps"})
        for line in slipped.values():
            self.assertRegex(line, r"^py-clock\.py:\d+$")


if __name__ == "__main__":
    tap.main()
