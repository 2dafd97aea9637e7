#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""play_many(): as many plays one by one, whole or not at all."""
import array
import gc
import threading
import unittest
import weakref

import tabor
import tap

try:
    import numpy
except ImportError:
    numpy = None

LEVEL = 1 / 4096
SOUND = array.array("f", [LEVEL] * 100)
RAMP = array.array("f", [i / 300 for i in range(300)])
MOST = 64 - 16  # plays that a queue of 64 takes
ROWS = 40
COLUMNS = {
    "velocity": [1 - i / 80 for i in range(ROWS)],
    "gain": [i / 20 for i in range(ROWS)],
    "pan": [i / 20 - 1 for i in range(ROWS)],
    "rate": [0.5 + i / 30 for i in range(ROWS)],
    "pitch": [i - 20 if i % 2 else 0 for i in range(ROWS)],
    "at": [(9 + i * 37 % 1000) / 48000 for i in range(ROWS)],
    "offset": [i * 7 % 50 / 48000 for i in range(ROWS)],
    "duration": [(20 + i) / 48000 for i in range(ROWS)],
    "tag": [i % 3 for i in range(ROWS)],
}


class Base(unittest.TestCase):
    def open(self, driver="offline", *, queue=64, channels=1, sound=SOUND,
             **options):
        engine = tabor.open(driver, channels=channels, queue=queue, **options)
        self.addCleanup(engine.close)
        sample = engine.load(sound)
        if driver == "offline":
            engine.render(frames=1)
        return engine, sample

    def setUp(self):
        self.engine, self.sample = self.open()

    def heard(self, frames, engine=None):
        audio = (engine or self.engine).render(frames=frames)
        return memoryview(audio).cast("B").cast("f").tolist()


class Same(Base):
    def rendered(self, play):
        """What play(engine, samples) gives: the sound, and the ends."""
        engine, sample = self.open(queue=1024, channels=2, sound=RAMP)
        other = engine.load(array.array("f", [0.5] * 200))
        samples = [sample, other, sample.slice(0.001, 0.005)]
        with engine.batch():
            voices = play(engine, samples)
            voices[-1].stop(0, at_frame=600)
        sound = self.heard(3000, engine)
        ends = [(e.voice.id, e.reason, e.frame, e.started, e.late)
                for e in engine.poll()]
        self.assertEqual(len(ends), ROWS)
        self.assertTrue(any(sound))
        return sound, ends

    def check(self, columns, shared, several=False):
        """One call against as many plays."""
        def singly(engine, samples):
            return [engine.play(samples[i % 3 if several else 0], **shared,
                                **{k: v[i] for k, v in columns.items()})
                    for i in range(ROWS)]

        def many(engine, samples):
            given = [samples[i % 3] for i in range(ROWS)]
            return engine.play_many(
                given if several else samples[0], **shared, **columns,
                count=ROWS)

        self.assertEqual(self.rendered(many), self.rendered(singly))

    def test_each(self):
        """each column alone gives the sound and the ends of single plays"""
        for name, column in COLUMNS.items():
            for several in False, True:
                with self.subTest(name=name, several=several):
                    self.check({name: column}, {}, several)

    def test_all(self):
        """so do all of them together, and none"""
        for columns in COLUMNS, {}:
            for several in False, True:
                self.check(columns, {}, several)

    def test_shared(self):
        """so do options that all share"""
        self.check({"gain": COLUMNS["gain"]},
                   {"loop": True, "duration": 0.01, "fade_in": 0.001,
                    "env": tabor.ADSR(0.001, 0.002, 0.5, 0.001)})
        self.check({"at": COLUMNS["at"]},
                   {"velocity": 0.5, "gain": 0.75, "pan": 0.25, "rate": 1.25,
                    "pitch": 3, "tag": 7, "kernel": "linear",
                    "late": "catch_up"})

    def test_frames(self):
        """at_frame is a column of whole numbers"""
        self.check({"at_frame": [9 + i * 37 % 1000 for i in range(ROWS)]}, {})

    def test_slice(self):
        """a slice is played within its bounds"""
        part = self.sample.slice(0.0005, 0.001)
        self.engine.play_many(part, count=2, loop=True, duration=0.001)
        self.engine.play_many([self.sample, part], gain=[0.5, 0.25])
        self.engine.play_many(part, offset=[0, 0.0001])
        single, sample = self.open()
        part = sample.slice(0.0005, 0.001)
        for _ in range(2):
            part.play(loop=True, duration=0.001)
        sample.play(gain=0.5)
        part.play(gain=0.25)
        part.play(offset=0.0)
        part.play(offset=0.0001)
        self.assertEqual(self.heard(200), self.heard(200, single))

    def test_batch(self):
        """outside of a batch it is one by itself: all on one frame"""
        engine, sample = self.open("null", block=32, queue=1024)
        count = 0
        for _ in range(20):
            voices = engine.play_many(sample, count=100)
            starts = {voice.wait(20).started for voice in voices}
            self.assertEqual(len(starts), 1)
            count += len(voices)
        self.assertEqual(count, 2000)


class Arrays(Base):
    FORMATS = "bBhHiIlLqQfd"

    def gains(self, column):
        self.engine.play_many(self.sample, gain=column)
        return self.heard(200)[0] / LEVEL

    def test_formats(self):
        """every format of numbers is taken"""
        for letter in self.FORMATS:
            with self.subTest(format=letter):
                column = array.array(letter, [1, 2, 4])
                self.assertEqual(self.gains(column), 7)
                self.assertEqual(self.gains(memoryview(column)[::2]), 5)
                self.assertEqual(self.gains(memoryview(column)[::-1]), 7)

    def test_sequences(self):
        """so are sequences of anything that is a number"""
        class Half:
            def __float__(self):
                return 0.5

        self.assertEqual(self.gains([1, 2.0, Half()]), 3.5)
        self.assertEqual(self.gains((True, 4)), 5)
        self.assertEqual(self.gains(range(4)), 6)

    def test_wholes(self):
        """at_frame and tag take whole numbers of every size"""
        for letter in self.FORMATS[:-2]:
            column = array.array(letter, [50, 60, 70])
            voices = self.engine.play_many(self.sample, at_frame=column,
                                           tag=column, count=3)
            self.assertEqual(len(voices), 3)
            self.engine.panic()
            self.engine.render(frames=1)

    @unittest.skipUnless(numpy, "numpy is not here")
    def test_numpy(self):
        """numpy's arrays and numbers are taken as they are"""
        self.assertEqual(self.gains(numpy.array([1, 2], dtype="f4")), 3)
        self.assertEqual(self.gains(numpy.arange(6.0)[::2]), 6)
        self.engine.play_many(self.sample, gain=numpy.float32(0.5), count=2)
        self.assertEqual(self.heard(200)[0] / LEVEL, 1)
        self.engine.play_many(self.sample, gain=numpy.float64(0.5),
                              tag=numpy.int64(3), count=numpy.int8(4))
        self.assertEqual(self.heard(200)[0] / LEVEL, 2)
        with self.assertRaisesRegex(ValueError, "2 dimensions"):
            self.gains(numpy.ones((2, 2)))
        with self.assertRaisesRegex(TypeError, "format 'Zd', not of numbers"):
            self.gains(numpy.array([1j]))
        with self.assertRaisesRegex(TypeError, "whole numbers"):
            self.engine.play_many(self.sample, at_frame=numpy.array([1.5]))


class Wrong(Base):
    def refused(self, error, words, *samples, **options):
        with self.assertRaises(error) as caught:
            self.engine.play_many(*samples or [self.sample], **options)
        self.assertIn(words, str(caught.exception))

    def tearDown(self):
        """Nothing of all that was heard, and it works on."""
        self.assertEqual(set(self.heard(10)), {0.0})
        self.assertEqual(self.engine.poll(), [])
        self.engine.play_many(self.sample, count=2)
        self.assertEqual(self.heard(1), [2 * LEVEL])

    def test_lengths(self):
        """lengths that differ are named, with both columns"""
        self.refused(ValueError, "velocity and at don't agree: 2 and 3 values",
                     velocity=[1, 1], at=[0, 0, 0])
        self.refused(ValueError, "count and gain don't agree: 3 and 1 values",
                     count=3, gain=[1])
        self.refused(ValueError, "samples and pan don't agree: 1 and 2 values",
                     [self.sample], pan=[0, 0])
        self.refused(TypeError, "needs an array, a list of samples or count=")

    def test_ranges(self):
        """the first play that has a number out of range is named"""
        bad = {"velocity": 64, "gain": -1, "pan": 1.5, "rate": 0, "pitch": 99}
        for name, value in bad.items():
            said = "rate with pitch" if name == "pitch" else name
            self.refused(ValueError, f"play 2: {said} is",
                         **{name: [1, 1, value, value]})
            self.refused(ValueError, "play 0: ", count=2, **{name: value})
        for nan in float("nan"), float("inf"):
            self.refused(ValueError, "play 1: gain is", gain=[1, nan])
        self.refused(ValueError, "play 1: offset is 480 frames",
                     offset=[0, 0.01])
        self.refused(ValueError, "play 1: rate with pitch is",
                     rate=[1, 32], pitch=[0, 24])

    def test_times(self):
        """times are 0 or more, the wrong one is named"""
        self.refused(ValueError, "at[1] must be 0 or more seconds, not -0.5",
                     at=[0, -0.5])
        self.refused(ValueError, "duration[0] must be 0 or more seconds",
                     duration=[float("nan")])
        self.refused(ValueError, "at_frame[1] must be from 0 to", count=2,
                     at_frame=array.array("q", [1, -1]))
        self.refused(ValueError, "at_frame[0] must be from 0 to",
                     at_frame=[-1])
        self.refused(ValueError, "tag[1] must be from 0 to 4294967295, not",
                     tag=[1, 1 << 32])
        self.refused(TypeError, "at= (seconds) or at_frame=, not both",
                     at=[0], at_frame=[0])
        self.refused(TypeError, "at= (seconds) or at_frame=, not both",
                     at=0, at_frame=[0])

    def test_types(self):
        """what is no number is named"""
        self.refused(TypeError, "gain[1] must be a number, not str",
                     gain=[1, "x"])
        self.refused(TypeError, "gain must be a number, not str", gain="12",
                     count=2)
        self.refused(TypeError, "gain must be a number, not bytes", gain=b"12",
                     count=2)
        self.refused(TypeError, "gain must be a number, not dict", gain={},
                     count=1)
        self.refused(TypeError, "at_frame[0] must be a whole number, not "
                     "float", at_frame=[1.0])
        self.refused(TypeError, "not of whole numbers",
                     tag=array.array("f", [1]))
        self.refused(TypeError, "did you mean 'gain'?", gian=[1])
        self.refused(TypeError, "count must be a whole number", count=1.5)
        self.refused(ValueError, "late must be 'play'", late="now", count=1)

    def test_samples(self):
        """so is what is no sample, or of another engine, or unloaded"""
        other, foreign = self.open()
        gone = self.engine.load(SOUND)
        gone.unload()
        self.refused(TypeError, "play_many() takes a Sample", None, count=1)
        self.refused(TypeError, "play_many() takes a Sample", "kick", count=1)
        self.refused(TypeError, "play 1: play_many() takes a Sample",
                     [self.sample, 3])
        self.refused(ValueError, "another engine", foreign, count=1)
        self.refused(ValueError, "play 1: sample", [self.sample, foreign])
        self.refused(tabor.ClosedError, "play 1: the sample was unloaded",
                     [self.sample, gone])
        self.refused(tabor.ClosedError, "unloaded", gone, count=1)
        part = self.sample.slice(0, 0.001)
        self.refused(ValueError, "one loop for all", [part, part], loop=True)
        self.refused(ValueError, "play 1: offset is frames 96 to 96",
                     part, offset=[0, 0.002])

    def test_closed(self):
        """a closed engine says so, also if it closes while it is asked"""
        engine, sample = self.open()

        class Closer:
            def __float__(self):
                engine.close()
                return 1.0

        with self.assertRaises(tabor.ClosedError):
            engine.play_many(sample, gain=[1, Closer()])
        with self.assertRaises(tabor.ClosedError):
            engine.play_many(sample, count=1)

    def test_most(self):
        """more than ever fits is an error that names the limit"""
        self.refused(ValueError, f"at most {MOST} ever fit", count=MOST + 1)
        self.refused(ValueError, "50 commands", count=25, loop=True)
        big, sample = self.open(queue=8192)
        with self.assertRaisesRegex(ValueError, "at most 4080 ever fit"):
            big.play_many(sample, count=4081)
        self.assertEqual(len(big.play_many(sample, count=4080)), 4080)


class Full(Base):
    def ends(self):
        return len(self.engine.poll())

    def test_raise(self):
        """what does not fit now is one QueueFull that counts"""
        self.engine.play_many(self.sample, count=20)
        for _ in range(3):
            with self.assertRaises(tabor.QueueFull) as caught:
                self.engine.play_many(self.sample, gain=[1.0] * 30)
            full = caught.exception
            self.assertEqual((full.needed, full.free, full.which),
                             (30, MOST - 20, "queue"))
        self.assertEqual(self.engine.stats().refused, 3)
        self.assertEqual(self.heard(101), [20 * LEVEL] * 100 + [0.0])
        self.assertEqual(self.ends(), 20)
        self.engine.play_many(self.sample, count=30)
        self.assertEqual(self.heard(1), [30 * LEVEL])

    def test_misuse(self):
        """what is wrong is said before what is full"""
        self.engine.play_many(self.sample, count=MOST)
        with self.assertRaisesRegex(ValueError, "play 1: gain is 17"):
            self.engine.play_many(self.sample, gain=[1, 17])

    def test_brim(self):
        """the queue can be filled to the brim, and stop gets through"""
        voices = self.engine.play_many(self.sample, count=MOST, loop=False)
        self.engine.stop(0)
        self.assertEqual(set(self.heard(10)), {0.0})
        self.assertEqual(voices.alive, 0)

    def test_drop(self):
        """on_full='drop' drops all of it, counted"""
        engine, sample = self.open(on_full="drop")
        first = engine.play_many(sample, count=20)
        voices = engine.play_many(sample, count=30)
        self.assertEqual((first.sent, voices.sent), (True, False))
        self.assertEqual(engine.stats().refused, 1)
        self.assertEqual(len(voices), 30)
        self.assertEqual(voices.alive, 0)
        self.assertEqual(set(voices.ids), {0})
        self.assertIn("never sent", repr(voices))
        self.assertFalse(voices[3].alive)
        self.assertIsNone(voices[3].ended)
        self.assertIsNone(voices[3].wait())
        self.assertIs(voices[3].stop(), False)
        self.assertEqual(voices.stop(), 0)
        self.assertEqual(self.heard(1, engine), [20 * LEVEL])

    def test_wait(self):
        """on_full='wait' waits until all of it fits"""
        engine, sample = self.open("null", block=32, on_full="wait")
        ends = 0
        for _ in range(30):
            ends += len(engine.play_many(sample, count=MOST))
        while ends:
            ended = [e for e in engine.wait(20) if isinstance(e, tabor.Ended)]
            self.assertTrue(ended)
            ends -= len(ended)
        self.assertEqual(ends, 0)

    def test_wait_offline(self):
        """offline nobody waits for himself"""
        engine, sample = self.open(on_full="wait")
        engine.play_many(sample, count=MOST)
        with self.assertRaises(tabor.QueueFull):
            engine.play_many(sample, count=1)

    def test_schedule(self):
        """the schedule is filled to the brim, and refuses with its counts"""
        engine, sample = self.open(queue=8192)
        far = [1e6] * 4000
        voices = engine.play_many(sample, at=far)
        with self.assertRaises(tabor.QueueFull) as caught:
            engine.play_many(sample, at=far)
        full = caught.exception
        self.assertEqual((full.needed, full.free, full.which),
                         (4000, 80, "schedule"))
        engine.cancel()
        engine.render(frames=1)
        self.assertEqual(len(engine.poll()), 4000)
        self.assertEqual(voices.alive, 0)
        self.assertEqual(voices[17].ended.reason, "cancelled")


class Batches(Base):
    def test_sent(self):
        """in an open batch it goes with the batch"""
        with self.engine.batch():
            self.sample.play()
            voices = self.engine.play_many(self.sample, count=10)
            self.assertEqual(set(self.heard(10)), {0.0})
            self.assertEqual((voices.alive, voices.sent), (10, False))
            with self.assertRaisesRegex(tabor.Error, "with statement ends"):
                voices[0].wait()
            voices[3].stop(0)
        self.assertTrue(voices.sent)
        self.assertEqual(self.heard(1), [10 * LEVEL])
        self.assertEqual(voices.alive, 9)

    def test_abandoned(self):
        """with a batch that is not sent, none of it was ever played"""
        class Mine(Exception):
            pass

        with self.assertRaises(Mine):
            with self.engine.batch():
                voices = self.engine.play_many(self.sample, count=10)
                one = voices[0]
                raise Mine
        self.assertEqual((voices.alive, voices.sent), (0, False))
        for voice in one, voices[1]:
            self.assertFalse(voice.alive)
            self.assertIsNone(voice.ended)
            self.assertIs(voice.stop(), False)
        self.assertEqual(set(self.heard(10)), {0.0})
        self.assertEqual(len(self.engine.play_many(self.sample, count=MOST)),
                         MOST)

    def test_full(self):
        """a batch that it does not fit into is full, and goes on"""
        with self.engine.batch():
            self.engine.play_many(self.sample, count=40)
            with self.assertRaises(tabor.QueueFull) as caught:
                self.engine.play_many(self.sample, count=9)
            full = caught.exception
            self.assertEqual((full.needed, full.free, full.which),
                             (9, 8, "batch"))
            self.engine.play_many(self.sample, count=8)
        self.assertEqual(self.heard(1), [48 * LEVEL])

    def test_dropped(self):
        """under on_full='drop' the whole batch goes"""
        engine, sample = self.open(on_full="drop")
        with engine.batch() as batch:
            voices = [engine.play_many(sample, count=40),
                      engine.play_many(sample, count=9)]
        self.assertFalse(batch.sent)
        self.assertEqual([v.sent for v in voices], [False, False])
        self.assertEqual(set(self.heard(10, engine)), {0.0})


class TheVoices(Base):
    def test_sequence(self):
        """Voices are a sequence, of the same Voice at each look"""
        voices = self.engine.play_many(self.sample, count=5)
        self.assertEqual(len(voices), 5)
        self.assertIs(voices[1], voices[1])
        self.assertIs(voices[-1], voices[4])
        self.assertEqual([v.id for v in voices], list(voices.ids))
        self.assertEqual(len({v.id for v in voices}), 5)
        for index in 5, -6:
            with self.assertRaises(IndexError):
                voices[index]
        with self.assertRaisesRegex(TypeError, "a whole number or a slice"):
            voices["x"]
        self.assertEqual(len(self.engine.play_many(self.sample, count=0)), 0)
        self.assertEqual(len(self.engine.play_many([])), 0)
        self.assertEqual(len(self.engine.play_many(self.sample, gain=[])), 0)

    def test_slices(self):
        """slices show the same voices"""
        voices = self.engine.play_many(self.sample, count=10)
        ids = list(voices.ids)
        for part in (slice(2, 5), slice(None, None, -1), slice(1, 9, 3),
                     slice(7, 2, -2), slice(20, 30)):
            self.assertEqual(list(voices[part].ids), ids[part])
            self.assertEqual([v.id for v in voices[part]], ids[part])
            self.assertEqual(list(voices[::-2][part].ids), ids[::-2][part])
        self.assertIs(voices[2:5][1], voices[3])

    def test_ids(self):
        """ids are a buffer of 64-bit numbers that can't be changed"""
        voices = self.engine.play_many(self.sample, count=4)
        self.assertEqual((voices.ids.format, voices.ids.itemsize), ("Q", 8))
        self.assertTrue(voices.ids.readonly)
        self.assertEqual(bytes(voices.ids[1:2]),
                         voices[1].id.to_bytes(8, "little"))
        with self.assertRaises(TypeError):
            voices.ids[0] = 1
        ids = voices.ids
        del voices
        gc.collect()
        self.assertEqual(len(ids.tolist()), 4)

    def test_stop(self):
        """stop() stops those that have not ended, and counts them"""
        voices = self.engine.play_many(self.sample, count=10, loop=True,
                                       gain=[1.0] * 10)
        self.heard(1)
        voices[0].stop(0)
        self.heard(1)
        self.assertEqual(voices[1:3].stop(0), 2)
        self.assertEqual(self.heard(1), [7 * LEVEL])
        self.assertEqual(voices[::-2].stop(fade=0, at_frame=self.engine.frame
                                           + 5), 4)
        self.assertEqual(self.heard(6), [7 * LEVEL] * 5 + [3 * LEVEL])
        self.assertEqual(voices.stop(0), 3)
        self.assertEqual(self.heard(1), [0.0])
        self.assertEqual(voices.stop(), 0)
        self.assertEqual({v.ended.reason for v in voices}, {"stopped"})
        with self.assertRaisesRegex(ValueError, "fade"):
            voices.stop(-1)
        with self.assertRaisesRegex(TypeError, "not both"):
            voices.stop(at=1, at_frame=1)

    def test_ends(self):
        """each end finds its Voice, made before or after it came"""
        voices = self.engine.play_many(
            self.sample, at_frame=[10 * i + 5 for i in range(10)])
        before = [voices[i] for i in range(5)]
        self.heard(300)
        self.assertEqual(voices.alive, 0)
        events = self.engine.poll()
        self.assertEqual([e.voice for e in events], list(voices))
        self.assertEqual(before, list(voices)[:5])
        self.assertEqual([v.ended.started for v in voices],
                         [10 * i + 5 for i in range(10)])
        self.assertEqual([v.ended for v in voices], events)

    def test_overtaken(self):
        """and nobody else's, if its slot was used again and again before"""
        engine, sample = self.open(queue=1024)
        many, single = [], []
        for i in range(30):  # 4,096 slots
            frames = [engine.frame + row % 7 for row in range(600)]
            many.append(engine.play_many(sample, at_frame=frames))
            single += [sample.play() for _ in range(200 + i)]
            if i % 3:
                many[i][i]  # some are made before their end
            if i == 17:
                many[i - 1] = None  # and some go before it
            engine.render(frames=200)
        told = {}
        for event in engine.poll():
            told.setdefault(event.voice.id, []).append(event)
        self.assertEqual(len(told), 30 * 600 + len(single))
        self.assertEqual({len(events) for events in told.values()}, {1})
        for voices in filter(None, many):
            self.assertEqual(
                [told[i] for i in voices.ids], [[v.ended] for v in voices])
        for voice in single:
            self.assertEqual(told[voice.id], [voice.ended])
        self.assertEqual(sum(v.alive for v in filter(None, many)), 0)

    def test_nobody(self):
        """ends come also if the Voices were dropped"""
        self.engine.play_many(self.sample, count=10)
        gc.collect()
        self.heard(200)
        events = self.engine.poll()
        self.assertEqual(len(events), 10)
        self.assertEqual({e.reason for e in events}, {"finished"})

    def test_kept(self):
        """a Voice of them works without them, and they go when it goes"""
        voices = self.engine.play_many(self.sample, count=3, loop=True)
        reference, one = weakref.ref(voices), voices[1]
        del voices
        gc.collect()
        self.assertTrue(one.stop(0))
        self.heard(1)
        self.assertEqual(one.ended.reason, "stopped")
        self.engine.poll()
        del one
        gc.collect()
        self.assertIsNone(reference())

    def test_set(self):
        """a Voice of them is changed as any other, from its velocity on"""
        voices = self.engine.play_many(self.sample, velocity=[1, 0.5, 0.25])
        for voice in voices:
            voice.set(gain=0.5, ramp=0)
        self.assertEqual(self.heard(1), [1.75 * 0.5 * LEVEL])

    def test_seek(self):
        """each is sought within its own sample, or slice"""
        longer = self.engine.load(array.array("f", [LEVEL] * 300))
        part = longer.slice(100 / 48000, 150 / 48000)
        voices = self.engine.play_many([self.sample, longer, part, longer])
        singles = [s.play() for s in (self.sample, longer, part)]
        for frame in 40, 60, 120, 310:
            for voice, single in zip(voices, singles):
                with self.subTest(frame=frame, voice=voice):
                    answers = []
                    for each in voice, single:
                        try:
                            answers.append(each.seek(frame / 48000))
                        except ValueError as error:
                            answers.append(str(error))
                    self.assertEqual(*answers)
        self.assertIs(voices[1].seek(200 / 48000), True)
        self.assertIs(voices[3].seek(200 / 48000), True)
        for voice in voices[0], voices[2]:
            with self.assertRaises(ValueError):
                voice.seek(200 / 48000)

    def test_closed(self):
        """who closes the engine ends them as 'detached'"""
        voices = self.engine.play_many(self.sample, count=5)
        one = voices[0]
        self.engine.close()
        self.assertEqual(voices.alive, 0)
        self.assertEqual({v.ended.reason for v in (one, voices[1])},
                         {"detached"})
        with self.assertRaises(tabor.ClosedError):
            voices.stop()

    def test_collected(self):
        """a whole engine with them can be collected"""
        engine, sample = self.open()
        voices = engine.play_many(sample, count=5)
        self.heard(300, engine)
        voices[0].alive  # their ends wait in the engine's queue
        engine.close()
        reference = weakref.ref(engine)
        self._cleanups.clear()
        self.addCleanup(self.engine.close)
        del engine, sample, voices
        gc.collect()
        self.assertIsNone(reference())

    def test_slots(self):
        """ends are told also where a play's place was taken again"""
        engine, sample = self.open(queue=1024, voices=64)
        groups, made, count = [], [], 0
        while count < 4096:
            group = engine.play_many(sample, count=min(1000, 4096 - count))
            count += len(group)
            groups.append(group)
            made += group[::2]
            engine.render(frames=200)
        new = [sample.play() for _ in range(500)]
        new += engine.play_many(sample, count=500)
        engine.render(frames=200)
        self.assertEqual([group.alive for group in groups], [0] * 5)
        old = [voice for group in groups for voice in group]
        self.assertEqual(old[:1000:2], made[:500])
        self.assertFalse(any(voice.alive for voice in old + new))
        self.assertEqual({v.ended.voice is v for v in old + new}, {True})

    def test_threads(self):
        """threads may play at once"""
        engine, sample = self.open("null", block=32, queue=1024,
                                   on_full="wait")
        voices = []

        def run():
            for _ in range(20):
                voices.append(engine.play_many(sample, count=50))

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(len(v) for v in voices), 3000)
        for group in voices:
            self.assertIsNotNone(group[-1].wait(20))
        self.assertEqual(len({i for v in voices for i in v.ids}), 3000)


if __name__ == "__main__":
    tap.main()
