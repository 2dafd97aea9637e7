#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Events from Python: poll, wait, callbacks, selectors, asyncio."""
import array
import asyncio
import dataclasses
import gc
import selectors
import signal
import threading
import time
import unittest
import weakref

import tabor
import tap

SHORT = array.array("f", [0.1] * 480)  # 10 ms
LONG = array.array("f", [0.1] * 480000)


class Offline(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline")
        self.sample = self.engine.load(SHORT)
        self.addCleanup(self.engine.close)

    def play(self, count):
        """So many voices that have ended, their events not yet read."""
        voices = [self.sample.play() for _ in range(count)]
        self.engine.render(frames=480)
        return voices


class Polling(Offline):
    def test_poll(self):
        """poll() gives each event once, oldest first"""
        late = self.sample.play(at_frame=300)
        early = self.sample.play(at_frame=100)
        self.engine.render(frames=1000)
        events = self.engine.poll()
        self.assertEqual([e.voice for e in events], [early, late])
        self.assertEqual([e.frame for e in events], [580, 780])
        self.assertEqual(self.engine.poll(), [])

    def test_after_close(self):
        """after close(), poll() first tells how the last voices ended"""
        voices = [self.sample.play(), self.sample.play(at_frame=9999)]
        self.engine.render(frames=100)
        self.engine.close()
        ends = self.engine.poll()
        self.assertEqual({e.voice for e in ends}, set(voices))
        self.assertEqual({e.reason for e in ends}, {"detached"})
        self.assertEqual({e.started for e in ends}, {0, None})
        with self.assertRaises(tabor.ClosedError):
            self.engine.poll()

    def test_many(self):
        """5,000 voices that ended are 5,000 events, none twice"""
        seen = []
        for _ in range(20):
            seen += self.play(250) and self.engine.poll()
        self.assertEqual(len(seen), 5000)
        self.assertEqual(len({e.voice.id for e in seen}), 5000)

    def test_alive_keeps(self):
        """what voice.alive has read is still delivered by poll()"""
        voices = self.play(30)
        self.assertFalse(any(voice.alive for voice in voices))
        self.assertEqual(len(self.engine.poll()), 30)

    def test_frozen(self):
        """events are frozen dataclasses that match can take apart"""
        [voice] = self.play(1)
        match self.engine.poll():
            case [tabor.Ended(heard, "finished", frame=480, started=0)]:
                self.assertIs(heard, voice)
            case other:
                self.fail(f"{other}")
        with self.assertRaises(dataclasses.FrozenInstanceError):
            voice.ended.frame = 3
        self.assertEqual(type(voice.ended).__module__, "tabor")

    def test_wait(self):
        """wait() returns at once with what is there, [] after its time"""
        self.play(2)
        self.assertEqual(len(self.engine.wait()), 2)
        self.assertEqual(self.engine.wait(0), [])
        self.assertEqual(self.engine.wait(timeout=0.02), [])

    def test_pong(self):
        """a ping's answer is an event too"""
        with tabor.open("null") as live:
            live.ping(timeout=10)
            self.assertEqual([type(e) for e in live.wait(10)], [tabor.Pong])


class Notices(unittest.TestCase):
    def test_device(self):
        """a device that goes is DeviceLost, then DeviceBack, and time runs
        on"""
        with tabor.open("null", lose=True, fault_after=0.05) as engine:
            voice = engine.load(LONG).play()
            told = []
            while len(told) < 2:
                told += [e for e in engine.wait(20)
                         if not isinstance(e, tabor.Xrun)]
            self.assertEqual(told[:2], [tabor.DeviceLost(engine.device),
                                        tabor.DeviceBack(engine.device)])
            frame = engine.frame
            self.assertIsNone(voice.wait(0.1))
            self.assertGreater(engine.frame, frame)

    def test_xrun(self):
        """a device that stalls is an Xrun, which stats() counts too"""
        with tabor.open("null", stall_ms=300, fault_after=0.05) as engine:
            [xrun, *_] = engine.wait(20)
            self.assertIsInstance(xrun, tabor.Xrun)
            self.assertGreaterEqual(xrun.count, 1)
            self.assertGreaterEqual(engine.stats().xruns, xrun.count)

    def test_late(self):
        """commands that came too late are a Late with count and worst"""
        with tabor.open("offline") as engine:
            sample = engine.load(SHORT)
            engine.render(frames=1000)
            sample.play(at_frame=990)
            sample.play(at_frame=900)
            engine.render(frames=10)
            self.assertIn(tabor.Late(2, 100), engine.poll())


class Callbacks(Offline):
    def test_on(self):
        """on() calls the function inside poll(), in order, and off() ends
        it"""
        heard = []
        self.assertIs(self.engine.on(tabor.Ended, heard.append).__self__,
                      heard)
        voices = self.play(5)
        self.assertEqual(heard, [])
        events = self.engine.poll()
        self.assertEqual(heard, events)
        self.assertEqual(len(events), len(voices))
        self.engine.off(tabor.Ended, heard.append)
        self.play(1)
        self.engine.poll()
        self.assertEqual(len(heard), 5)

    def test_on_other(self):
        """a callback gets only the type that it asked for"""
        heard = []
        self.engine.on(tabor.Xrun, heard.append)
        self.play(3)
        self.assertEqual(len(self.engine.poll()), 3)
        self.assertEqual(heard, [])

    def test_on_errors(self):
        """on() and off() refuse what is no event type or function"""
        for bad in (int, "Ended", None, tabor.Ended.reason):
            with self.assertRaisesRegex(TypeError, "Ended, Late"):
                self.engine.on(bad, print)
        with self.assertRaises(TypeError):
            self.engine.on(tabor.Ended, 3)
        with self.assertRaises(ValueError):
            self.engine.off(tabor.Ended, print)

    def test_raises(self):
        """an exception in a callback comes out of poll(), and nothing is
        lost"""
        heard = []

        def picky(event):
            heard.append(event)
            if len(heard) in (2, 4):
                raise KeyError(len(heard))
        self.engine.on(tabor.Ended, picky)
        voices = self.play(6)
        for number in (2, 4):
            with self.assertRaises(KeyError) as caught:
                self.engine.poll()
            self.assertEqual(caught.exception.args, (number,))
        events = self.engine.poll()
        self.assertEqual([e.voice for e in events], voices)
        self.assertEqual(heard, events)
        self.assertEqual(self.engine.poll(), [])

    def test_plays(self):
        """a callback may play, poll and close"""
        def again(event):
            if len(ids) < 5:
                ids.append(self.sample.play().id)
        ids = []
        self.engine.on(tabor.Ended, again)
        self.play(1)
        for _ in range(10):
            self.engine.poll()
            self.engine.render(frames=480)
        self.assertEqual(len(set(ids)), 5)
        self.engine.on(tabor.Ended, lambda event: self.engine.close())
        self.play(1)
        self.engine.poll()
        self.assertTrue(self.engine.closed)

    def test_cycle(self):
        """an engine that its own callback holds is collected and closed"""
        def make():
            engine = tabor.open("offline")
            sample = engine.load(SHORT)
            voice = sample.play()
            engine.on(tabor.Ended, lambda event: (engine, voice, sample))
            engine.render(frames=480)
            voice.alive  # an unread event holds the voice, too
            return engine.id, [weakref.ref(engine), weakref.ref(voice),
                               weakref.ref(sample)]
        gc.disable()  # it might come by itself, in between
        self.addCleanup(gc.enable)
        number, things = make()
        self.assertNotIn(None, [thing() for thing in things])
        with self.assertWarns(ResourceWarning):
            gc.collect()
        self.assertEqual([thing() for thing in things], [None] * 3)
        with self.assertRaises(tabor.ClosedError):
            tabor.attach(number)


class Descriptor(Offline):
    def readable(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.engine, selectors.EVENT_READ)
            return bool(selector.select(0))

    def test_fileno(self):
        """fileno() is readable while events wait, wherever they wait"""
        self.assertFalse(self.readable())
        voices = self.play(3)
        self.assertTrue(self.readable())
        voices[0].alive  # takes them out of the ring
        self.assertTrue(self.readable())
        self.assertEqual(len(self.engine.poll()), 3)
        self.assertFalse(self.readable())
        self.assertEqual(self.engine.fileno(), self.engine.fileno())

    def test_fileno_raise(self):
        """fileno() stays readable when a callback has raised"""
        self.engine.fileno()
        self.engine.on(tabor.Ended, lambda event: 1 / 0)
        self.play(1)
        with self.assertRaises(ZeroDivisionError):
            self.engine.poll()
        self.assertTrue(self.readable())
        self.assertEqual(len(self.engine.poll()), 1)
        self.assertFalse(self.readable())

    def test_live(self):
        """select() wakes up for a voice that ends on a running engine"""
        with tabor.open("null") as live, \
                selectors.DefaultSelector() as selector:
            selector.register(live, selectors.EVENT_READ)
            sample = live.load(SHORT)
            for _ in range(20):
                voice = sample.play()
                events = []
                while not events:  # it may wake without one, as select() may
                    self.assertTrue(selector.select(10))
                    events = live.poll()
                self.assertEqual([e.voice for e in events], [voice])

    def test_live_poll(self):
        """wake="poll" spares the wake-up and still ends each wait"""
        with tabor.open("null", wake="poll") as live:
            sample = live.load(SHORT)
            for _ in range(5):
                voice = sample.play()
                self.assertEqual(voice.wait(10).reason, "finished")


class Waiting(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("null")
        self.sample = self.engine.load(SHORT)
        self.addCleanup(self.engine.close)

    def test_voice_wait(self):
        """voice.wait() returns its Ended, None if it takes longer"""
        long = self.engine.load(LONG).play()
        self.assertIsNone(long.wait(0.01))
        voice = self.sample.play()
        ended = voice.wait(timeout=10)
        self.assertEqual(ended, voice.ended)
        self.assertEqual(ended.frame, ended.started + 480)
        self.assertTrue(long.alive)

    def test_wait_live(self):
        """wait() without a time sleeps until a voice ends"""
        voices = {self.sample.play(at=self.engine.now + 0.02 * i)
                  for i in range(5)}
        while voices:
            for event in self.engine.wait():
                voices.remove(event.voice)
        self.assertEqual(self.engine.wait(0.01), [])

    def test_threads(self):
        """threads that wait for their voices all see them end"""
        ends = []

        def run():
            for _ in range(10):
                ends.append(self.sample.play().wait(20))
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(len(ends), 40)
        self.assertEqual({e.reason for e in ends}, {"finished"})

    def test_close_wakes(self):
        """close() in one thread ends the wait of another"""
        result = []

        def run():
            try:
                self.engine.wait()
            except tabor.ClosedError as error:
                result.append(error)
        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.05)
        self.engine.close()
        thread.join(10)
        self.assertFalse(thread.is_alive())
        self.assertEqual(len(result), 1)

    @tap.needs_signals
    def test_interrupt(self):
        """Ctrl-C ends wait(), voice.wait() and ping(), and the sound goes
        on"""
        voice = self.engine.load(LONG).play()
        self.assertIsNone(voice.wait(0.05))
        for call in (self.engine.wait, voice.wait):
            threading.Timer(0.05, signal.raise_signal,
                            [signal.SIGINT]).start()
            with self.assertRaises(KeyboardInterrupt):
                call()
        self.assertTrue(voice.alive)
        self.assertGreater(self.engine.ping(timeout=10), 0)


class Tasks(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("null")
        self.sample = self.engine.load(SHORT)
        self.addCleanup(self.engine.close)

    def run_async(self, coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, 30))

    def test_await(self):
        """await voice gives its Ended, also when it has ended before"""
        async def main():
            voice = self.sample.play()
            first = await voice
            return voice, first, await voice
        voice, first, second = self.run_async(main())
        self.assertIs(first.voice, voice)
        self.assertEqual(first, second)
        self.assertEqual(first.reason, "finished")
        self.assertEqual(len(self.engine.poll()), 1)

    def test_gather(self):
        """a hundred tasks await a hundred voices"""
        async def main():
            start = self.engine.now + 0.02
            return await asyncio.gather(
                *(self.sample.play(at=start + 0.001 * i)
                  for i in range(100)))
        ends = self.run_async(main())
        self.assertEqual(len({e.voice.id for e in ends}), 100)
        self.assertEqual({e.frame - e.started for e in ends}, {480})

    def test_events(self):
        """async for gets every event, callbacks run, a break loses none"""
        called = []
        self.engine.on(tabor.Ended, called.append)

        async def main():
            voices = [self.sample.play() for _ in range(60)]
            seen = []
            while len(seen) < 60:
                async for event in self.engine.events():
                    seen.append(event)
                    if len(seen) % 7 == 0 or len(seen) == 60:
                        break
            return voices, seen
        voices, seen = self.run_async(main())
        self.assertEqual({e.voice for e in seen}, set(voices))
        self.assertEqual(called, seen)

    def test_both(self):
        """await and async for together: each gets what it waits for"""
        async def main():
            seen = []

            async def listen():
                async for event in self.engine.events():
                    seen.append(event.voice)
            task = asyncio.create_task(listen())
            voices = []
            for _ in range(20):
                voices.append(self.sample.play())
                await voices[-1]
                voices[-1].alive
            while len(seen) < 20:
                await asyncio.sleep(0.01)
            task.cancel()
            return voices, seen
        voices, seen = self.run_async(main())
        self.assertEqual(seen, voices)

    def test_close(self):
        """close() ends what sounds and what is awaited as "detached", then
        async for"""
        async def main():
            voice = self.engine.load(LONG).play()

            async def listen():
                return [event async for event in self.engine.events()]

            async def wait():
                return await voice
            tasks = [asyncio.create_task(listen()),
                     asyncio.create_task(wait())]
            await asyncio.sleep(0.05)
            self.engine.close()
            return await asyncio.gather(*tasks)
        events, ended = self.run_async(main())
        self.assertEqual(events, [ended])
        self.assertEqual(ended.reason, "detached")

    def test_two_loops(self):
        """event loops in two threads share an engine"""
        ends = []

        def run():
            async def main():
                for _ in range(10):
                    ends.append(await self.sample.play())
            self.run_async(main())
        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
        self.assertEqual(len(ends), 20)

    def test_cancelled(self):
        """a cancelled task leaves nothing behind, and the engine is freed"""
        async def main():
            voice = self.engine.load(LONG).play()
            for _ in range(5):
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(voice, 0.01)
            await self.sample.play()
        self.run_async(main())
        self.assertIsNone(self.engine._hook)

    def test_idle(self):
        """a task that waits for a voice does not keep the loop busy"""
        async def main():
            self.sample.play()  # an event that nobody reads
            voice = self.engine.load(LONG).play()
            task = asyncio.create_task(asyncio.wait_for(voice, 0.5))
            before = time.process_time()
            with self.assertRaises(asyncio.TimeoutError):
                await task
            return time.process_time() - before
        # A loop that never sleeps takes all of the 0.5 s.
        self.assertLess(self.run_async(main()), 0.35)


if __name__ == "__main__":
    tap.main()
