#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The interpreter's end while threads, callbacks and tasks are at work."""
import tap
from leaving import Leaving


class Exits(Leaving):
    """The interpreter's end with more than an engine under way."""

    def test_daemon_threads(self):
        """daemon threads may play, wait and load while the script ends"""
        self.check("""
engine = tabor.open("null")
sample = engine.load(SOUND)
def play():
    while True:
        sample.play().wait()
def poll():
    while True:
        engine.wait(0.01)
def load():
    while True:
        engine.load(SOUND).play()
def run(job):
    try:
        job()
    except (tabor.ClosedError, tabor.QueueFull):
        pass
for job in (play, poll, load):
    threading.Thread(target=run, args=[job], daemon=True).start()
time.sleep(0.001 * (number % 4))
""")

    def test_callback_exit(self):
        """sys.exit() in a callback ends the script"""
        self.check("""
engine = tabor.open("offline")
engine.on(tabor.Ended, lambda event: sys.exit(5))
engine.load(SOUND).play()
engine.render(1)
engine.poll()
""", 5)

    def test_atexit(self):
        """exit functions may use an engine before and after it is closed"""
        self.check("""
def use():
    try:
        return sample.play().wait(0)
    except tabor.ClosedError:
        return sample.frames, engine.frame, repr(engine)
atexit.register(use)
engine = tabor.open("null")
sample = engine.load(SOUND)
atexit.register(use)
""")

    def test_cycle(self):
        """cycles of engine, callback, voice and view may be left behind"""
        self.check("""
engine = tabor.open("offline")
sample = engine.load(SOUND)
voice = sample.play()
view = memoryview(engine.render(0.1))
held = engine, sample, voice, view
engine.on(tabor.Ended, lambda event, held=held: held)
voice.alive
if number % 2:
    del engine, sample, voice, view, held
    gc.collect()
""")

    def test_asyncio(self):
        """an event loop may be left with tasks waiting"""
        self.check("""
engine = tabor.open("null")
async def listen():
    async for event in engine.events():
        pass
async def main():
    task = asyncio.create_task(listen())
    voice = engine.load(LONG).play()
    other = asyncio.ensure_future(voice)
    await engine.load(SOUND).play()
    if number % 2:
        sys.exit(6)
    raise SystemExit(6)
asyncio.run(main())
""", 6)


if __name__ == "__main__":
    tap.main()
