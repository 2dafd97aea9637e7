#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The interpreter's end in the middle of things, 100 times each."""
import tap
from leaving import Leaving


class Exits(Leaving):
    """The interpreter's end with an engine open."""

    def test_falls_off(self):
        """a script may end with everything alive"""
        self.check("""
engine = tabor.open(("null", "offline")[number % 2])
sample = engine.load(SOUND)
return engine, sample, [sample.play() for _ in range(20)]
""")

    def test_sys_exit(self):
        """sys.exit() may come while voices sound"""
        self.check("""
engine = tabor.open("null")
engine.load(LONG).play().wait(0.001 * (number % 5))
engine.load(SOUND).play()
sys.exit(3)
""", 3)

    def test_exception(self):
        """an exception that nobody catches ends a with block and the
        script"""
        self.check("""
with tabor.open("null") as engine:
    voice = engine.load(LONG).play()
    raise RuntimeError("not caught")
""", 1, stderr="RuntimeError: not caught")

    def test_os_exit(self):
        """os._exit() leaves an engine that runs behind"""
        self.check("""
engine = tabor.open("null")
engine.load(LONG).play()
os._exit(4)
""", 4)

    def test_interrupt(self):
        """Ctrl-C in a wait ends the script as it ends any"""
        self.check("""
engine = tabor.open("null")
voice = engine.load(LONG).play()
threading.Timer(0.002, os.kill, (os.getpid(), signal.SIGINT)).start()
(voice.wait, engine.wait, lambda: engine.ping(timeout=30) and voice.wait())[
    number % 3]()
""", -2, stderr="\nKeyboardInterrupt")

    def test_terminate(self):
        """SIGTERM ends a script that Python does not ask"""
        self.check("""
engine = tabor.open("null")
engine.load(LONG).play()
os.kill(os.getpid(), signal.SIGTERM)
""", -15)


if __name__ == "__main__":
    tap.main()
