#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An engine in other people's loops: asyncio, selectors, Tk."""
import array
import asyncio
import os
import resource
import selectors
import time
import unittest

import tabor
import tap

try:
    import tkinter
except ImportError:
    tkinter = None

VOICES = 100_000
AT_ONCE = 2000


class CountingSelector(selectors.DefaultSelector):
    """Counts how often a loop has waited, and gone on."""

    wakes = 0

    def select(self, timeout=None):
        self.wakes += 1
        return super().select(timeout)


def run(main, selector=None):
    loop = asyncio.SelectorEventLoop(selector)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


class Asyncio(unittest.TestCase):
    def test_many(self):
        """100,000 voices are awaited, each has its end, none is lost"""
        reasons = {}
        starts = []

        async def wait_for(voice):
            ended = await voice
            reasons[ended.reason] = reasons.get(ended.reason, 0) + 1
            starts.append(ended.started)

        async def main():
            with tabor.open("offline", rate=8000, channels=1, voices=AT_ONCE,
                            queue=4096) as engine:
                click = engine.load(array.array("f", [0.5] * 8))
                for _ in range(VOICES // AT_ONCE):
                    first = engine.frame
                    tasks = [asyncio.ensure_future(wait_for(
                        click.play(at_frame=first + i % 64)))
                        for i in range(AT_ONCE)]
                    while engine.stats().plays:
                        engine.render(frames=32)
                        await asyncio.sleep(0)
                    await asyncio.gather(*tasks)

        run(main())
        self.assertEqual(reasons, {"finished": VOICES})
        self.assertEqual(len(starts), VOICES)
        self.assertEqual(len(set(starts)), 64 * (VOICES // AT_ONCE))

    def test_idle(self):
        """who waits costs nothing: the loop wakes when a voice ends, not for
        each block"""
        selector = CountingSelector()

        async def main():
            with tabor.open("null", block=64) as engine:
                long = engine.load(array.array("f", [0.1] * 48000))
                short = engine.load(array.array("f", [0.1] * 480))
                voices = [long.play()] + [short.play(at=i / 20)
                                          for i in range(10)]
                loops = asyncio.ensure_future(count(engine))
                await asyncio.sleep(0)
                before = (selector.wakes, switches(), engine.stats().blocks)
                for voice in voices:
                    await voice
                after = (selector.wakes, switches(), engine.stats().blocks)
                engine.close()
                return [b - a for a, b in zip(before, after)], await loops

        async def count(engine):
            return len([event async for event in engine.events()])

        def switches():
            return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw

        (wakes, slept, blocks), events = run(main(), selector)
        tap.comment(f"{blocks} blocks: {wakes} turns of the loop, {slept} "
                    f"sleeps, {events} events")
        self.assertGreaterEqual(events, 11)
        self.assertGreater(blocks, 300)
        self.assertLess(wakes, 100)
        self.assertLess(slept, 150)


class Others(unittest.TestCase):
    def play(self, engine):
        click = engine.load(array.array("f", [0.5] * 48))
        return [click.play(at=engine.now + 0.02 + i / 100) for i in range(20)]

    def test_selectors(self):
        """a selector that watches fileno() hears of all ends, beside other
        descriptors"""
        ended, other = [], 0
        reader, writer = os.pipe()
        with tabor.open("null") as engine, CountingSelector() as selector:
            selector.register(engine.fileno(), selectors.EVENT_READ, engine)
            selector.register(reader, selectors.EVENT_READ, None)
            voices = self.play(engine)
            os.write(writer, b"x")
            deadline = time.monotonic() + 30
            while len(ended) < 20 and time.monotonic() < deadline:
                for key, _ in selector.select(5):
                    if key.data is None:
                        other += len(os.read(reader, 10))
                    else:
                        ended += [event.voice for event in engine.poll()
                                  if isinstance(event, tabor.Ended)]
            self.assertEqual(ended, voices)
            self.assertLess(selector.wakes, 60)
        self.assertEqual(other, 1)
        os.close(reader)
        os.close(writer)

    @unittest.skipIf(tkinter is None, "python3-tk is not here")
    def test_tk(self):
        """Tk's loop calls who watches fileno()"""
        ended, timers = [], []
        interpreter = tkinter.Tcl()
        with tabor.open("null") as engine:
            def readable(*_):
                ended.extend(event.voice for event in engine.poll()
                             if isinstance(event, tabor.Ended))

            interpreter.tk.createfilehandler(engine.fileno(),
                                             tkinter.READABLE, readable)
            interpreter.after(50, lambda: timers.append(1))
            voices = self.play(engine)
            deadline = time.monotonic() + 30
            turns = 0
            while len(ended) < 20 and time.monotonic() < deadline:
                interpreter.tk.dooneevent(0)
                turns += 1
            interpreter.tk.deletefilehandler(engine.fileno())
            self.assertEqual(ended, voices)
            self.assertEqual(timers, [1])
            self.assertLess(turns, 100)


if __name__ == "__main__":
    tap.main()
