#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All that the audio thread can call, walked from where it enters: src/rt is
compiled once more, with the flags it is built with, and gcc writes the call
graph. The sins of tests/guard/calls.c show that each fault would be found.
"""
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import tap

SOURCE = pathlib.Path(os.environ["srcdir"])
BUILD = pathlib.Path(os.environ["builddir"])
sys.path.insert(0, str(SOURCE / "tests" / "guard"))
from callgraph import Graph  # noqa: E402

STACK_MAX = 8192

# What a driver calls: a block is asked for, watched or not; something is told.
ROOTS = ["tabor_process_run", "tabor_process_run_watched", "host_notify"]

# tests/rt-symbols.sh has the reasons.
OUTSIDE = {"memcpy", "memmove", "memset", "clock_gettime", "write",
           "__builtin_memcpy", "__builtin_memset", "__builtin_memmove"}

# An indirect call is one of a kernel, out of a table that is const, or one to
# the checker that is preloaded.
KERNEL = re.compile(r"\b(?:tabor_)?kernels(?:_(\w+))?->(\w+)\(")
WATCH = re.compile(r"\bwatch\.(enter|leave)\(")


def make_says(name):
    """A variable of the build, as make has it."""
    clean = {k: v for k, v in os.environ.items()
             if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    made = subprocess.run(["make", "-s", "--no-print-directory", "-C", BUILD,
                           name], env=clean, capture_output=True, text=True,
                          timeout=60)
    if made.returncode:
        raise RuntimeError(f"make {name}: {made.stderr}")
    return [shlex.split(line) for line in made.stdout.splitlines()]


def usable_gcc(compiler):
    """The build's compiler if it draws call graphs, else gcc, else None."""
    for words in (compiler, ["gcc"]):
        if not shutil.which(words[0]):
            continue
        tried = subprocess.run(
            [*words, "-fcallgraph-info=su,da", "-x", "c", "-c", "-",
             "-o", os.devnull], input="", capture_output=True, text=True,
            cwd=FOLDER)
        if tried.returncode == 0:
            return words
    return None


def draw(source, flags, folder):
    """Compile a file, its graph beside it."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [*COMPILER, *flags, f"-I{SOURCE / 'src'}", f"-I{SOURCE / 'include'}",
         f"-I{BUILD}", "-fPIC", "-fcallgraph-info=su,da", "-c",
         SOURCE / source, "-o", folder / f"{pathlib.Path(source).stem}.o"],
        capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"{source}: {done.stderr}")


def flags_for(source, flags):
    for level in ("sse2", "avx2", "avx512"):
        if level in source:
            return flags[level]
    return flags["other"]


def source_line(where):
    path, line, _ = where.rsplit(":", 2)
    return pathlib.Path(path).read_text().splitlines()[int(line) - 1]


def kernels(graph, level, member):
    """The functions behind one member of the kernels' tables."""
    found = []
    for path in sorted((SOURCE / "src" / "rt").glob("kernel_*.c")):
        if level and path.stem != f"kernel_{level}":
            continue
        for name in re.findall(rf"\.{member} = (\w+)", path.read_text()):
            found += graph.named(name, path.name)
    return found or None


def resolver(graph):
    def resolve(where):
        line = source_line(where)
        if WATCH.search(line):
            return []  # not ours: it is absent, or is being told
        match = KERNEL.search(line)
        return kernels(graph, *match.groups()) if match else None
    return resolve


def touch_and_depth(graph, toucher, root):
    """The frame of the one, and all that the other takes."""
    return (graph.named(toucher)[0].frame,
            graph.walk([root], OUTSIDE, resolver(graph)).stack)


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        flags = {words[0]: words[1:] for words in make_says("rt-flags")}
        sources = sorted(str(p.relative_to(SOURCE))
                         for p in (SOURCE / "src" / "rt").glob("*.c"))
        sources.append("src/control/stream.c")  # notify()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(draw, s, flags_for(s, flags),
                                     FOLDER / "rt") for s in sources]:
                done.result()
        cls.count = len(sources)
        cls.graph = Graph(FOLDER / "rt")
        cls.report = cls.graph.walk(ROOTS, OUTSIDE, resolver(cls.graph))

    def of(self, kind):
        return [text for k, text in self.report.faults if k == kind]

    def test_looked(self):
        """the whole of what a driver can call is walked"""
        report = self.report
        tap.comment(f"{self.count} files, {report.functions} functions, "
                    f"{report.calls} calls, {report.indirect} of them through "
                    "a pointer")
        self.assertEqual(self.of("root"), [])
        self.assertGreater(report.functions, 40)
        self.assertGreater(report.calls, 100)
        self.assertGreater(report.indirect, 4)

    def test_outside(self):
        """it calls nothing of others but what is listed"""
        self.assertEqual(self.of("outside"), [])

    def test_indirect(self):
        """it calls through no pointer but the kernels' and the watch's"""
        self.assertEqual(self.of("indirect call"), [])

    def test_recursion(self):
        """nothing in it calls itself, not even by a detour"""
        self.assertEqual(self.of("recursion"), [])

    def test_dynamic(self):
        """no frame in it has a size that is known at run time only"""
        self.assertEqual(self.of("dynamic stack"), [])

    def test_stack(self):
        """its deepest path takes at most 8 KiB of stack"""
        tap.comment(f"{self.report.stack} bytes:")
        for name, frame in self.report.path:
            tap.comment(f"  {frame:5} {name}")
        self.assertGreater(self.report.stack, 100)
        self.assertLessEqual(self.report.stack, STACK_MAX)

    def test_touched(self):
        """a stream's first block touches as much as the deepest one takes"""
        touched, deepest = touch_and_depth(self.graph, "touch_stack",
                                           "tabor_render")
        tap.comment(f"touched {touched}, rendering takes {deepest}")
        self.assertGreater(deepest, 100)
        self.assertGreaterEqual(touched, deepest)


class Controls(unittest.TestCase):
    """Each planted fault is found, and by its name."""

    @classmethod
    def setUpClass(cls):
        draw("tests/guard/calls.c", ["-O2"], FOLDER / "controls")
        cls.graph = Graph(FOLDER / "controls")

    def found(self, root):
        return self.graph.walk([root], OUTSIDE, resolver(self.graph))

    def test_innocent(self):
        """a function with none of these faults has none"""
        report = self.found("innocent")
        self.assertEqual(report.faults, [])
        self.assertEqual(report.functions, 2)

    def test_recursion(self):
        """a planted recursion, by a detour, is found"""
        self.assertEqual([k for k, _ in self.found("recurses").faults],
                         ["recursion"])

    def test_indirect(self):
        """a planted call through a pointer is found"""
        self.assertEqual([k for k, _ in self.found("calls_pointer").faults],
                         ["indirect call"])

    def test_alloca(self):
        """a planted alloca is found"""
        self.assertEqual([k for k, _ in self.found("allocates").faults],
                         ["dynamic stack"])

    def test_outside(self):
        """a planted call of malloc, two calls away, is found"""
        self.assertEqual(self.found("calls_malloc").faults,
                         [("outside", "calls.c:inner -> malloc")])

    def test_frame(self):
        """a planted frame of 9,000 bytes is found to be too much"""
        report = self.found("has_large_frame")
        self.assertEqual(report.faults, [])
        self.assertGreater(report.stack, STACK_MAX)
        self.assertEqual([name for name, _ in report.path][0],
                         "has_large_frame")

    def test_touched(self):
        """a planted touch that does not go deep enough is found"""
        touched, deepest = touch_and_depth(self.graph, "touches_little",
                                           "has_large_frame")
        self.assertGreater(touched, 1000)
        self.assertLess(touched, deepest)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="t-calls.", dir=".") as folder:
        FOLDER = pathlib.Path(folder).resolve()
        COMPILER = usable_gcc(make_says("rt-flags")[0][1:])
        if not COMPILER:
            tap.skip_all("no gcc that draws call graphs (10 or later)")
        if "-fsanitize" in str(make_says("rt-flags")):
            tap.skip_all("an instrumented build calls its instruments")
        tap.main()
