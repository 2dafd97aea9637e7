#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ctrl-C at the console's prompt: it stops what Lua does, and no sound."""
import statistics
import time
import unittest

import tap
from console import Console

ROUNDS = 3
CASES = {
    "a plain loop": "while true do end",
    "a loop in a coroutine":
        "coroutine.wrap(function() while true do end end)()",
    "a loop in nested coroutines":
        ("local w = coroutine.wrap w(function() w(function() "
         "w(function() while true do end end)() end)() end)()"),
    "a loop that catches errors":
        "while true do pcall(function() while true do end end) end",
    "one in a coroutine": (
        "coroutine.wrap(function() while true do "
        "pcall(function() while true do end end) end end)()"),
    "one that swallows what its coroutines fail of": (
        "while true do coroutine.resume(coroutine.create("
        "function() while true do end end)) end"),
    "one that sorts": (
        "while true do local t = {} for i = 1, 1000 do t[i] = -i end "
        "table.sort(t, function(a, b) return a < b end) end"),
    "a wait in C": "engine:wait(3600)",
    "a wait for a voice": "v:wait()",
    "a wait for tasks": "t:join()",
    "a task that never waits": (
        "clock:run(function() while true do end end):join()"),
}
SOUND = """
v = play("bell", { loop = true, gain = 0.1 })
t = clock:run(function()
  while true do clock:sleep(3600) end
end)
"""


class Interrupt(unittest.TestCase):
    def stop(self, c, code):
        """Run code and interrupt it; seconds to the prompt."""
        c.type("io.write 'RUNS\\n' " + code + "\n")
        c.wait(lambda s: s.lines()[-1] == "" and s.lines()[-2] == "RUNS")
        time.sleep(0.05)  # so that it is on its way
        began = time.monotonic()
        c.type("\x03")
        c.wait(lambda s: s.lines()[-1] == ">")
        took = time.monotonic() - began
        self.assertIn("interrupted", c.screen.text())
        for row in c.screen.cells:
            row[:] = [" "] * len(row)
        return took

    def test_cases(self):
        """whatever Lua does, Ctrl-C has the prompt back, and sound goes on"""
        with Console("-i", "-e", SOUND) as c:
            c.wait_lines(">")
            c.run("s = engine:stats()", "> s = engine:stats()")
            for name, code in CASES.items():
                took = [self.stop(c, code) for _ in range(ROUNDS)]
                tap.comment(f"{name}: back after "
                            f"{1000 * statistics.median(took):.0f} ms")
            c.run("v.alive", "true")
            c.run("t.alive", "true")
            c.run("engine:stats().stolen + engine:stats().late", "0")
            c.run("engine:stats().frame > s.frame", "true")

    def test_handler(self):
        """also a handler that never ends, while a line is typed"""
        with Console() as c:
            c.type('engine:on("ended", function() io.write "RUNS\\n" '
                   'io.flush() while true do end end);\n')
            c.wait_lines(">")
            c.type("play('hat', {duration = 0.01});\n")
            c.wait_text("RUNS\n")
            c.read(0.1)
            began = time.monotonic()
            c.type("\x03")
            c.wait_text("interrupted")
            c.wait(lambda s: s.lines()[-1] == ">")
            tap.comment(f"back after {1000 * (time.monotonic() - began):.0f} "
                        "ms")
            c.run("6 * 7", "42")

    def test_task(self):
        """also a clock's task that never waits, while a line is typed"""
        with Console() as c:
            c.wait_lines(">")
            c.type("clock:run('runaway', function() clock:wait(0.2) "
                   "io.write 'RUNS\\n' io.flush() while true do end end);\n")
            c.wait_text("RUNS\n")
            c.read(0.1)
            c.type("\x03")
            c.wait_text("interrupted")
            c.wait(lambda s: s.lines()[-1] == ">")
            c.run("6 * 7", "42")

    def test_clean_up(self):
        """the first one lets the script clean up"""
        with Console() as c:
            c.wait_lines(">")
            c.type("do local x <close> = setmetatable({}, {__close = "
                   "function() print 'CLOSED' end}) io.write 'RUNS\\n' "
                   "while true do end end\n")
            c.wait_text("RUNS\n")
            c.read(0.1)
            c.type("\x03")
            c.wait_text("CLOSED\n")
            c.wait(lambda s: s.lines()[-1] == ">")

    def test_cost(self):
        """what is not being interrupted has no hook"""
        with Console() as c:
            c.wait_lines(">")
            c.run("debug.gethook()", "nil")
            c.run("coroutine.wrap(debug.gethook)()", "nil")


class Errors(unittest.TestCase):
    def test_task(self):
        """a failed task is told above the line, with its name and traceback;
        the others go on"""
        with Console() as c:
            c.wait_lines(">")
            c.type("clock:loop('steady', function() n = (n or 0) + 1 "
                   "clock:wait(1/8) end);\n"
                   "clock:run('broken', function() clock:wait(1) "
                   "local function deep() error 'boom' end deep() end);\n"
                   "abc")
            c.wait_text("task 'broken' failed")
            c.wait_text("in local 'deep'")
            c.wait_lines("> abc")
            c.type("\x15m = n;\n")
            c.wait_lines(">")
            c.run("while n < m + 3 do engine:wait(0.01) end",
                  "> while n < m + 3 do engine:wait(0.01) end")


if __name__ == "__main__":
    tap.main()
