#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Batches from Python: whole or not at all."""
import array
import asyncio
import gc
import os
import signal
import threading
import unittest

import tabor
import tap

# Sums of up to 4,096 of these are exact in float32.
LEVEL = 1 / 4096
SOUND = array.array("f", [LEVEL] * 100)
KEPT = 16  # places that only stop and cancel may take
MOST = 64 - KEPT  # plays that a queue of 64 takes
SCHEDULE = 4096  # commands that may wait for their frame


class Mine(Exception):
    """What only these tests raise."""


class Base(unittest.TestCase):
    def open(self, driver="offline", *, queue=64, **options):
        engine = tabor.open(driver, channels=1, queue=queue, **options)
        self.addCleanup(engine.close)
        sample = engine.load(SOUND)
        if driver == "offline":
            engine.render(frames=1)
        return engine, sample

    def setUp(self):
        self.engine, self.sample = self.open()

    def heard(self, frames, engine=None):
        audio = (engine or self.engine).render(frames=frames)
        return memoryview(audio).cast("B").cast("f").tolist()

    def assertNever(self, voices):
        """They are of a batch that was not sent."""
        for voice in voices:
            self.assertFalse(voice.alive)
            self.assertIsNone(voice.ended)
            self.assertIsNone(voice.wait())
            self.assertIs(voice.stop(), False)
            self.assertIs(voice.set(gain=0.5), False)
            self.assertIs(voice.release(), False)
            self.assertIn("never sent", repr(voice))


class Whole(Base):
    def test_together(self):
        """nothing of a batch is heard before its end, then all on one
        frame"""
        with self.engine.batch() as batch:
            voices = [self.sample.play() for _ in range(30)]
            self.assertEqual(set(self.heard(10)), {0.0})
            self.assertTrue(all(voice.alive for voice in voices))
            self.assertFalse(batch.sent)
        self.assertTrue(batch.sent)
        self.assertEqual(self.heard(101), [30 * LEVEL] * 100 + [0.0])
        ends = self.engine.poll()
        self.assertEqual([e.voice for e in ends], voices)
        self.assertEqual({e.started for e in ends}, {11})

    def test_order(self):
        """stops and changes go with the plays, in their order"""
        with self.engine.batch():
            self.assertIs(self.sample.play().stop(0), True)
            self.assertIs(self.sample.play().set(gain=0.5, ramp=0), True)
            self.engine.stop(0)
            self.sample.play(gain=0.25)
        self.assertEqual(self.heard(1), [0.25 * LEVEL])

    def test_live(self):
        """on an engine that runs, the voices of each batch start on one
        frame"""
        engine, sample = self.open("null", block=32)
        count = 0
        for _ in range(100):
            with engine.batch():
                voices = [sample.play() for _ in range(10)]
            starts = {voice.wait(20).started for voice in voices}
            self.assertEqual(len(starts), 1)
            count += 1
        self.assertEqual(count, 100)

    def test_empty(self):
        """an empty batch is sent"""
        with self.engine.batch() as batch:
            pass
        self.assertTrue(batch.sent)

    def test_again(self):
        """a Batch can be used once more"""
        batch = self.engine.batch()
        for _ in range(3):
            with batch:
                self.assertFalse(batch.sent)
                self.sample.play()
            self.assertTrue(batch.sent)
            self.assertEqual(self.heard(100)[0], LEVEL)

    def test_loads(self):
        """a sample can be loaded and played, and dropped, inside a batch"""
        with self.engine.batch():
            self.engine.load(SOUND).play()
            gc.collect()
        self.assertEqual(self.heard(101), [LEVEL] * 100 + [0.0])
        [ended] = self.engine.poll()
        self.assertEqual(ended.reason, "finished")

    def test_threads(self):
        """what other threads send meanwhile goes with the batch"""
        voices = []
        with self.engine.batch():
            thread = threading.Thread(
                target=lambda: voices.append(self.sample.play()))
            thread.start()
            thread.join()
            self.assertEqual(self.heard(1), [0.0])
        self.assertEqual(self.heard(1), [LEVEL])

    def test_shaped(self):
        """a play with a shape takes two places, and is whole too"""
        with self.engine.batch():
            voices = [self.sample.play(loop=True, choke=1)
                      for _ in range(MOST // 2)]
        self.assertEqual(self.heard(1), [MOST // 2 * LEVEL])
        self.assertTrue(all(voice.alive for voice in voices))


class Refused(Base):
    def fill(self, count):
        for _ in range(count):
            self.sample.play()

    def test_raise(self):
        """a batch that does not fit is one QueueFull that counts, and
        nothing of it is heard"""
        self.fill(20)
        with self.assertRaises(tabor.QueueFull) as caught:
            with self.engine.batch() as batch:
                voices = [self.sample.play() for _ in range(30)]
        full = caught.exception
        self.assertEqual((full.needed, full.free, full.which),
                         (30, MOST - 20, "queue"))
        self.assertFalse(batch.sent)
        self.assertNever(voices)
        self.assertEqual(self.heard(100), [20 * LEVEL] * 100)
        self.assertEqual(len(self.engine.poll()), 20)
        self.assertEqual(self.engine.stats().refused, 1)

    def test_exception(self):
        """an exception forgets the batch and goes through"""
        with self.assertRaises(Mine):
            with self.engine.batch() as batch:
                voices = [self.sample.play() for _ in range(10)]
                raise Mine
        self.assertFalse(batch.sent)
        self.assertNever(voices)
        self.assertEqual(set(self.heard(200)), {0.0})
        self.assertEqual(self.engine.poll(), [])

    def test_after(self):
        """after a forgotten batch voices are told apart, however often"""
        for _ in range(300):
            with self.assertRaises(Mine):
                with self.engine.batch():
                    never = [self.sample.play() for _ in range(MOST)]
                    raise Mine
            voices = [self.sample.play() for _ in range(MOST)]
            self.assertEqual(self.heard(100)[0], MOST * LEVEL)
            self.assertEqual([e.voice for e in self.engine.poll()], voices)
            self.assertTrue(all(v.ended for v in voices))
            self.assertFalse(any(v.ended for v in never))
            self.assertFalse({v.id for v in never} & {v.id for v in voices})

    def test_older(self):
        """a forgotten stop() leaves its voice as it was"""
        voice = self.sample.play()
        self.heard(1)
        with self.assertRaises(Mine):
            with self.engine.batch():
                self.assertIs(voice.stop(0), True)
                raise Mine
        self.assertTrue(voice.alive)
        self.assertEqual(self.heard(99), [LEVEL] * 99)
        self.assertEqual(voice.ended.reason, "finished")

    def test_too_large(self):
        """a batch holds what the queue can: more is QueueFull at once"""
        with self.assertRaises(tabor.QueueFull) as caught:
            with self.engine.batch():
                voices = []
                while True:
                    voices.append(self.sample.play())
        self.assertEqual(caught.exception.which, "batch")
        self.assertEqual(len(voices), MOST)
        self.assertNever(voices)

    def test_caught(self):
        """who catches a refusal inside keeps the rest of the batch"""
        with self.engine.batch() as batch:
            for _ in range(MOST):
                self.sample.play()
            with self.assertRaises(tabor.QueueFull):
                self.sample.play()
        self.assertTrue(batch.sent)
        self.assertEqual(self.heard(1), [MOST * LEVEL])

    def test_drop(self):
        """on_full="drop" drops the whole batch, and counts it"""
        engine, sample = self.open(on_full="drop")
        for _ in range(20):
            sample.play()
        with engine.batch() as batch:
            voices = [sample.play() for _ in range(30)]
        self.assertFalse(batch.sent)
        self.assertNever(voices)
        self.assertEqual(engine.stats().refused, 1)
        self.assertEqual(self.heard(1, engine), [20 * LEVEL])

    def test_drop_too_large(self):
        """on_full="drop" drops a batch whole even if one play of it was
        too many"""
        engine, sample = self.open(on_full="drop")
        with engine.batch() as batch:
            voices = [sample.play() for _ in range(MOST + 1)]
            self.assertTrue(voices[0].alive)
            self.assertFalse(voices[-1].alive)
        self.assertFalse(batch.sent)
        self.assertNever(voices[:-1])
        self.assertEqual(voices[-1].ended.reason, "cancelled")
        self.assertEqual(self.heard(1, engine), [0.0])
        with engine.batch() as batch:
            sample.play()
        self.assertTrue(batch.sent)

    def test_nested(self):
        """batches do not nest: an Error, and the outer one is sent"""
        with self.engine.batch() as outer:
            self.sample.play()
            for batch in (self.engine.batch(), outer):
                with self.assertRaisesRegex(tabor.Error, "nest"):
                    with batch:
                        self.fail("never runs")
            self.sample.play()
        self.assertTrue(outer.sent)
        self.assertEqual(self.heard(1), [2 * LEVEL])

    def test_two_connections(self):
        """a batch is its own connection's only"""
        with tabor.attach(self.engine.id) as other:
            with self.engine.batch():
                self.sample.play()
                with other.batch():
                    other.stop()
                self.assertEqual(self.heard(1), [0.0])
            self.assertEqual(self.heard(1), [LEVEL])

    def test_closed(self):
        """close() inside a batch forgets it; the end says so"""
        with self.assertRaises(tabor.ClosedError):
            with self.engine.batch():
                voice = self.sample.play()
                self.engine.close()
        self.assertNever([voice])
        with self.assertRaises(Mine):
            with self.open()[0].batch() as batch:
                batch._engine.close()
                raise Mine
        with self.assertRaises(tabor.ClosedError):
            with self.engine.batch():
                self.fail("never runs")

    def test_wait_inside(self):
        """wait() for a voice of the open batch says that it would be for
        ever"""
        engine, sample = self.open("null")
        with engine.batch():
            voice = sample.play()
            with self.assertRaisesRegex(tabor.Error, "batch"):
                voice.wait()
            self.assertIsNone(voice.wait(0.01))
        self.assertEqual(voice.wait(20).reason, "finished")

    def test_await(self):
        """a task that waits for a voice of a forgotten batch goes on"""
        async def main():
            engine, sample = self.open("null")
            with self.assertRaises(Mine):
                with engine.batch():
                    task = asyncio.ensure_future(
                        self.ended(sample.play()))
                    await asyncio.sleep(0.01)
                    self.assertFalse(task.done())
                    raise Mine
            self.assertIsNone(await asyncio.wait_for(task, 20))
        asyncio.run(main())

    @staticmethod
    async def ended(voice):
        return await voice

    def test_dropped(self):
        """an engine that is dropped in a batch goes, and no error comes"""
        done = tap.child(
            "import gc, tabor\n"
            "def leave():\n"
            "    engine = tabor.open('offline')\n"
            "    s = engine.load(memoryview(bytes(400)).cast('f'))\n"
            "    engine.batch().__enter__()\n"
            "    return [s.play() for _ in range(9)]\n"
            "voices = leave()\n"
            "del voices\n"
            "gc.collect()\n"
            "voices = leave()\n"
            "print('end')\n")
        self.assertEqual((done.stdout, done.returncode), ("end\n", 0), done)

    def test_forked(self):
        """in a forked child the batch is nobody's"""
        with self.engine.batch():
            voice = self.sample.play()
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    with self.assertRaises(tabor.ClosedError):
                        self.engine._batch_commit()
                    self.assertFalse(voice.alive)
                    code = 0
                finally:
                    os._exit(code)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.heard(1), [LEVEL])


class Wait(Base):
    def test_offline(self):
        """on_full="wait" raises at once where only rendering makes room"""
        engine, sample = self.open(on_full="wait")
        for _ in range(20):
            sample.play()
        with self.assertRaises(tabor.QueueFull):
            with engine.batch():
                voices = [sample.play() for _ in range(30)]
        self.assertNever(voices)

    def test_null(self):
        """on_full="wait" sends each batch as soon as all of it fits"""
        engine, sample = self.open("null", on_full="wait", voices=4096)
        batches = []
        for _ in range(40):
            with engine.batch() as batch:
                batches.append([sample.play() for _ in range(MOST)])
            self.assertTrue(batch.sent)
        for voices in batches:
            starts = {voice.wait(20).started for voice in voices}
            self.assertEqual(len(starts), 1)
        self.assertEqual(len(engine.poll()), 40 * MOST)

    def blocked(self):
        """An engine whose schedule is full for an hour."""
        engine, sample = self.open("null", queue=4096, voices=4096,
                                   on_full="wait")
        later = engine.now + 3600
        for _ in range(SCHEDULE - KEPT):
            sample.play(at=later, tag=7)
        return engine, sample, later

    @tap.needs_signals
    def test_interrupt(self):
        """Ctrl-C ends the wait for room, and forgets the batch"""
        engine, sample, later = self.blocked()
        threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
        with self.assertRaises(KeyboardInterrupt):
            with engine.batch():
                voices = [sample.play(at=later) for _ in range(KEPT + 1)]
        self.assertNever(voices)
        engine.cancel()
        with engine.batch() as batch:
            voice = sample.play()
        self.assertTrue(batch.sent)
        self.assertEqual(voice.wait(20).reason, "finished")

    def test_releases(self):
        """other threads run meanwhile, and their connection's panic() frees
        it"""
        engine, sample, later = self.blocked()
        timer = threading.Timer(0.1, engine.panic)
        timer.start()
        with engine.batch() as batch:
            [sample.play(at=later) for _ in range(KEPT + 1)]
        timer.join()
        self.assertTrue(batch.sent)

    def test_close(self):
        """close() in another thread ends the wait with ClosedError"""
        engine, sample, later = self.blocked()
        threading.Timer(0.1, engine.close).start()
        with self.assertRaises(tabor.ClosedError):
            with engine.batch():
                voices = [sample.play(at=later) for _ in range(KEPT + 1)]
        self.assertNever(voices)


if __name__ == "__main__":
    tap.main()
