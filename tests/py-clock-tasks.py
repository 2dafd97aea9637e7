#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A clock's tasks in Python: their order, their ends, their errors."""
import array
import asyncio
import contextlib
import io
import os
import signal
import threading
import time
import unittest

import tabor
import tap

RATE = 8000


class Offline(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", rate=RATE, channels=1)
        self.addCleanup(self.engine.close)
        self.errors = []
        self.clock = self.engine.clock(
            bpm=600, on_error=lambda task, error: self.errors.append(
                (task.name, error)))
        self.sound = self.engine.load(array.array("f", [1.0]))
        self.told = []

    def tell(self, word):
        self.told.append((word, self.clock.beat()))

    def onsets(self, seconds):
        values = memoryview(self.engine.render(seconds)).cast("B").cast("f")
        return [i for i, value in enumerate(values) if value]


class Order(Offline):
    def test_order(self):
        """tasks of one moment run in the order in which they were made, one
        at a time, whatever their kind"""
        inside, most = [0], [0]

        def turn(word):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.0005)
            self.tell(word)
            inside[0] -= 1

        def thread(word, step):
            for _ in range(6):
                turn(word)
                self.clock.wait(step)

        async def coroutine(word, step):
            for _ in range(6):
                turn(word)
                await self.clock.sync(step)

        for word, function, step in (
                ("a", thread, 1), ("b", coroutine, 0.5), ("c", thread, 1 / 4),
                ("d", coroutine, 1), ("e", thread, 0.5)):
            self.clock.run(function, word, step)
        self.engine.render(1)
        self.assertEqual(len(self.told), 30)
        self.assertEqual(self.told, sorted(
            self.told, key=lambda item: (item[1], item[0])))
        self.assertEqual(most, [1])

    def test_children(self):
        """a task that is started in a task begins at that one's time"""
        def parent():
            self.clock.wait(1.5)
            self.clock.run(child)
            self.sound.play()

        async def child():
            self.tell("child")
            await self.clock.wait(0.25)
            self.sound.play()

        self.clock.run(parent)
        self.assertEqual(self.onsets(1), [1200, 1400])
        self.assertEqual(self.told, [("child", 1.5)])

    def test_at(self):
        """at() runs a function on a beat to come"""
        self.clock.at(3, self.tell, "three")
        self.clock.at(2.5, self.tell, "before")
        self.engine.render(1)
        self.assertEqual(self.told, [("before", 2.5), ("three", 3)])
        with self.assertRaisesRegex(ValueError, "beat 4 has passed: it is "
                                    "beat 10"):
            self.clock.at(4, self.tell, "late")

    def test_many(self):
        """1,000 coroutines and 100 threads play in time"""
        async def coroutine(number):
            await self.clock.wait(number / 1000)
            self.tell(number)
            await self.clock.wait(1)
            self.tell(number)

        def thread(number):
            self.clock.wait(number / 1000)
            self.tell(number)
            self.clock.wait(1)
            self.tell(number)

        for number in range(1000):
            self.clock.run(coroutine, number)
        for number in range(1000, 1100):
            self.clock.run(thread, number)
        self.engine.render(1)
        wanted = [(n, n / 1000 + b) for n in range(1100) for b in (0, 1)]
        self.assertEqual(self.told, sorted(
            wanted, key=lambda item: (item[1], item[0])))
        self.assertEqual(len(self.told), 2200)
        self.assertEqual(self.clock.stats().tasks, 0)

    def test_two_clocks(self):
        """two clocks of one engine have their own beats and one order"""
        other = self.engine.clock(bpm=60)

        def song(clock):
            for _ in range(2):
                self.sound.play()
                clock.wait(1)

        self.clock.run(song, self.clock)
        self.engine.render(0.5)
        other.run(song, other)
        self.assertEqual(self.onsets(2), [0, RATE])
        self.assertEqual((self.clock.beat(), other.beat()), (25.0, 2.5))


class Ends(Offline):
    def test_results(self):
        """a task gives what its function returned, or raises what it raised"""
        def seven():
            self.clock.wait(1)
            return 7

        async def adds():
            try:
                await self.clock.run(fails)
            except KeyError as error:
                self.told.append(error.args)
            return 1 + await self.clock.run(seven)

        def joins():
            return self.clock.run(seven).join() * 2

        def fails():
            self.clock.wait(1)
            raise KeyError("missing")

        first, second = self.clock.run(adds), self.clock.run(joins)
        self.assertFalse(first.done)
        self.engine.render(1)
        self.assertEqual((first.join(), second.join()), (8, 14))
        self.assertTrue(first.done)
        self.assertEqual(self.told, [("missing",)])
        self.assertEqual([name for name, _ in self.errors], ["fails"])
        third = self.clock.run(seven)
        with self.assertRaisesRegex(tabor.Error, "no task would ever end"):
            third.join()
        with self.assertRaises(tabor.TimedOut):
            third.join(0.01)
        self.assertIs(self.clock.join(0.01), False)

    def test_cancel(self):
        """cancel() raises Cancelled where a task waits; what it had not
        played is not played"""
        def song():
            try:
                while True:
                    self.sound.play()
                    self.clock.wait(1)
            except tabor.Cancelled:
                self.tell("cancelled")
                raise
            finally:
                self.tell("closed")

        async def sing():
            try:
                while True:
                    self.sound.play()
                    await self.clock.wait(1)
            finally:
                self.tell("closed")

        async def cancel(task):
            await self.clock.wait(2.5)
            task.cancel()

        task = self.clock.run(song)
        self.clock.run(cancel, task)
        self.assertEqual(self.onsets(0.9), [0, 800, 1600])
        self.assertEqual(self.told, [("cancelled", 2.5), ("closed", 2.5)])
        self.assertTrue(task.done)
        self.assertIsNone(task.error)
        self.assertIs(self.clock.cancel(task), False)
        task = self.clock.run(sing)
        self.engine.render(0.05)
        self.assertIs(self.clock.cancel(task), True)
        self.assertEqual(self.onsets(1), [])
        self.assertEqual(self.told[2:], [("closed", 9.5)])
        never = self.clock.run(song)
        never.cancel()
        self.assertEqual(self.onsets(1), [])
        self.assertTrue(never.done)
        self.assertEqual(self.errors, [])

    def test_hush(self):
        """hush() ends all tasks and takes back what they have scheduled"""
        def song():
            self.sound.play(at=0.5)
            while True:
                self.sound.play()
                self.clock.wait(1)

        self.clock.run(song)
        self.clock.loop("song", song)
        self.assertEqual(self.onsets(0.15), [0, 800])
        self.clock.hush()
        self.assertEqual(self.onsets(1), [])
        self.assertEqual(self.clock.stats().tasks, 0)

    def test_close(self):
        """closing ends all tasks, also those that do not listen; a closed
        clock says so"""
        def deaf():
            while True:
                try:
                    self.clock.wait(1)
                except BaseException:
                    self.tell("deaf")

        async def also_deaf():
            while True:
                try:
                    await self.clock.wait(1)
                except BaseException:
                    self.tell("also deaf")

        def song():
            try:
                self.clock.wait(100)
            finally:
                self.tell("song")

        for function in (deaf, also_deaf, song):
            self.clock.run(function)
        self.engine.render(0.1)
        self.clock.close()
        self.clock.close()
        self.assertEqual({word for word, _ in self.told},
                         {"deaf", "also deaf", "song"})
        self.assertEqual(self.clock.stats().tasks, 0)
        with self.assertRaisesRegex(tabor.ClosedError, "clock is closed"):
            self.clock.run(song)
        self.assertEqual(self.onsets(0.5), [])
        self.engine.close()
        with self.assertRaises(tabor.ClosedError):
            self.engine.clock()

    def test_exit(self):
        """a script that ends while tasks run ends at once"""
        for kind in ("", "async "):
            done = tap.child(
                "import tabor, time\n"
                "engine = tabor.open('null')\n"
                "clock = engine.clock()\n"
                f"{kind}def song():\n"
                "    while True:\n"
                f"        {'await ' * bool(kind)}clock.wait(1)\n"
                "clock.run(song)\n"
                "engine.ping(10)\n"
                "print('end')\n")
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (0, "end\n", ""))


class Loops(Offline):
    def body(self, word, beats=1):
        def body():
            self.tell(word)
            self.clock.wait(beats)
        return body

    def words(self):
        words, self.told = [word for word, _ in self.told], []
        return "".join(words)

    def test_swap(self):
        """another function takes a loop's place at its boundary, of either
        kind; None ends it there"""
        async def coroutine():
            self.tell("c")
            await self.clock.wait(1)

        first = self.clock.loop("x", self.body("a", 2))
        self.engine.render(0.55)
        self.assertIs(self.clock.loop("x", self.body("b")), first)
        self.engine.render(0.2)
        self.clock.loop("x", coroutine)
        self.engine.render(0.2)
        self.clock.loop("x", self.body("d"))
        self.engine.render(0.2)
        self.assertEqual(self.told, [
            (word, float(beat)) for word, beat in zip(
                "aaabbccdd", (0, 2, 4, 6, 7, 8, 9, 10, 11))])
        self.assertIsNotNone(self.clock.loop("x", None))
        self.engine.render(1)
        self.assertEqual(self.clock.stats().tasks, 0)
        self.assertIsNone(self.clock.loop("x", None))
        self.assertEqual(self.errors, [])

    def test_fallback(self):
        """a new body that fails on its first pass leaves the loop to the last
        good one; one that fails later ends it"""
        def bad():
            self.tell("b")
            self.clock.wait(0.5)
            raise ValueError("bad")

        passes = []

        def later():
            self.tell("l")
            passes.append(1)
            self.clock.wait(1)
            if len(passes) == 3:
                raise ValueError("later")

        self.clock.loop("x", self.body("a"))
        self.engine.render(0.2)
        self.clock.loop("x", bad)
        self.engine.render(0.3)
        self.assertEqual(self.words(), "aabaaa")
        self.assertEqual([(name, str(error)) for name, error in self.errors],
                         [("x", "bad")])
        self.clock.loop("x", later)
        self.engine.render(1)
        self.assertEqual(self.words().lstrip("a"), "lll")
        self.assertEqual(str(self.errors[1][1]), "later")
        self.assertEqual(self.clock.stats().tasks, 0)

    def test_no_wait(self):
        """a loop, or a task, that does not let time move is an error that
        names it and its line"""
        def still():
            pass

        async def waits_for_nothing():
            while True:
                await self.clock.wait(0)

        def sleeps_for_nothing():
            while True:
                self.clock.sleep(0)

        self.clock.loop("drums", still)
        self.clock.run(waits_for_nothing)
        self.clock.run(sleeps_for_nothing)
        self.clock.loop("bass", self.body("a"))
        self.engine.render(0.2)
        self.clock.loop("bass", still)
        self.engine.render(0.3)
        found = {name: str(error) for name, error in self.errors}
        self.assertEqual(set(found), {"drums", "bass", "waits_for_nothing",
                                      "sleeps_for_nothing"})
        line = still.__code__.co_firstlineno
        self.assertIn(f"'drums' does not let time move: the loop's function "
                      f"returned at beat 0.000 (py-clock-tasks.py:{line})",
                      found["drums"])
        line = sleeps_for_nothing.__code__.co_firstlineno + 2
        self.assertIn("10000 waits at beat 0.000 "
                      f"(py-clock-tasks.py:{line})",
                      found["sleeps_for_nothing"])
        self.assertEqual(self.words(), "aaaaa")


class Errors(Offline):
    def test_traceback(self):
        """without on_error a traceback is printed, with the task's name; the
        others go on"""
        clock = self.engine.clock(bpm=600)

        def fails():
            clock.wait(1)
            raise ValueError("wrong note")

        def song():
            while True:
                self.sound.play()
                clock.wait(1)

        clock.run(song)
        task = clock.run(fails)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(self.onsets(0.4), [0, 800, 1600, 2400])
        self.assertIn("task 'fails' has ended at beat 1.000", said.getvalue())
        self.assertIn("Traceback", said.getvalue())
        self.assertIn("ValueError: wrong note", said.getvalue())
        self.assertIsInstance(task.error, ValueError)

    def test_await(self):
        """a wait without await in an async function is told"""
        async def forgets():
            self.clock.wait(1)

        async def forgets_twice():
            while True:
                self.clock.wait(1)

        self.clock.run(forgets)
        self.clock.run(forgets_twice)
        self.engine.render(0.3)
        self.assertEqual([name for name, _ in self.errors],
                         ["forgets", "forgets_twice"])
        for _, error in self.errors:
            self.assertRegex(str(error), "write await clock.wait")

    def test_misuse(self):
        """misuse is told with its cure"""
        async def song():
            pass

        clock = self.engine.clock
        for call, error, words in (
                (lambda: self.clock.wait(1), tabor.Error, r"clock\.run\("),
                (lambda: self.clock.run(song()), TypeError, "function itself"),
                (lambda: self.clock.run(7), TypeError, "not 7"),
                (lambda: self.clock.loop("x", 7), TypeError, "not 7"),
                (lambda: self.clock.at(-1, song), ValueError, "-1"),
                (lambda: clock(bpm=0), ValueError, "from 1 to 6000"),
                (lambda: clock(bpm="x"), TypeError, "a number"),
                (lambda: clock(latency=-1), ValueError, "latency"),
                (lambda: clock(on_error=3), TypeError, "on_error"),
                (lambda: self.clock.tempo(1e9), ValueError, "6000"),
                (lambda: self.clock.tempo(100, -1), ValueError, "-1")):
            with self.subTest(words=words), self.assertRaisesRegex(error,
                                                                   words):
                call()

        def renders():
            self.engine.render(1)

        def joins():
            self.clock.join()

        for function, words in ((renders, "can't render"),
                                (joins, "one of them"),
                                (lambda: self.clock.wait(-1), "0 or more"),
                                (lambda: self.clock.sync(0), "or more")):
            self.errors.clear()
            self.clock.run(function)
            self.engine.render(0.1)
            self.assertEqual(len(self.errors), 1)
            self.assertRegex(str(self.errors[0][1]), words)

    def test_refused(self):
        """what did not fit into the queue is counted, with its line"""
        def song():
            try:
                for _ in range(5000):
                    self.sound.play()
            except tabor.QueueFull:
                self.tell("full")

        self.clock.run(song)
        self.engine.render(0.1)
        stats = self.clock.stats()
        self.assertEqual(self.told, [("full", 0)])
        self.assertEqual(stats.refused, 1)
        line = song.__code__.co_firstlineno + 3
        self.assertEqual(stats.places, (
            ("song", f"py-clock-tasks.py:{line}", "refused", 1),))
        self.assertIn("queue=", stats.advice)

    @tap.needs_signals
    def test_interrupt(self):
        """Ctrl-C in render() leaves the tasks as they are; the next render
        goes on"""
        def song():
            for _ in range(4):
                self.sound.play()
                self.clock.wait(1)
                if self.clock.beat() == 2:
                    os.kill(os.getpid(), signal.SIGINT)
                    time.sleep(0.05)

        signal.signal(signal.SIGINT, signal.default_int_handler)
        task = self.clock.run(song)
        with self.assertRaises(KeyboardInterrupt):
            self.engine.render(1)
        self.assertLess(self.engine.frame, 1700)
        self.engine.render(1)
        self.assertTrue(task.done)
        self.assertEqual(self.errors, [])


class Asyncio(unittest.TestCase):
    def test_live(self):
        """in asyncio tasks await the clock and anything else; the loop stays
        free, and async with ends when they have"""
        told = []

        async def ticks():
            while True:
                told.append("tick")
                await asyncio.sleep(0.001)

        async def sings(clock, sound):
            await asyncio.sleep(0.01)
            voice = sound.play()
            await clock.wait(1)
            ended = await voice
            await clock.sync(1)
            told.append(clock.beat() % 1)
            return ended.reason

        def plays(clock, sound):
            for _ in range(5):
                sound.play()
                clock.wait(1)
            told.append("thread")
            return 5

        async def main():
            with tabor.open("null") as engine:
                sound = engine.load(array.array("f", [1.0]))
                ticker = asyncio.ensure_future(ticks())
                async with engine.clock(bpm=1200) as clock:
                    first = clock.run(sings, clock, sound)
                    second = clock.run(plays, clock, sound)
                    self.assertEqual(await second, 5)
                self.assertTrue(first.done)
                ticker.cancel()
                return await asyncio.gather(first, second)

        self.assertEqual(asyncio.run(main()), ["finished", 5])
        self.assertGreater(told.count("tick"), 3)
        self.assertIn("thread", told)
        self.assertIn(0.0, told)

    def test_gone(self):
        """tasks whose loop has ended are ended, and hold up nobody"""
        told = []
        with tabor.open("null") as engine:
            clock = engine.clock(bpm=1200)

            async def sings():
                try:
                    while True:
                        await clock.wait(0.1)
                finally:
                    told.append("ended")

            async def main():
                clock.run(sings)
                await asyncio.sleep(0.05)

            asyncio.run(main())

            def counts():
                for _ in range(5):
                    clock.wait(1)
                return 5

            self.assertEqual(clock.run(counts).join(30), 5)
            self.assertEqual(told, ["ended"])

    def test_no_loop(self):
        """without a loop, what needs one is told"""
        errors = []
        with tabor.open("offline") as engine:
            clock = engine.clock(
                on_error=lambda task, error: errors.append(str(error)))

            async def sings():
                loop = asyncio.new_event_loop()
                try:
                    await loop.create_future()
                finally:
                    loop.close()

            clock.run(sings)
            engine.render(0.1)
        self.assertEqual(len(errors), 1)
        self.assertIn("asyncio.run()", errors[0])

    def test_threads_left(self):
        """no thread is left of a clock that was closed"""
        before = threading.active_count()
        with tabor.open("null") as engine:
            with engine.clock(bpm=6000) as clock:
                for _ in range(20):
                    clock.run(clock.wait, 1)
        deadline = time.monotonic() + 20
        while (threading.active_count() > before
               and time.monotonic() < deadline):
            time.sleep(0.01)
        self.assertEqual(threading.active_count(), before)


if __name__ == "__main__":
    tap.main()
