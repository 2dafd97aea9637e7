#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tabor --watch: a script that is edited while it plays."""
import os
import signal
import subprocess
import threading
import unittest

import tap
from console import Console

FIRST = """
count = (count or 0) + 1
clock:tempo(600)
clock:loop("kick", function()
  kicks = (kicks or 0) + 1
  play("kick", { gain = 0.1 })
  clock:wait(1)
end)
clock:loop("hat", function()
  hats = (hats or 0) + 1
  clock:wait(1)
end)
"""
SECOND = """
count = count + 1
clock:loop("kick", function()
  seconds = (seconds or 0) + 1
  clock:wait(1)
end)
"""


class Watch(unittest.TestCase):
    def setUp(self):
        self.path = f"console-watch-{os.getpid()}.lua"
        self.write(FIRST)

    def tearDown(self):
        os.unlink(self.path)

    def write(self, text):
        """As editors do: another file takes the name."""
        with open(self.path + ".new", "w") as f:
            f.write(text)
        os.rename(self.path + ".new", self.path)

    def goes_on(self, c, name):
        """The loop that counts name has passes to come."""
        line = f"before = {name} or 0"
        c.run(line, "> " + line)
        line = f"while ({name} or 0) < before + 2 do engine:wait(0.01) end"
        c.run(line, "> " + line)

    def test_reload(self):
        """loops go on as the new text has them; those that are gone stop"""
        with Console("--watch", self.path, banner=True) as c:
            c.wait_lines(">")
            self.goes_on(c, "kicks")
            self.goes_on(c, "hats")
            c.type("abc")
            c.wait_lines("> abc")
            self.write(SECOND)
            c.wait_lines(f"tabor: {self.path} was run again", "> abc")
            c.type("\x15")
            c.wait_lines(">")
            self.goes_on(c, "seconds")
            c.run("count", "2")
            c.run("k, h = kicks, hats", "> k, h = kicks, hats")
            self.goes_on(c, "seconds")
            c.run("k == kicks, h == hats", "true    true")

    def test_syntax_error(self):
        """a text that is no Lua is told, and the old one plays on"""
        with Console("--watch", self.path, banner=True) as c:
            c.wait_lines(">")
            c.type("abc")
            c.wait_lines("> abc")
            self.write("x = = 1")
            c.wait_text("what runs goes on")
            c.wait_text(f"{self.path}:1: unexpected symbol")
            c.wait_lines("> abc")
            c.type("\x15")
            c.wait_lines(">")
            self.goes_on(c, "kicks")
            self.goes_on(c, "hats")
            c.run("count", "1")
            self.write(SECOND)
            c.wait_text("was run again")
            c.wait_lines(">")
            self.goes_on(c, "seconds")

    def test_error(self):
        """a text that fails is told, and the old loops play on"""
        with Console("--watch", self.path, banner=True) as c:
            c.wait_lines(">")
            self.write("error 'boom'")
            c.wait_text("boom")
            c.wait_lines(">")
            self.goes_on(c, "kicks")
            self.goes_on(c, "hats")

    def test_no_terminal(self):
        """without a terminal it watches until it is interrupted"""
        speak = "io.stderr:write('RUN ', count, '\\n')"
        self.write(FIRST + speak)
        with subprocess.Popen(
                ["tabor", "--driver", "null", "--watch", self.path],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True) as p:
            limit = threading.Timer(30, p.kill)
            limit.start()
            first = p.stderr.readline()
            self.write(SECOND + speak)
            second = p.stderr.readline()
            p.send_signal(signal.SIGINT)
            limit.cancel()
            self.assertEqual(p.wait(10), 130)
            self.assertEqual((first, second), ("RUN 1\n", "RUN 2\n"))

    def test_usage(self):
        """it needs a file, and a prompt"""
        for words in ([], ["-"], ["-e", "x=1"],
                      ["--render", "x.wav", self.path]):
            p = subprocess.run(["tabor", "--watch", *words],
                               stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual(p.returncode, 2, words)
            self.assertIn(b"--watch", p.stderr)


if __name__ == "__main__":
    tap.main()
