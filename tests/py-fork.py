#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""os.fork() with an engine open, 100 times each."""
import tap
from leaving import Leaving


class Forks(Leaving):
    """os.fork() with an engine open."""

    def test_refused(self):
        """a forked child finds its parent's engine closed, and exits"""
        self.check("""
engine = tabor.open(("null", "offline")[number % 2])
sample = engine.load(SOUND)
voice = sample.play()
pid = os.fork()
if pid == 0:
    signal.alarm(10)
    calls = [sample.play, engine.poll, voice.stop, engine.stats, engine.ping,
             engine.wait, voice.wait, engine.cancel, engine.fileno,
             sample.unload, lambda: engine.load(SOUND),
             lambda: memoryview(sample), lambda: tabor.attach(engine.id)]
    refused = 0
    for call in calls:
        try:
            call()
        except tabor.ClosedError:
            refused += 1
    engine.panic()
    sys.exit(10 + len(calls) - refused + voice.alive)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if engine.driver == "offline":
    engine.render(1)
elif voice.wait(10) is None:
    sys.exit(1)
sys.exit(status if sample.play() else 2)
""", 10)

    def test_own(self):
        """a forked child drops all it inherited and plays on its own"""
        self.check("""
engine = tabor.open("null")
sample = engine.load(SOUND)
voice = sample.play()
pid = os.fork()
if pid == 0:
    engine.close()
    del engine, sample, voice
    gc.collect()
    with tabor.open("null") as own:
        sys.exit(20 + (own.load(SOUND).play().wait(10) is None))
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status + (voice.wait(10) is None) + (sample.play().wait(10) is None))
""", 20)

    def test_busy(self):
        """a fork may come while other threads are inside the engine"""
        self.check("""
engine = tabor.open("null")
sample = engine.load(SOUND)
def run():
    try:
        while True:
            sample.play().wait()
            engine.load(SOUND)
            engine.poll()
    except (tabor.ClosedError, tabor.QueueFull):
        pass
for _ in range(3):
    threading.Thread(target=run, daemon=True).start()
time.sleep(0.003)
pid = os.fork()
if pid == 0:
    try:
        sample.play()
    except tabor.ClosedError:
        del engine
        gc.collect()
        sys.exit(30)
    sys.exit(31)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""", 30)


if __name__ == "__main__":
    tap.main()
