#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A disk that is full, and replays that are stopped.

The disk is a tmpfs of 1 MB where mounting is allowed, and everywhere a limit
on the size of files, which is a signal besides.
"""
import array
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import tabor
import tap

LUA = os.environ.get("LUA")
RATE = 48000
DICE = random.Random(1)
NOISE = array.array("f", (DICE.uniform(-0.5, 0.5)
                          for _ in range(RATE * 8)))  # 1.5 MB


def limit_files():
    """For a child: no file past 1 MB, and the signal kills."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


class Disk:
    """A folder for half a file."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="t-disk-", dir=".")
        self.is_mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.folder],
            capture_output=True).returncode == 0
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        if not self.is_mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE,
                               (1 << 20, self._before[1]))

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)
        if self.is_mounted:
            subprocess.run(["umount", self.folder], check=True)
        shutil.rmtree(self.folder)


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.disk = Disk()
        self.addCleanup(self.disk.close)
        tap.comment("tmpfs" if self.disk.is_mounted else "RLIMIT_FSIZE")

    def play_on(self, driver):
        """Open with a take that doesn't fit; what close() raises."""
        path = self.disk.path("take.tlog")
        engine = tabor.open(driver, log=path)
        sample = engine.load(NOISE)
        voice = sample.play(duration=0.2)
        if driver == "offline":
            engine.render(1)
        ended = voice.wait(10)
        self.assertEqual(ended.reason, "finished")
        self.assertEqual(ended.frame - ended.started, RATE // 5)
        with self.assertRaises(OSError) as caught:
            engine.close()
        self.assertTrue(engine.closed)
        engine.close()
        return path, str(caught.exception)

    def check_left(self, path, text):
        self.assertIn("is not complete", text)
        self.assertRegex(text, "No space left|File too large")
        self.assertFalse(os.path.exists(path))
        with self.assertRaises(tabor.DecodeError):
            tabor.replay(path + ".part")

    def test_take(self):
        """a take on a full disk: the engine plays on, close() raises"""
        for driver in "offline", "null":
            path, text = self.play_on(driver)
            self.check_left(path, text)
            os.remove(path + ".part")
        tap.comment(text)

    def test_with(self):
        """a with statement raises too, and an older take stays"""
        path = self.disk.path("take.tlog")
        with open(path, "w") as old:
            old.write("old")
        with self.assertRaises(OSError):
            with tabor.open("offline", log=path) as engine:
                engine.load(NOISE)
        with open(path) as old:
            self.assertEqual(old.read(), "old")

    def test_room(self):
        """a take that fits is complete: the control"""
        path = self.disk.path("take.tlog")
        with tabor.open("offline", log=path) as engine:
            engine.load(NOISE[:1000]).play()
            engine.render(0.1)
        self.assertEqual(tabor.replay(path).duration, 0.1)

    def test_save(self):
        """Audio.save() on a full disk raises and leaves nothing"""
        audio = tabor.Audio(NOISE, RATE)
        for name in "a.wav", "a.flac", "a.aiff":
            with self.assertRaises(OSError) as caught:
                audio.save(self.disk.path(name))
            tap.comment(caught.exception)
        self.assertEqual(os.listdir(self.disk.folder), [])

    def test_device(self):
        """/dev/full is no place for a take or a sound"""
        for call in (lambda: tabor.open("offline", log="/dev/full"),
                     lambda: tabor.Audio(NOISE, RATE).save("/dev/full")):
            with self.assertRaises((OSError, ValueError)):
                call()

    def test_gone(self):
        """an engine that nobody closes says it on stderr at exit"""
        code = ("import array, sys, tabor\n"
                "tabor.open('offline', log=sys.argv[1]).load("
                "array.array('f', bytes(1600000)))\n"
                "keep = tabor.attach(1)\n")
        path = self.disk.path("take.tlog")
        done = tap.child(code, path)
        self.assertIn("is not complete", done.stderr)
        self.assertFalse(os.path.exists(path))


class LimitedFiles(unittest.TestCase):
    """RLIMIT_FSIZE in programs that don't ignore its signal."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="t-disk-", dir=".")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_limited(self, *command):
        return subprocess.run(command, preexec_fn=limit_files, timeout=60,
                              capture_output=True, text=True)

    @unittest.skipUnless(LUA, "no Lua")
    def test_lua(self):
        """Lua: close() returns nil, a message and 'io'"""
        path = os.path.join(self.folder, "take.tlog")
        done = self.run_limited(LUA, "-e", f"""
            local tabor = require 'tabor'
            local e = assert(tabor.open {{ driver = 'offline',
                                           log = '{path}' }})
            local values = {{}}
            for i = 1, 300000 do values[i] = 0.5 end
            assert(e:load(values, {{ rate = 48000 }}))
            print(e:close())
            print(e:close())""")
        tap.comment(done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, "nil\t.*is not complete.*\tio\ntrue")
        self.assertFalse(os.path.exists(path))

    @unittest.skipUnless(LUA, "no Lua")
    def test_render(self):
        """tabor --render: an error that says so, no file"""
        path = os.path.join(self.folder, "out.wav")
        done = self.run_limited("tabor", "--render", path, "--seconds", "10",
                                "-e", "print(1)")
        tap.comment(done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "File too large|full|limit|written")
        self.assertEqual(os.listdir(self.folder), [])


class Stopped(unittest.TestCase):
    path = "t-disk-long.tlog"

    @classmethod
    def setUpClass(cls):
        with tabor.open("offline", log=cls.path, channels=1) as engine:
            sample = engine.load(NOISE)
            for _ in range(8):
                sample.play(rate=1.01, loop=True)
            for _ in range(20):
                engine.render(10)

    @classmethod
    def tearDownClass(cls):
        os.remove(cls.path)

    def test_replay(self):
        """Ctrl-C ends a replay, and other threads run meanwhile"""
        def stop(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, stop)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        start = time.thread_time()
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with self.assertRaises(KeyboardInterrupt):
            tabor.replay(self.path)
        stopped = time.thread_time() - start
        start = time.thread_time()
        self.assertEqual(tabor.replay(self.path).duration, 200)
        tap.comment(f"stopped after {stopped:.2f} s of work of "
                    f"{time.thread_time() - start:.2f} s")

    @unittest.skipUnless(LUA, "no Lua")
    def test_hook(self):
        """a hook that raises, as the console's Ctrl-C, ends it in Lua"""
        done = subprocess.run([LUA, "-e", f"""
            local tabor = require 'tabor'
            local calls = 0
            debug.sethook(function()
              calls = calls + 1
              if calls == 9 then error 'that is enough' end
            end, 'c')
            local good, why = pcall(tabor.replay, '{self.path}')
            debug.sethook()
            print(good, why)"""], timeout=60, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, "^false.*that is enough")


if __name__ == "__main__":
    sys.exit(tap.main())
