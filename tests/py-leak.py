#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Python holds after many calls of every kind is what it held before."""
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import tap

KINDS = pathlib.Path(os.environ["srcdir"]) / "tests/leaks/kinds.py"
LONG = "TABOR_LONG" in os.environ
TIMES = 20000 if LONG else 300


def measured(python, *words, modules=None):
    """{kind: (calls, blocks more, references more or None)}"""
    environ = dict(os.environ)
    if modules:
        environ["PYTHONPATH"] = f"{modules}:{environ['PYTHONPATH']}"
    done = subprocess.run([python, KINDS, *map(str, words)], timeout=160,
                          capture_output=True, text=True, env=environ)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: (int(times), int(blocks),
                   None if refs == "-" else int(refs))
            for times, blocks, refs, name in rows}


def grown(counts):
    """The kinds that leave something behind. A call that does so leaves one
    each time; what caches and pools still take is a few in all."""
    return {name: row for name, row in counts.items()
            if any(more is not None and more > 8 + row[0] // 20
                   for more in row[1:])}


def debug_python():
    """Python that counts references, and what it says its headers need; or
    None."""
    found = shutil.which("python3-dbg")
    config = shutil.which("python3-dbg-config")
    if found and config and subprocess.run([found, "-c", """
import sys
sys.exit(sys.version_info < (3, 11) or not hasattr(sys, "gettotalrefcount"))
"""]).returncode == 0:
        return found, subprocess.run([config, "--includes"], text=True,
                                     capture_output=True).stdout.split()
    return None


DEBUG = debug_python()


class Counts(unittest.TestCase):
    modules = None

    def check(self, python):
        # the interpreter that counts references is slow
        times = TIMES // 3 if self.modules else TIMES
        counts = measured(python, times, modules=self.modules)
        calls = sum(row[0] for row in counts.values())
        tap.comment(f"{len(counts)} kinds, 3 times {calls} calls, at most",
                    max(row[1] for row in counts.values()), "blocks and",
                    max(row[2] or 0 for row in counts.values()),
                    "references more")
        self.assertGreater(len(counts), 50)
        self.assertEqual(grown(counts), {})
        return counts

    def check_control(self, python, column):
        """A voice that is kept a call is told by that column."""
        counts = measured(python, 500, "an unknown option",
                          modules=self.modules)
        self.assertEqual(len(counts), 1)
        (row,) = counts.values()
        # some of them came from a pool
        self.assertGreater(row[column], row[0] // 2)
        self.assertEqual(len(grown(counts)), 1)


class Blocks(Counts):
    def test_blocks(self):
        """calls of every kind leave no block allocated, errors too"""
        self.check(sys.executable)

    def test_control(self):
        """control: a voice that is kept a call is counted in blocks"""
        self.check_control(sys.executable, 1)


@unittest.skipUnless(DEBUG, "no python3-dbg, 3.11 or later")
class References(Counts):
    """The module once more, built so that it counts references too."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="t-leak.", dir=".")
        cls.addClassCleanup(folder.cleanup)
        cls.modules = os.path.abspath(folder.name)
        source = pathlib.Path(os.environ["srcdir"])
        library = os.path.join(os.environ["builddir"], "src/.libs")
        subprocess.run(
            [*shlex.split(os.environ["CC"]), "-w", "-shared", "-fPIC",
             *DEBUG[1], "-DPy_LIMITED_API=0x030B0000",
             f"-I{source / 'include'}",
             *sorted(source.glob("bindings/python/*.c")),
             "-o", f"{cls.modules}/_tabor.so", f"-L{library}", "-ltabor",
             f"-Wl,-rpath,{library}"], check=True)

    def test_references(self):
        """nor a reference, where the interpreter counts them"""
        counts = self.check(DEBUG[0])
        self.assertNotIn(None, [row[2] for row in counts.values()])

    def test_control(self):
        """control: a voice that is kept a call is counted in references"""
        self.check_control(DEBUG[0], 2)


# Plays, and what the process holds in memory before and after.
PLAYS = """
import array, sys, tabor
def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])
engine = tabor.open("offline")
sample = engine.load(array.array("f", [0.1] * 10))
kept = []
def play(count, keep):
    done = 0
    for _ in range(count // 100):
        for _ in range(100):
            voice = sample.play(gain=0.5)
            if keep:
                kept.append(voice)
        engine.render(frames=20)
        done += sum(isinstance(e, tabor.Ended) for e in engine.poll())
    return done
play(20000, False)
before = held()
print(play(int(sys.argv[1]), sys.argv[2] == "keep"), held() - before)
"""


class Memory(unittest.TestCase):
    def plays(self, count, how):
        done = tap.child(PLAYS, count, how, timeout=160)
        ended, pages = map(int, done.stdout.split())
        tap.comment(f"{ended} plays, {pages} pages more")
        self.assertEqual(ended, count, done.stderr)
        return pages

    def test_flat(self):
        """what the process holds does not grow with the plays"""
        # an allocator's own arenas may come once: 1 MiB each
        self.assertLessEqual(self.plays(1000000 if LONG else 100000, "drop"),
                             256)

    def test_flat_control(self):
        """control: it does if the voices are kept"""
        self.assertGreater(self.plays(50000, "keep"), 256)


if __name__ == "__main__":
    tap.main()
