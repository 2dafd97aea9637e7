#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lua beside Python on one engine: the same bytes each time offline; live,
either may fail, hang, run out of memory or be stopped while the other plays."""
import array
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import tap
import tabor

ROOT = pathlib.Path(__file__).resolve().parents[1]
DESCRIBED = ROOT / "doc" / "tabor.lua"
RATE = 48000

try:
    with tabor.open("offline") as probe:
        probe.lua("").stop()
except tabor.Error as error:
    tap.skip_all(f"Tabor was built without Lua: {error}")


def floats(audio):
    values = array.array("f")
    values.frombytes(bytes(audio))
    return values


def onsets(audio):
    """Frames of the first channel that are not silent."""
    return [i for i, value in enumerate(floats(audio)[::audio.channels])
            if value]


class Offline(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", rate=RATE)
        self.addCleanup(self.engine.close)
        self.click = self.engine.load(
            array.array("f", [1.0]), name="click")

    def test_exact(self):
        """Lua's tasks play on their frames as Python renders"""
        lua = self.engine.lua("""
            clock:run(function()
                for _ = 1, 5 do
                    play("click")
                    clock:wait(1/4)
                end
            end)""")
        audio = self.engine.render(0.3)
        self.assertEqual(onsets(audio), [0, 6000, 12000])
        audio = self.engine.render(1)
        self.assertEqual(onsets(audio), [18000 - 14400, 24000 - 14400])
        self.assertTrue(lua.wait(5))
        self.assertEqual((lua.state, lua.errors), ("ended", ()))

    def test_order(self):
        """two scripts and a clock of Python's give the same bytes each time"""
        def play():
            with tabor.open("offline", rate=RATE) as engine:
                tone = engine.load(array.array("f", [0.5] * 400), name="tone")
                for part in range(2):
                    engine.lua(f"""
                        math.randomseed({part})
                        clock:run(function()
                            for _ = 1, 200 do
                                play("tone", {{ rate = 0.5 + math.random(),
                                                pan = math.random() }})
                                clock:wait(math.random() / 20)
                            end
                        end)""")
                clock = engine.clock(bpm=300)

                def beat():
                    for _ in range(50):
                        tone.play(gain=0.3)
                        clock.wait(0.1)
                clock.run(beat)
                return bytes(engine.render(8))
        first = play()
        self.assertGreater(len(first.strip(b"\0")), 100000)
        for _ in range(3):
            self.assertEqual(play(), first)

    def test_messages(self):
        """messages of all types come back as they went, in order"""
        lua = self.engine.lua("""
            clock:run(function()
                while true do
                    local values = table.pack(receive(1))
                    if values.n == 0 then break end
                    send(table.unpack(values, 1, values.n))
                end
            end)""")
        sent = [(1,), (None, True, False), (-2**63, 2**63 - 1, 1.5),
                ("näh", b"\xff\0", ""), ([1, [2, [3]]], {"a": [1], 2: "b"}),
                ([],), (), ("x" * 100000,)]
        for message in sent:
            lua.send(*message)
        self.engine.render(3)
        got = []
        while (message := lua.receive()) is not None:
            got.append(message)
        # () ends Lua's loop: what is behind it stays unread
        self.assertEqual(got, [tuple(m) for m in sent[:6]])
        for wrong in (object(), {1, 2}, lambda: None):
            with self.assertRaises(TypeError):
                lua.send(wrong)
        with self.assertRaises(OverflowError):
            lua.send(2**63)
        nested = []
        nested.append(nested)
        with self.assertRaises(ValueError):
            lua.send(nested)

    def test_described(self):
        """doc/tabor.lua describes what it finds, with examples that run"""
        lua = self.engine.lua("for name in pairs(_G) do send(name) end")
        self.engine.render(0.1)
        names = set(iter(lua.receive, None))
        own = subprocess.run(
            os.environ.get("LUA", "lua5.4").split() + [
                "-e", "for name in pairs(_G) do print(name) end"],
            capture_output=True, text=True, check=True).stdout.split()
        found = {name for name, in names} - set(own)
        described, beside = DESCRIBED.read_text().split(" beside Python --\n")
        there = re.findall(r"^function (\w+)\(", beside, re.M)
        self.assertEqual(found, {"tabor", "engine", "clock", "play", *there})
        for name in "tabor = ", "engine = ", "clock = ", "function play(":
            self.assertIn(f"\n{name}", described)
        examples = re.findall(
            r"^---```lua\n(.*?)^---```\n(?:---[^\n]*\n)*function (\w+)", beside,
            re.M | re.S)
        self.assertEqual([name for _, name in examples], there)
        lua = self.engine.lua(
            "\n".join(re.sub("^---", "", text, flags=re.M)
                      for text, _ in examples)
            + "clock:run(function() clock:sleep(1) send(clock:tempo()) end)")
        lua.send("tempo", 140)
        self.engine.render(2)
        self.assertEqual(lua.errors, ())
        self.assertEqual([lua.receive(), lua.receive()],
                         [("chord", [0, 4, 7]), (140,)])

    def test_samples(self):
        """each finds by name what the other has loaded"""
        lua = self.engine.lua("""
            mine = assert(engine:load({ 0.25, 0.25 }, { name = "lua's" }))
            send(assert(engine:sample("click")).frames)
            clock:run(function() clock:sleep(1) end)""")
        self.engine.render(0.1)
        self.assertEqual(lua.receive(), (1,))
        self.assertEqual(self.engine.sample("lua's").frames, 2)
        with self.assertRaisesRegex(LookupError, "'nobody'"):
            self.engine.sample("nobody")
        self.engine.gain = 0.5
        lua.send()
        self.engine.render(0.1)

    def test_errors(self):
        """errors of main part and task are told with their way"""
        for code, words in (
                ("error 'main'", ("(python):1: main", "main chunk")),
                ("x = = 1", ("(python):1:", "unexpected symbol")),
                ("clock:run('broken', function() clock:wait(0.1)\nlocal x = y.z"
                 " end)", ("task 'broken' failed", "(python):2:", "'y'"))):
            lua = self.engine.lua(code)
            self.engine.render(0.5)
            self.assertTrue(lua.wait(5))
            self.assertEqual(lua.state, "failed")
            for word in words:
                self.assertIn(word, lua.errors[0])
            self.assertEqual(len(lua.errors), 1)

    def test_file(self):
        """a script may be a file; one that is missing is FileNotFoundError"""
        with tempfile.TemporaryDirectory(dir=".") as folder:
            path = pathlib.Path(folder) / "song.lua"
            path.write_text("play('click')\nerror('here')\n")
            lua = self.engine.lua(path)
            self.assertEqual(onsets(self.engine.render(0.1)), [0])
            self.assertTrue(lua.wait(5))
            self.assertIn("song.lua:2: here", lua.errors[0])
            with self.assertRaises(FileNotFoundError):
                self.engine.lua(str(path) + "x.lua")

    def test_endless(self):
        """a script that never lets a step end can be interrupted"""
        lua = self.engine.lua("clock:run(function() while true do end end)")
        def interrupt(*_):
            raise KeyboardInterrupt
        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            with self.assertRaises(KeyboardInterrupt):
                self.engine.render(1)
        finally:
            signal.signal(signal.SIGALRM, before)
        self.assertTrue(lua.stop(20))
        self.assertEqual(self.engine.render(0.1).frames, 4800)

    def test_closed(self):
        """closing the engine ends its scripts; there is none after that"""
        lua = self.engine.lua("clock:loop('on', function() clock:wait(1) end)")
        self.engine.render(1)
        self.assertTrue(lua.alive)
        self.engine.close()
        with self.assertRaises(tabor.ClosedError):
            self.engine.lua("")


class Live(unittest.TestCase):
    """Each half fails in each way; the other's task counts on."""

    COUNT = """
        clock:run("steady", function()
            for i = 1, 1000 do
                play("click")
                send(i)
                clock:sleep(0.02)
            end
        end)"""

    def setUp(self):
        self.engine = tabor.open("null", rate=RATE)
        self.addCleanup(self.engine.close)
        self.click = self.engine.load(array.array("f", [0.1] * 100),
                                      name="click")

    def counts(self, lua, wanted):
        """So many messages of COUNT's come, in order."""
        last = None
        for _ in range(wanted):
            message = lua.receive(60)
            self.assertIsNotNone(message, lua.errors)
            if last is not None:
                self.assertEqual(message[0], last + 1)
            last = message[0]

    def test_busy_python(self):
        """Lua plays on while one call keeps Python's lock"""
        lua = self.engine.lua(self.COUNT)
        self.counts(lua, 3)
        before = self.engine.frame
        # an hour of sleep in C, with the GIL held, but for an interval timer
        ctypes.PyDLL(None).usleep(500000)
        passed = (self.engine.frame - before) / RATE
        self.counts(lua, 20)
        self.assertGreater(passed, 0.4)
        self.assertEqual(lua.errors, ())

    def test_lua_dies(self):
        """a script's error, loop or memory leaves Python and others playing"""
        steady = self.engine.lua(self.COUNT)
        self.counts(steady, 2)
        for code, mem, state, words in (
                ("error 'on purpose'", 0, "failed", "on purpose"),
                ("while true do end", 0, "stopped", ""),
                ("while true do pcall(function() while true do end end) end",
                 0, "stopped", ""),
                ("coroutine.wrap(function() coroutine.wrap(function() "
                 "while true do end end)() end)()", 0, "stopped", ""),
                ("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t "
                 "end", 16, "failed", "not enough memory")):
            with self.subTest(code):
                lua = self.engine.lua(code, mem=mem)
                if state == "stopped":
                    self.assertFalse(lua.wait(0.2))
                    lua.stop()
                self.assertTrue(lua.wait(60))
                self.assertEqual(lua.state, state)
                if words:
                    self.assertIn(words, lua.errors[0])
                voice = self.click.play()
                self.assertEqual(voice.wait(60).reason, "finished")
                self.counts(steady, 2)
        self.assertTrue(steady.alive)

    def test_python_dies(self):
        """Lua's half plays to its end when Python's script fails"""
        with tempfile.TemporaryDirectory(dir=".") as folder:
            python = pathlib.Path(folder) / "brain.py"
            lua = pathlib.Path(folder) / "live.lua"
            python.write_text("raise RuntimeError('brain')\n")
            lua.write_text("clock:run(function() for _ = 1, 10 do play 'kick' "
                           "clock:sleep(0.02) end print 'played all' end)\n")
            done = subprocess.run(
                [sys.executable, "-m", "tabor", "duet", python, lua,
                 "--driver", "null"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("brain", done.stderr)
            self.assertIn("played all", done.stdout)

    def test_dropped(self):
        """dropping a script stops it, and nothing waits for it for ever"""
        for code in ("while true do end", self.COUNT, ""):
            lua = self.engine.lua(code)
            time.sleep(0.05)
            del lua
        self.assertEqual(self.click.play().wait(60).reason, "finished")

    def test_exit(self):
        """a process ends with scripts in every state"""
        code = ("import tabor, time\n"
                "engine = tabor.open('null')\n"
                "a = engine.lua('while true do end')\n"
                "b = engine.lua('clock:loop(\"x\", function() "
                "clock:wait(1) end)')\n"
                "c = engine.lua('error(1)')\n"
                "time.sleep(0.1)\n")
        done = subprocess.run([sys.executable, "-c", code],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done)


class Duet(unittest.TestCase):
    def test_example(self):
        """examples/duet renders to the same bytes twice, by both commands"""
        files = [ROOT / "examples/duet.py", ROOT / "examples/duet.lua"]
        with tempfile.TemporaryDirectory(dir=".") as folder:
            saved = []
            for number, words in enumerate((
                    [sys.executable, "-m", "tabor", "duet", *files],
                    [sys.executable, "-m", "tabor", "duet", *files],
                    ["tabor", "--python", *files])):
                path = pathlib.Path(folder) / f"{number}.wav"
                done = subprocess.run([*words, "--render", path],
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done)
                saved.append(path.read_bytes())
        self.assertGreater(len(saved[0]), 1000000)
        self.assertEqual(saved[0], saved[1])
        self.assertEqual(saved[0], saved[2])


if __name__ == "__main__":
    tap.main()
