#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tab at the console's prompt."""
import os
import tempfile
import unittest

import tap
from console import Console

# Whatever runs user code prints; the file takes part in completion only.
TRAPS = """
trap = setmetatable({ inside = 1 }, {
  __index = function() print "RAN" end,
  __pairs = function() print "RAN" return next, {} end,
  __name = "trap",
})
chain = setmetatable({ near = 1 },
                     { __index = setmetatable({ behind = 1 },
                                              { __index = trap }) })
round = setmetatable({}, {})
getmetatable(round).__index = round
voice = play "kick"
kick = load "kick"
text = "abc"
"""


class Complete(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.console = Console("-i", "-e", TRAPS)
        cls.console.wait_lines(">")

    @classmethod
    def tearDownClass(cls):
        cls.console.__exit__()

    def tab(self, typed, *lines):
        """Type a line and a tab; lines are the last on the screen then."""
        c = self.console
        c.type("\x15" + typed + "\t")
        c.wait_lines(*lines)
        self.assertNotIn("\nRAN", c.screen.text())

    def test_global(self):
        """globals and Lua's words are completed"""
        self.tab("engi", "> engine")
        self.tab("tabo", "> tabor")
        self.tab("functi", "> function")
        self.tab("devi", "> devices")
        self.tab("x = 1 + voi", "> x = 1 + voice")

    def test_several(self):
        """of several names what they have in common, then a list"""
        self.tab("col", "> collectgarbage")
        self.tab("string.g", "gmatch  gsub", "> string.g")
        self.tab("math.ma", "> math.max")

    def test_fields(self):
        """fields of tables are, and of the tables behind them"""
        self.tab("tabor.ver", "> tabor.version")
        self.tab("chain.beh", "> chain.behind")
        self.tab("chain.insi", "> chain.inside")
        self.tab("text:upp", "> text:upper")

    def test_methods(self):
        """methods and fields of Tabor's objects are"""
        self.tab("engine:pi", "> engine:ping")
        self.tab("engine.chan", "> engine.channels")
        self.tab("voice:rel", "> voice:release")
        self.tab("voice.al", "> voice.alive")
        self.tab("kick:", "play    slice   unload", "> kick:")

    def test_options(self):
        """option names are, where a call's table is open"""
        self.tab("play('kick', { gai", "> play('kick', { gain =")
        self.tab("play('kick', { gain = 1, cho",
                 "> play('kick', { gain = 1, choke =")
        self.tab("kick:play{ pit", "> kick:play{ pitch =")
        self.tab("voice:set { ram", "> voice:set { ramp =")
        self.tab("tabor.open{ limi", "> tabor.open{ limiter =")
        self.tab("engine:load({1}, { tru", "> engine:load({1}, { trusted =")
        self.tab("tabor.open { driver = tabo", "> tabor.open { driver = tabor")

    def test_continued(self):
        """also if the call was begun on an earlier line"""
        c = self.console
        c.type("\x15play('kick', {\n")
        c.wait_lines("> play('kick', {", ">>")
        self.tab("pitc", ">> pitch =")
        c.type("\x03")
        c.wait_lines(">> pitch = ^C", ">")

    def test_files(self):
        """names of sounds and files are, in the string of a call"""
        with tempfile.TemporaryDirectory(prefix="console-tab-",
                                         dir=".") as folder:
            name = os.path.basename(folder)
            open(folder + "/one sound.wav", "w").close()
            os.mkdir(folder + "/two")
            self.tab('load"pluc', '> load"pluck"')
            self.tab('play("sna', '> play("snare"')
            self.tab(f'load"{name}/on', f'> load"{name}/one sound.wav"')
            self.tab(f'tabor.read("{name}/tw', f'> tabor.read("{name}/two/')

    def test_not(self):
        """nothing is, in comments, other strings, and where nothing fits"""
        for typed in ("-- engi", "x = 'engi", "[[ engi", "engine:nosu",
                      "nosuch.", "trap.nosu", "trap:", "round.x"):
            self.tab(typed, "> " + typed)
            self.console.type("!")
            self.console.wait_lines("> " + typed + "!")

    def test_no_code(self):
        """no code of the user's runs for it"""
        self.tab("trap.in", "> trap.inside")
        self.tab("trap.inside.a", "> trap.inside.a")
        self.tab("trap.x.y", "> trap.x.y")
        self.console.type("\x15trap.x;\n")
        self.console.wait_lines("RAN", ">")  # the trap is set
        self.console.screen.cells[:] = [
            [" "] * 80 for _ in self.console.screen.cells]


if __name__ == "__main__":
    tap.main()
