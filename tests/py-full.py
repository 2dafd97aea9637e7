#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rooms filled to the brim from Python: refused with counts, nothing lost."""
import array
import signal
import threading
import unittest

import tabor
import tap

# Sums of up to 4,096 of these are exact in float32.
LEVEL = 1 / 4096
SOUND = array.array("f", [LEVEL] * 100)
KEPT = 16  # places that only stop and cancel may take
SCHEDULE = 4096  # commands that may wait for their frame


def first(audio):
    return memoryview(audio).cast("B").cast("f")[0]


def fill(sample, **options):
    """Play until there is no room; returns the voices and the refusal."""
    voices = []
    while True:
        try:
            voices.append(sample.play(**options))
        except tabor.QueueFull as full:
            return voices, full


class Raise(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", channels=1, queue=64)
        self.sample = self.engine.load(SOUND)
        self.engine.render(frames=1)
        self.addCleanup(self.engine.close)

    def test_queue(self):
        """a full ring is a QueueFull that counts what is missing"""
        voices, full = fill(self.sample)
        self.assertEqual(len(voices), 64 - KEPT)
        self.assertEqual((full.needed, full.free, full.which),
                         (1, 0, "queue"))
        self.assertIsInstance(full, tabor.Error)
        self.assertTrue(str(full))

    def test_nothing_lost(self):
        """what was accepted sounds and ends once, what was refused does
        not"""
        for _ in range(3):
            voices, _ = fill(self.sample)
            level = first(self.engine.render(frames=100))
            self.assertEqual(level, len(voices) * LEVEL)
            ends = [e.voice for e in self.engine.poll()]
            self.assertEqual({v.id for v in ends}, {v.id for v in voices})
            self.assertEqual(len(ends), len(voices))

    def test_goes_on(self):
        """after a render there is room again"""
        fill(self.sample)
        self.engine.render(frames=1)
        voices, _ = fill(self.sample)
        self.assertEqual(len(voices), 64 - KEPT)

    def test_counted(self):
        """stats() counts each refusal and how full the ring was"""
        for _ in range(5):
            fill(self.sample)
        stats = self.engine.stats()
        self.assertEqual(stats.refused, 5)
        self.assertEqual((stats.queue_size, stats.queue_high),
                         (64, 64 - KEPT))

    def test_kept(self):
        """a full ring still takes stop() and cancel()"""
        voices, _ = fill(self.sample)
        for voice in voices[:KEPT - 2]:
            self.assertIs(voice.stop(0), True)
        self.engine.cancel()
        self.engine.stop(0)
        with self.assertRaises(tabor.QueueFull):
            voices[-1].stop()
        self.assertEqual(first(self.engine.render(frames=1)), 0.0)

    def test_others(self):
        """set(), load() and the gain are refused the same way"""
        voices, _ = fill(self.sample)
        before = self.engine.gain
        for call in (lambda: voices[0].set(gain=0.5),
                     lambda: self.engine.load(SOUND),
                     lambda: setattr(self.engine, "gain", 0.5)):
            with self.assertRaises(tabor.QueueFull) as caught:
                call()
            self.assertEqual(caught.exception.which, "queue")
        self.assertEqual(self.engine.gain, before)

    def test_schedule(self):
        """as many plays as the schedule holds can wait for their frame"""
        with tabor.open("offline", channels=1, queue=8192,
                        voices=8192) as engine:
            sample = engine.load(SOUND)
            engine.render(frames=1)
            voices, full = fill(sample, at_frame=1000)
            self.assertEqual(len(voices), SCHEDULE - KEPT)
            self.assertEqual(full.which, "schedule")
            engine.render(frames=999)
            self.assertEqual(first(engine.render(frames=100)),
                             len(voices) * LEVEL)
            self.assertEqual(len(engine.poll()), len(voices))
            self.assertEqual(len(fill(sample, at_frame=9000)[0]),
                             SCHEDULE - KEPT)

    def test_unread(self):
        """who never polls plays for ever"""
        count = 0
        for _ in range(400):
            for _ in range(40):
                self.sample.play()
                count += 1
            self.engine.render(frames=100)
        self.assertEqual(len(self.engine.poll()), count)


class Rooms(unittest.TestCase):
    """The ring, the schedule and the plays' handles, each filled to the brim:
    (what is short, options of open(), plays that sound, plays that wait)."""

    ROOMS = (("queue", {"queue": 64}, 64 - KEPT, 0),
             ("schedule", {"queue": 8192, "voices": 8192}, 0,
              SCHEDULE - KEPT),
             ("plays", {"queue": 8192, "voices": 2048}, 2048, 2048))
    LENGTH = 6000
    LATER = 9000  # frames; the first ones have ended by then

    def total(self, frames):
        """The sum of what is rendered next, in LEVELs; exact."""
        audio = self.engine.render(frames=frames)
        return sum(memoryview(audio).cast("B").cast("f")) / LEVEL

    def fill(self, sounding, waiting):
        """Returns the voices and the refusal."""
        if not waiting:
            return fill(self.sample)
        voices = [self.sample.play() for _ in range(sounding)]
        self.heard += self.total(1)
        more, full = fill(self.sample,
                          at_frame=self.engine.frame + self.LATER)
        return voices + more, full

    def full_rooms(self):
        """Open each and fill it; yields its voices and the refusal. Then it
        takes as many once more."""
        for which, options, sounding, waiting in self.ROOMS:
            with (self.subTest(which=which),
                  tabor.open("offline", channels=1, **options) as engine):
                self.engine = engine
                self.sample = engine.load(
                    array.array("f", [LEVEL] * self.LENGTH))
                engine.render(frames=1)
                self.heard = 0
                voices, full = self.fill(sounding, waiting)
                self.assertEqual(len(voices), sounding + waiting)
                yield which, voices, full
                again, _ = self.fill(sounding, waiting)
                self.assertEqual(len(again), len(voices))
                self.looked += 1

    def check_ends(self, voices, *reasons):
        """Each voice has its one end, for one of the reasons."""
        ends = self.engine.poll()
        self.assertEqual(len(ends), len(voices))
        self.assertEqual({e.voice.id for e in ends}, {v.id for v in voices})
        self.assertLessEqual({e.reason for e in ends}, set(reasons))

    def setUp(self):
        self.looked = 0

    def tearDown(self):
        self.assertEqual(self.looked, len(self.ROOMS))

    def test_lost(self):
        """a full ring, schedule or handle table refuses one more with its
        counts; what it took is heard, and ends, once"""
        for which, voices, full in self.full_rooms():
            self.assertEqual((full.needed, full.free, full.which),
                             (1, 0, which))
            self.heard += self.total(20000)
            self.assertEqual(self.heard, len(voices) * self.LENGTH)
            self.check_ends(voices, "finished")

    def test_stop(self):
        """stop() and cancel() get through each of the three"""
        for _, voices, _ in self.full_rooms():
            for voice in voices[:KEPT - 2]:
                self.assertIs(voice.stop(0), True)
            self.engine.stop(0)
            self.engine.cancel()
            self.assertEqual(self.total(20000), 0)
            self.check_ends(voices, "stopped", "cancelled")

    def test_panic(self):
        """so does panic()"""
        for _, voices, _ in self.full_rooms():
            self.engine.panic()
            self.assertEqual(self.total(20000), 0)
            self.check_ends(voices, "stopped", "cancelled")

    def test_needed(self):
        """what needs more than there is says how much, and nothing of it is
        played"""
        with tabor.open("offline", channels=1, queue=64) as engine:
            sample = engine.load(SOUND)
            engine.render(frames=1)
            for _ in range(64 - KEPT - 1):
                sample.play()
            with self.assertRaises(tabor.QueueFull) as caught:
                sample.play(fade_in=0.01)
            self.assertEqual((caught.exception.needed, caught.exception.free),
                             (2, 1))
            with self.assertRaises(tabor.QueueFull) as caught:
                with engine.batch():
                    for _ in range(5):
                        sample.play()
            self.assertEqual((caught.exception.needed, caught.exception.free,
                              caught.exception.which), (5, 1, "queue"))
            self.assertEqual(first(engine.render(frames=200)),
                             (64 - KEPT - 1) * LEVEL)
            self.assertEqual(len(engine.poll()), 64 - KEPT - 1)
        self.looked = len(self.ROOMS)


class Drop(unittest.TestCase):
    def test_drop(self):
        """on_full="drop" returns a voice that has ended, and counts it"""
        with tabor.open("offline", channels=1, queue=64,
                        on_full="drop") as engine:
            sample = engine.load(SOUND)
            engine.render(frames=1)
            voices = [sample.play() for _ in range(100)]
            dropped = [v for v in voices if v.ended]
            self.assertEqual(len(dropped), 100 - (64 - KEPT))
            for voice in dropped:
                self.assertFalse(voice.alive)
                self.assertEqual(voice.id, 0)
                self.assertEqual(voice.ended.reason, "cancelled")
                self.assertIsNone(voice.ended.started)
                self.assertIs(voice.stop(), False)
            self.assertEqual(engine.stats().refused, len(dropped))
            self.assertEqual(first(engine.render(frames=100)),
                             (64 - KEPT) * LEVEL)
            self.assertEqual(len(engine.poll()), 64 - KEPT)


class Wait(unittest.TestCase):
    def test_offline(self):
        """on_full="wait" raises at once where only rendering makes room"""
        with tabor.open("offline", queue=64, on_full="wait") as engine:
            sample = engine.load(SOUND)
            with self.assertRaises(tabor.QueueFull) as caught:
                for _ in range(100):
                    sample.play()
            self.assertEqual(caught.exception.which, "queue")

    def test_null(self):
        """on_full="wait" makes room by itself on an engine that runs"""
        with tabor.open("null", queue=64, on_full="wait",
                        voices=4096) as engine:
            sample = engine.load(SOUND)
            voices = [sample.play() for _ in range(2000)]
            for voice in voices:
                self.assertIn(voice.wait(20).reason, ("finished", "stolen"))
            ends = engine.poll()
            self.assertEqual(len(ends), 2000)

    def blocked(self):
        """An engine whose schedule is full for an hour."""
        engine = tabor.open("null", queue=4096, on_full="wait")
        self.addCleanup(engine.close)
        sample = engine.load(SOUND)
        later = engine.now + 3600
        for _ in range(SCHEDULE - KEPT):
            sample.play(at=later, tag=7)
        return engine, sample, later

    @tap.needs_signals
    def test_interrupt(self):
        """Ctrl-C ends the wait for room, and ping() keeps to its time"""
        engine, sample, later = self.blocked()
        threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
        with self.assertRaises(KeyboardInterrupt):
            for _ in range(KEPT + 1):
                sample.play(at=later)
        with self.assertRaises(tabor.TimedOut):
            engine.ping(timeout=0.1)
        engine.cancel()
        self.assertGreater(engine.ping(timeout=10), 0)

    def test_releases(self):
        """other threads run while one waits, and their cancel() frees it"""
        engine, sample, later = self.blocked()
        timer = threading.Timer(0.1, engine.cancel, [7])
        timer.start()
        voices = [sample.play(at=later) for _ in range(KEPT + 1)]
        timer.join()
        self.assertTrue(all(voice.alive for voice in voices))

    def test_close(self):
        """close() in another thread ends the wait with ClosedError"""
        engine, sample, later = self.blocked()
        threading.Timer(0.1, engine.close).start()
        with self.assertRaises(tabor.ClosedError):
            for _ in range(KEPT + 1):
                sample.play(at=later)


if __name__ == "__main__":
    tap.main()
