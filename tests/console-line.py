#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The line that is typed at the console's prompt."""
import fcntl
import os
import signal
import struct
import tempfile
import termios
import unittest

import tap
from console import DOWN, LEFT, RIGHT, UP, Console

# A handler that speaks once the file "go" is there.
TALK = """
local click = engine:load { 1 }
engine:on("ended", function(event)
  if not io.open(%q) then
    click:play { at = engine:now() + 0.02 }
    return
  end
  %s
end)
click:play {}
"""
TWO_ROWS = 'print("one") print("two", event.reason)'
SAID = "one", "two     finished"


def is_at(row, column):
    """Is the cursor of a screen there?"""
    return lambda screen: (screen.row, screen.column) == (row, column)


class Talking(Console):
    """A console whose handler does something when it is told to."""

    def __init__(self, does, **options):
        self.go = f"console-go-{os.getpid()}"
        code = TALK.replace("%q", repr(self.go)).replace("%s", does)
        super().__init__("-i", "-e", code, **options)
        self.wait_lines(">")

    def tell(self):
        open(self.go, "w").close()

    def __exit__(self, *_):
        if os.path.exists(self.go):
            os.unlink(self.go)
        super().__exit__()


class Line(unittest.TestCase):
    def test_results(self):
        """a line that is an expression has its results printed"""
        with Console() as c:
            c.wait_lines(">")
            c.run('6 * 7', "> 6 * 7", "42")
            c.run('"a", nil, 2.5', '"a"\tnil\t2.5'.expandtabs())
            c.run('x = 5', "> x = 5")
            c.run('"quiet";', '> "quiet";')
            self.assertEqual(c.leave(), 0)

    def test_several_lines(self):
        """what is incomplete goes on, and is one entry of the history"""
        with Console() as c:
            c.run("for i = 1, 2 do\nprint(i * 11)\nend", ">> end", "11", "22")
            c.type(UP)
            c.wait_lines("> for i = 1, 2 do", "print(i * 11)", "end")
            c.type("\n")
            c.wait_lines("end", "11", "22", ">")
            c.run("{ 1,\n2 }", "{ 1, 2 }")

    def test_edit_several_lines(self):
        """an entry of several lines is edited in all of them"""
        with Console() as c:
            c.run("for i = 1, 1 do\nprint(i)\nend", "1")
            c.type(UP)
            c.wait_lines("> for i = 1, 1 do", "print(i)", "end")
            c.type(UP + UP + RIGHT * 9 + "\x08" + "3")
            c.wait_lines("> for i = 1, 3 do", "print(i)", "end")
            c.type(DOWN + " --")
            c.wait_lines("> for i = 1, 3 do", "print(i) --", "end")
            c.type("\n")
            c.wait_lines("1", "2", "3", ">")

    def test_back_into_the_chunk(self):
        """from a continuation, up goes back to all that it continues"""
        with Console() as c:
            c.type("x = {\n1,\n")
            c.wait_lines("> x = {", ">> 1,", ">>")
            c.type(UP)
            c.wait_lines("> x = {", "1,")
            c.type(" 2 }\n")
            c.wait_lines("1, 2 }", ">")
            c.run("x", "{ 1, 2 }")

    def test_interrupt(self):
        """Ctrl-C leaves a line unsaid, or a chunk; on an empty one it hints"""
        with Console() as c:
            c.wait_lines(">")
            c.type("half a line")
            c.wait_lines("> half a line")
            c.type("\x03")
            c.wait_lines("> half a line^C", ">")
            c.type("x = {\n1,\n")
            c.wait_lines(">>")
            c.type("\x03")
            c.wait_lines(">> ^C", ">")
            c.run("x", "nil")
            c.type("\x03")
            c.wait_lines("> ^C", "(hush() silences, Ctrl-D leaves)", ">")

    def test_utf8(self):
        """characters of several bytes are edited as one"""
        with Console() as c:
            c.wait_lines(">")
            c.type('"häß日"' + "\x08\x08" + '"')
            c.wait_lines('> "häß"')
            c.run("", '"häß"')


class Above(unittest.TestCase):
    def test_above(self):
        """what a handler prints is above the line, which stays as it is"""
        with Talking(TWO_ROWS) as c:
            c.type("print(half" + LEFT * 4)
            c.wait_lines("> print(half")
            c.tell()
            c.wait_lines(*SAID, "> print(half")
            self.assertEqual(c.screen.column, len("> print("))
            c.type("12-\x05 or 7)\x01")
            c.wait_lines(*SAID, "> print(12-half or 7)")
            self.assertEqual(c.screen.text().count("half"), 1)

    def test_above_rows(self):
        """also if that takes several rows, with the cursor in any"""
        text = "x = '" + "0123456789" * 21 + "'"
        shown = [("> " + text)[i:i + 80] for i in range(0, len(text) + 2, 80)]
        for back in (0, 60, 100, 200):
            with Talking(TWO_ROWS) as c:
                row, column = divmod(2 + len(text) - back, 80)
                c.type(text + LEFT * back)
                c.wait_lines(*shown)
                c.wait(is_at(row, column))
                c.tell()
                c.wait_lines(*SAID, *shown)
                row += len(c.screen.lines()) - len(shown)
                c.wait(is_at(row, column))
                self.assertEqual(c.screen.text().count("> x"), 1)
                c.run("", *shown)
                c.run("#x", "210")

    def test_above_margin(self):
        """also if it ends at the margin, or in characters of two columns"""
        for text in ("y" * 77, "y" * 78, "y" * 79, "y" * 77 + "\u65e5\u672c",
                     "y" * 78 + "\u65e5" * 41):
            with Talking(TWO_ROWS) as c:
                c.type(text)
                count = text.count("y")
                c.wait(lambda s, n=count: s.text().count("y") == n)
                c.tell()
                c.wait_text("two     finished\n> yyy")
                self.assertEqual(c.screen.text().count("> yyy"), 1)
                c.type("\x15" + "6 * 7\n")
                c.wait_lines(*SAID, "> 6 * 7", "42", ">")

    def test_above_entry(self):
        """also if it has several lines"""
        with Talking(TWO_ROWS) as c:
            c.run("for i = 1, 1 do\nprint(i)\nend", "1")
            c.type(UP + UP)
            c.wait_lines("> for i = 1, 1 do", "print(i)", "end")
            c.tell()
            c.wait_lines(*SAID, "> for i = 1, 1 do", "print(i)", "end")
            self.assertEqual(c.screen.lines()[c.screen.row], "print(i)")

    def test_above_search(self):
        """also while the history is searched"""
        with Talking(TWO_ROWS) as c:
            c.run("'needle'", '"needle"')
            c.type("\x12need")
            c.wait(lambda s: "bck" in s.lines()[-1])
            c.tell()
            c.wait_text("two     finished\n> 'needle'")
            c.type("\n")
            c.wait_lines('"needle"', ">")

    def test_part_of_a_row(self):
        """a row that was begun is not written over"""
        with Talking('io.write "part" io.stderr:write "s"') as c:
            c.run('io.write("half");', "half")
            c.type("abc")
            c.wait_lines("> abc")
            c.tell()
            c.wait(lambda s: s.lines()[-1] == "> abc"
                   and s.lines()[-2] in ("parts", "spart"))

    def test_error(self):
        """a handler's error is told above the line, with its traceback"""
        with Talking('error "boom"') as c:
            c.type("abc")
            c.wait_lines("> abc")
            c.tell()
            c.wait_text("boom\nstack traceback:")
            c.wait_lines("> abc")

    def test_much(self):
        """hundreds of rows scroll by above it"""
        with Talking('for i = 1, 400 do print("row", i) end', rows=10) as c:
            c.type("abc")
            c.wait_lines("> abc")
            c.tell()
            c.wait_lines("row     399", "row     400", "> abc")
            self.assertEqual(c.screen.text().count("row "), 400)

    def test_late(self):
        """what the engine has to complain of is told above it"""
        with Console(banner=True) as c:
            c.wait_lines("Ctrl-D leaves.", ">")
            # One batch is heard in one block, and so told in one event.
            c.type("s = engine:load({1}); engine:wait(0.2);\n"
                   "engine:batch(function() for i = 1, 3 do "
                   "s:play{at = 0.01} end end);\nabc")
            c.wait_text("3 came late, up to")
            c.wait_lines("> abc")


class Meters(unittest.TestCase):
    def test_row(self):
        """meters() is a row above the prompt, without a trace when it goes"""
        with Console(rows=12) as c:
            c.type("meters()\n")
            c.wait(lambda s: s.lines()[-1] == ">"
                   and "xruns 0" in s.lines()[-2])
            c.type("v = play('bell', {loop = true})\n")
            c.wait(lambda s: "1 voices" in s.lines()[-2]
                   and "[#" in s.lines()[-2] and s.lines()[-1] == ">")
            orders = c.screen.orders
            c.type("abc")
            c.wait(lambda s: s.lines()[-1] == "> abc"
                   and s.orders > orders + 10)
            self.assertEqual(c.screen.column, 5)
            c.type("\x03meters()\n")
            c.wait_lines("> meters()", ">")
            self.assertNotIn("xruns", c.screen.text())

    def test_rows_above(self):
        """it stays one row under all that is printed and typed"""
        with Console(rows=12) as c:
            c.type("meters()\n")
            for i in range(20):
                c.type(f"{i} * 1000\n")
            c.wait(lambda s: s.lines()[-3:-2] == ["19000"]
                   and s.lines()[-1] == ">")
            self.assertEqual(c.screen.text().count("xruns"), 1)
            c.type("x = '" + "0123456789" * 20)
            c.wait(lambda s: s.lines()[-1].endswith("789"))
            c.read(0.3)
            self.assertEqual(c.screen.text().count("xruns"), 1)


class History(unittest.TestCase):
    def setUp(self):
        self.state = tempfile.TemporaryDirectory(prefix="console-", dir=".")
        self.path = self.state.name + "/tabor/history"

    def tearDown(self):
        self.state.cleanup()

    def test_kept(self):
        """entries are kept as they are typed, for their user only"""
        with Console(state=self.state) as c:
            c.run("1 + 1", "2")
            c.run("x = {\n5 }", ">> 5 }")
            # It is killed here.
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        with Console(state=self.state) as c:
            c.wait_lines(">")
            c.type(UP)
            c.wait_lines("> x = {", "5 }")
            c.type("\x10" + "\x10")
            c.wait_lines("> 1 + 1")

    def test_two_consoles(self):
        """of two consoles at once, both keep theirs"""
        with Console(state=self.state) as one, \
                Console(state=self.state) as two:
            for i in range(5):
                one.run(f"{i} + 100", str(i + 100))
                two.run(f"{i} + 200", str(i + 200))
        with open(self.path) as f:
            kept = f.read()
        for i in range(5):
            self.assertIn(f"{i}\\040+\\040100", kept)
            self.assertIn(f"{i}\\040+\\040200", kept)
        with Console(state=self.state) as c:
            c.wait_lines(">")
            for i in reversed(range(5)):
                c.type(UP)
                c.wait_lines(f"> {i} + 200")
                c.type(UP)
                c.wait_lines(f"> {i} + 100")

    def test_cut(self):
        """a file that has grown too long is cut to the last 1000"""
        os.makedirs(os.path.dirname(self.path))
        with open(self.path, "w") as f:
            f.write("_HiStOrY_V2_\n")
            for i in range(30000):
                f.write(f"x{i}\\040=\\040'{'y' * 30}'\n")
        with Console(state=self.state) as c:
            c.run("1 + 1", "2")
        with open(self.path) as f:
            lines = f.read().splitlines()
        self.assertLess(len(lines), 1010)
        self.assertIn("x29999", lines[-2])
        self.assertEqual(lines[-1], "1\\040+\\0401")


class Shell(unittest.TestCase):
    def test_resize(self):
        """another size of the window is drawn anew"""
        with Console() as c:
            c.wait_lines(">")
            c.type("abc")
            c.wait_lines("> abc")
            fcntl.ioctl(c.fd, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 24, 40, 0, 0))
            os.kill(c.pid, signal.SIGWINCH)
            c.type("\x15" + "x = '" + "0123456789" * 5 + "'")
            c.screen.columns = 40
            c.screen.cells = [row[:40] for row in c.screen.cells]
            c.wait(lambda s: s.lines()[-1].endswith("789'"))
            c.run("", "> x = '" + ("0123456789" * 4)[:33],
                  ("0123456789" * 5)[33:] + "'")

    def test_terminated(self):
        """a console that is told to go leaves the terminal as it was"""
        with Console() as c:
            before = termios.tcgetattr(c.fd)
            c.wait_lines(">")
            while termios.tcgetattr(c.fd) == before:
                c.read()
            os.kill(c.pid, signal.SIGTERM)
            while c.read():
                pass
            self.assertEqual(os.waitstatus_to_exitcode(
                os.waitpid(c.pid, 0)[1]), -signal.SIGTERM)
            c.pid = 0
            self.assertEqual(termios.tcgetattr(c.fd)[3], before[3])

    def test_stopped(self):
        """a console that was stopped has its line again when it goes on"""
        with Console() as c:
            c.wait_lines(">")
            c.type("abc")
            c.wait_lines("> abc")
            os.kill(c.pid, signal.SIGSTOP)
            os.waitpid(c.pid, os.WUNTRACED)
            os.kill(c.pid, signal.SIGCONT)
            c.type("\x08\x08\x08" + "6*7\n")
            c.wait_lines("42", ">")


if __name__ == "__main__":
    tap.main()
