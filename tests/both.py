#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python and Lua in one process, two clients of one engine."""
import array
import ctypes
import ctypes.util
import os
import signal
import sys
import threading
import time
import unittest

import tabor
import tap

TIMES = 100
FADE = 256 + 960  # frames: a block to notice, at most 20 ms to fade
QUARTER = array.array("f", [0.25] * 1000)


def load_lua():
    """The library, its symbols visible to the modules that it loads."""
    for name in ("liblua5.4.so.0", "liblua-5.4.so", "liblua.so.5.4",
                 ctypes.util.find_library("lua5.4")):
        try:
            lua = ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL) if name else None
        except OSError:
            continue
        if lua:
            return lua
    return tap.skip_all("no shared Lua 5.4 library")


liblua = load_lua()
liblua.luaL_newstate.restype = ctypes.c_void_p
liblua.lua_tolstring.restype = ctypes.c_char_p
liblua.lua_tolstring.argtypes = [ctypes.c_void_p, ctypes.c_int,
                                 ctypes.c_void_p]
liblua.luaL_loadstring.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
liblua.lua_pcallk.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int,
                              ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
liblua.lua_settop.argtypes = [ctypes.c_void_p, ctypes.c_int]
for function in (liblua.luaL_openlibs, liblua.lua_close):
    function.argtypes = [ctypes.c_void_p]
    function.restype = None


class Lua:
    """A Lua state with the engine attached as a global."""

    def __init__(self, engine):
        self.state = liblua.luaL_newstate()
        liblua.luaL_openlibs(self.state)
        try:
            self.run("tabor = require 'tabor'")
            self.run(f"engine = assert(tabor.attach({engine.id}))")
        except RuntimeError:
            self.close()
            raise

    def run(self, code):
        """Run code; returns its first result as a str, or None."""
        failed = liblua.luaL_loadstring(self.state, code.encode())
        if not failed:
            failed = liblua.lua_pcallk(self.state, 0, 1, 0, None, None)
        text = liblua.lua_tolstring(self.state, -1, None)
        liblua.lua_settop(self.state, 0)
        if failed:
            raise RuntimeError(text.decode())
        return text.decode() if text is not None else None

    def load(self, value, frames):
        self.run(f"""
            local values = {{}}
            for i = 1, {frames} do values[i] = {value} end
            sample = assert(engine:load(values))""")

    def close(self):
        liblua.lua_close(self.state)
        self.state = None


def values(audio):
    return memoryview(audio).cast("B").cast("f").tolist()


def patiently(engine):
    """A state, as soon as one of the sixteen places is free: the client that
    had it fades first."""
    end = time.monotonic() + 20
    while True:
        try:
            return Lua(engine)
        except RuntimeError as error:
            if "16" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)


class Offline(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("offline", channels=1)
        self.addCleanup(self.engine.close)
        self.lua = Lua(self.engine)
        self.addCleanup(lambda: self.lua.state and self.lua.close())
        self.sample = self.engine.load(QUARTER)
        self.lua.load(0.5, 1000)

    def test_same(self):
        """both meet one engine: its rate, its clock, its volume"""
        self.engine.render(frames=480)
        self.engine.gain = 0.5
        self.assertEqual(self.lua.run("return engine:frame()"), "480")
        self.assertEqual(self.lua.run("return engine.rate"), "48000")
        self.assertEqual(self.lua.run("return engine:gain()"), "0.5")

    def test_sum(self):
        """what both play on their frames is summed exactly"""
        self.sample.play(at_frame=100)
        self.lua.run("voice = assert(sample:play { at_frame = 600 })")
        got = values(self.engine.render(frames=2000))
        want = [0.25 * (100 <= f < 1100) + 0.5 * (600 <= f < 1600)
                for f in range(2000)]
        self.assertEqual(got, want)

    def test_render_in_lua(self):
        """either renders what both play"""
        self.sample.play(at_frame=1)
        self.lua.run("sample:play { at_frame = 1 }")
        got = self.lua.run("""
            local audio = engine:render { frames = 3 }
            return ("%g %g %g"):format(audio:get(0), audio:get(1),
                audio:get(2))""")
        self.assertEqual(got, "0 0.75 0.75")

    def test_own_events(self):
        """each is told of the ends of its own voices, and of no other"""
        mine = self.sample.play(at_frame=10)
        self.lua.run("voice = assert(sample:play { at_frame = 20 })")
        self.engine.render(frames=2000)
        events = self.engine.poll()
        self.assertEqual([(e.voice, e.frame) for e in events], [(mine, 1010)])
        self.assertEqual(self.lua.run("""
            local events = engine:poll()
            assert(#events == 1 and events[1].voice == voice)
            return events[1].frame"""), "1020")

    def test_own_stop(self):
        """one's stop() leaves the other's voices alone"""
        mine = self.sample.play()
        self.lua.run("voice = sample:play()")
        self.engine.render(frames=100)
        self.lua.run("engine:stop(0)")
        self.assertEqual(values(self.engine.render(frames=2)), [0.25, 0.25])
        self.engine.render(frames=2000)
        self.assertEqual(mine.ended.reason, "finished")
        self.assertEqual(self.lua.run("return voice.ended.reason"), "stopped")

    def test_lua_first(self):
        """when Lua closes first, its voices fade and Python's play on"""
        mine = self.engine.load(QUARTER + QUARTER).play()
        self.lua.load(0.5, 2000)
        self.lua.run("sample:play()")
        self.engine.render(frames=10)
        self.lua.close()
        self.engine.render(frames=FADE)
        self.assertEqual(values(self.engine.render(frames=500)), [0.25] * 500)
        self.engine.render(frames=1000)
        self.assertEqual(mine.ended.frame, 2000)

    def test_python_first(self):
        """when Python closes first, the engine goes on for Lua"""
        self.sample.play()
        self.lua.run("voice = sample:play { at_frame = 2000 }")
        self.engine.close()
        self.assertEqual(self.lua.run("""
            local audio = engine:render { frames = 4000 }
            assert(audio:get(1999) == 0 and audio:get(2000) == 0.5)
            return voice.ended.frame"""), "3000")

    def test_full_apart(self):
        """a full queue of one leaves room in the other's"""
        while True:
            try:
                self.sample.play(at_frame=10**6)
            except tabor.QueueFull:
                break
        self.assertEqual(
            self.lua.run("return tostring(sample:play() ~= nil)"), "true")

    def test_fork(self):
        """a forked child may close what it can't use"""
        self.sample.play()
        self.lua.run("voice = sample:play()")
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            refused = self.lua.run("return (select(3, sample:play()))")
            self.lua.close()
            os._exit(0 if refused == "closed" else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.engine.render(frames=10).frames, 10)


class Live(unittest.TestCase):
    def setUp(self):
        self.engine = tabor.open("null", block=64, on_full="wait")
        self.addCleanup(self.engine.close)
        self.sample = self.engine.load(QUARTER)

    def test_both_end(self):
        """live, the voices of both end after their length"""
        lua = Lua(self.engine)
        lua.load(0.5, 2000)
        mine = self.sample.play()
        frames = lua.run("""
            local ended = assert(sample:play():wait(20))
            assert(ended.reason == "finished")
            return ended.frame - ended.started""")
        self.assertEqual(frames, "2000")
        ended = mine.wait(20)
        self.assertEqual(ended.frame - ended.started, 1000)
        lua.close()

    def test_threads(self):
        """both play two thousand voices at once from two threads, and each
        hears of its own ends"""
        ends = []
        lua = Lua(self.engine)

        def play_in_lua():
            ends.append(lua.run(f"""
                local engine = assert(tabor.attach({self.engine.id},
                    {{ on_full = "wait" }}))
                local click = assert(engine:load({{ 1 }}))
                for _ = 1, 2000 do assert(click:play()) end
                local count = 0
                while count < 2000 do
                  count = count + #assert(engine:wait(20))
                end
                return count"""))

        thread = threading.Thread(target=play_in_lua)
        thread.start()
        click = self.engine.load(array.array("f", [1.0]))
        for _ in range(2000):
            click.play()
        count = 0
        end = time.monotonic() + 20
        while count < 2000 and time.monotonic() < end:
            count += len(self.engine.wait(1))
        thread.join(20)
        lua.close()
        self.assertEqual(count, 2000)
        self.assertEqual(ends, ["2000"])

    def test_states(self):
        """a hundred Lua states end while Python's voice plays on"""
        long = self.engine.load(array.array("f", [0.25] * 48000))
        mine = long.play(gain=0.5)
        states = 0
        for i in range(TIMES):
            lua = patiently(self.engine)
            lua.load(0.5, 1000)
            lua.run("for i = 0, 9 do sample:play { at = i / 100 } end")
            if i % 2:
                lua.run("engine:close()")
            lua.close()
            states += 1
            if mine.ended:
                mine = long.play(gain=0.5)
        self.assertEqual(states, TIMES)
        self.assertTrue(mine.alive)
        self.assertEqual(mine.wait(20).reason, "finished")

    def test_sixteen(self):
        """a seventeenth client is refused, until one of them goes"""
        states = [Lua(self.engine) for _ in range(15)]
        with self.assertRaisesRegex(RuntimeError, "16"):
            Lua(self.engine)
        states.pop().close()
        states.append(patiently(self.engine))
        for lua in states:
            lua.close()


if __name__ == "__main__":
    sys.exit(tap.main())
