#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Voices, samples, engines and the collector end in every order."""
import unittest

import tap


ORDERS = """
import array, gc, itertools, sys, warnings
import tabor
warnings.simplefilter("ignore")
SOUND = array.array("f", [0.1] * 480)

class Round:
    def __init__(self, driver):
        self.engine = tabor.open(driver)
        self.sample = self.engine.load(SOUND)
        self.voice = self.sample.play()
        self.view = memoryview(self.sample)
        # where only rendering ends a voice, there is nothing to wait for
        self.patience = 0 if driver == "offline" else 10

    def end(self):
        "the voice ends"
        engine = getattr(self, "engine", None)
        if engine and not engine.closed and engine.driver == "offline":
            engine.render(frames=480)
        elif hasattr(self, "voice"):
            self.voice.wait(self.patience)

    def unload(self):
        if hasattr(self, "sample"):
            try:
                self.sample.unload("cut")
            except tabor.ClosedError:
                pass

    def close(self):
        if hasattr(self, "engine"):
            self.engine.close()

    def drop_engine(self):
        del self.engine

    def drop_sample(self):
        del self.sample

    def drop_voice(self):
        del self.voice

    def collect(self):
        gc.collect(0)

STEPS = ("end", "unload", "close", "drop_engine", "drop_sample", "drop_voice",
         "collect")
count = 0
for order in itertools.islice(itertools.permutations(STEPS), 0, None, 23):
    round = Round(("offline", "null")[count % 2])
    for step in order:
        getattr(round, step)()
    if bytes(round.view) != SOUND.tobytes():
        sys.exit(f"the view changed in {order}")
    count += 1
print(count)
"""

CLOCKS = '''
import array, gc, os, sys
import tabor
engine = tabor.open("offline", rate=8000, channels=1, queue=4096)
sound = engine.load(array.array("f", [0.5] * 4))

def round():
    clock = engine.clock(bpm=6000, on_error=lambda *_: None)
    async def sings():
        for _ in range(50):
            sound.play()
            await clock.wait(0.1)
    def plays():
        for _ in range(20):
            sound.play()
            clock.wait(0.1)
    def fails():
        clock.wait(1)
        raise ValueError
    for _ in range(24):
        clock.run(sings)
    clock.run(plays)
    clock.run(fails)
    clock.run(clock.wait, 1000)
    engine.render(0.1)
    assert len(engine.poll()) == 1220
    clock.close()
    gc.collect()

def state():
    return sys.getallocatedblocks(), len(os.listdir("/proc/self/task"))
for _ in range(3):
    round()
before = state()
for _ in range(41):
    round()
after = state()
print(after[0] - before[0], after[1] - before[1])
engine.close()
'''

OUTSIDE = '''
import sys
try:
    import _interpreters as inside
except ImportError:
    import _xxsubinterpreters as inside
import tabor
for _ in range(3):
    one = (inside.create("legacy") if sys.version_info >= (3, 13)
           else inside.create(isolated=False))
    failed = inside.run_string(one, sys.argv[1])
    assert not failed, failed
    inside.destroy(one)
exec(sys.argv[1])
if sys.version_info >= (3, 12):
    own = inside.create()
    try:
        failed = inside.run_string(own, "import tabor")
    except Exception as error:
        failed = error
    assert "does not support loading" in str(failed), failed
print("told")
'''

INSIDE = '''
import array
import tabor
with tabor.open("offline", channels=1) as engine:
    sound = engine.load(array.array("f", [0.5] * 9))
    voice = sound.play()
    clock = engine.clock(bpm=60)
    async def song():
        for _ in range(3):
            sound.play()
            await clock.wait(1)
    clock.run(song)
    engine.render(3)
    assert voice.ended.reason == "finished"
    assert len(engine.poll()) == 4
    try:
        engine.load("none.wav")
    except FileNotFoundError:
        print("played", flush=True)
'''


class Orders(unittest.TestCase):
    def test_orders(self):
        """voice, sample, engine and collector end in 200 orders"""
        done = tap.child(ORDERS, timeout=50)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(int(done.stdout), 200)
        self.assertEqual(done.stderr, "")

    def test_threads(self):
        """100 engines closed by one thread while others use them"""
        done = tap.child("""
import array, threading
import tabor
SOUND = array.array("f", [0.1] * 480)
calls = 0

def use(engine, sample):
    global calls
    try:
        while True:
            sample.play().wait(0.001)
            engine.poll()
            engine.ping()
            engine.load(SOUND).unload()
            engine.stats()
            calls += 1
    except (tabor.ClosedError, tabor.QueueFull):
        pass

for number in range(100):
    engine = tabor.open("null")
    sample = engine.load(SOUND)
    threads = [threading.Thread(target=use, args=(engine, sample))
               for _ in range(3)]
    for thread in threads:
        thread.start()
    engine.wait(0.01)
    engine.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
print(calls)
""", timeout=50)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(int(done.stdout), 10)

    def test_leaks(self):
        """engines that come and go leave no memory, thread or descriptor"""
        done = tap.child("""
import array, gc, os, sys
import tabor
SOUND = array.array("f", [0.1] * 480)

def round():
    with tabor.open("offline") as engine:
        engine.fileno()
        engine.on(tabor.Ended, lambda event: engine)
        sample = engine.load(SOUND, name="x")
        voices = [sample.play(gain=0.5, at=0.001) for _ in range(50)]
        bytes(engine.render(0.1)), bytes(sample)
        [voice.ended for voice in voices]
        engine.poll()
        for wrong in (lambda: sample.play(gain=99), lambda: sample.play(x=1),
                      lambda: engine.load(b"123"), lambda: engine.load("x")):
            try:
                wrong()
            except Exception:
                pass
    with tabor.open("null") as engine:
        engine.load(SOUND).play().wait()
    gc.collect()

def state():
    return (sys.getallocatedblocks(), len(os.listdir("/proc/self/fd")),
            len(os.listdir("/proc/self/task")))
for _ in range(5):
    round()
before = state()
for _ in range(40):
    round()
after = state()
print(after[0] - before[0], after[1:] == before[1:])
""", timeout=50)
        self.assertEqual(done.returncode, 0, done.stderr)
        blocks, same = done.stdout.split()
        # One object leaked each round would be 40.
        self.assertLess(int(blocks), 30)
        self.assertEqual(same, "True")

    def test_clocks_leak(self):
        """nor do clocks and their tasks, in 50,000 plays"""
        done = tap.child(CLOCKS, timeout=100)
        self.assertEqual(done.returncode, 0, done.stderr)
        blocks, threads = map(int, done.stdout.split())
        self.assertLess(blocks, 30)
        self.assertEqual(threads, 0)

    def test_subinterpreters(self):
        """a subinterpreter that shares the GIL plays, also after another one
        was destroyed; one that has its own is told that it can't"""
        done = tap.child(OUTSIDE, INSIDE, timeout=50)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "played\n" * 4 + "told\n")


if __name__ == "__main__":
    tap.main()
