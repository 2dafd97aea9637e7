#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The worker that decodes: that the real one is jailed, where it is found, and
what a script sees of it."""
import array
import os
import pathlib
import shutil
import struct
import sys
import threading
import unittest

import tabor
import tap

PREFIX = f"py-worker-{os.getpid()}"
BUILD = pathlib.Path(os.environ["builddir"])
WORKER = os.environ["TABOR_DECODER"]
PLANTED = BUILD / "tests" / "planted"


def settings():
    """What configure has chosen, from the Makefile."""
    found = {}
    for line in (BUILD / "Makefile").read_text().splitlines():
        name, equals, value = line.partition(" = ")
        if equals and name.isidentifier():
            found[name] = value

    def expand(text):
        for name, value in found.items():
            text = text.replace(f"${{{name}}}", value)
            text = text.replace(f"$({name})", value)
        return text

    libdir, libexecdir = found["libdir"], found["libexecdir"]
    for _ in range(4):
        libdir, libexecdir = expand(libdir), expand(libexecdir)
    return libdir, libexecdir


def children():
    """The children of all threads of this process."""
    found = set()
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children") as file:
                found.update(file.read().split())
        except OSError:
            pass  # that thread has just ended
    return found


def status_of(process):
    """/proc's words about a process, or {} if it has gone."""
    try:
        with open(f"/proc/{process}/status") as file:
            return dict(line.split(":\t", 1)
                        for line in file.read().splitlines() if ":\t" in line)
    except OSError:
        return {}


class Worker(unittest.TestCase):
    def wav(self, name, frames):
        """A file of 8-bit silence, all of it a hole."""
        path = f"{PREFIX}-{name}.wav"
        with open(path, "wb") as file:
            file.write(struct.pack(
                "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + frames, b"WAVE", b"fmt ",
                16, 1, 1, 48000, 48000, 1, 8, b"data", frames))
            file.truncate(44 + frames)
        self.addCleanup(os.remove, path)
        return path

    def plant(self, name):
        path = f"{PREFIX}-{name}"
        os.symlink(PLANTED, path)
        self.addCleanup(os.remove, path)
        return os.path.abspath(path)

    def decoder(self, path):
        os.environ["TABOR_DECODER"] = path
        self.addCleanup(os.environ.__setitem__, "TABOR_DECODER", WORKER)

    def test_jailed(self):
        """the real worker decodes under a filter, without new rights"""
        path = self.wav("long", 60_000_000)
        seen = {}
        reader = threading.Thread(target=tabor.read, args=(path,))
        reader.start()
        while reader.is_alive() and seen.get("Seccomp") != "2":
            for process in children():
                seen = status_of(process) or seen
        reader.join()
        self.assertEqual(seen.get("Name"), "tabor-decode")
        self.assertEqual((seen["Seccomp"], seen["NoNewPrivs"]), ("2", "1"))
        self.assertEqual(children(), set())

    def test_script(self):
        """a crash of the decoder is a DecodeError, and the music goes on"""
        path = self.wav("short", 1000)
        with tabor.open("offline") as engine:
            sound = array.array("f", [0.5] * 1000)
            voice = engine.load(sound).play(pan=-1)
            self.decoder(self.plant("crash"))
            for call in (tabor.read, engine.load,
                         lambda path: engine.load_many([path])):
                with self.assertRaisesRegex(tabor.DecodeError, "crashed"):
                    call(path)
            self.assertEqual(engine.load(path, trusted=True).frames, 1000)
            heard = memoryview(engine.render(frames=1000)).cast("B").cast("f")
            self.assertEqual(heard[::2].tolist(), sound.tolist())
            engine.poll()
            self.assertEqual(voice.ended.reason, "finished")

    def found(self, library):
        """What the worker that a libtabor elsewhere finds has to say."""
        path = self.wav("x", 1000)
        done = tap.child(
            "import ctypes, sys\n"
            "library = ctypes.CDLL(sys.argv[1])\n"
            "library.tabor_error.restype = ctypes.c_char_p\n"
            "audio = ctypes.c_void_p()\n"
            "library.tabor_audio_read(sys.argv[2].encode(),"
            " ctypes.byref(audio))\n"
            "print(library.tabor_error().decode())\n",
            os.path.abspath(library), path,
            env={name: value for name, value in os.environ.items()
                 if name != "TABOR_DECODER"})
        self.assertEqual(done.stderr, "")
        return done.stdout

    def move(self, library, worker):
        """Put libtabor and a telling worker into places of a new tree."""
        root = pathlib.Path(f"{PREFIX}-elsewhere")
        self.addCleanup(shutil.rmtree, root)
        for place in (library, worker):
            (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILD / "src" / ".libs" / "libtabor.so.0", root / library)
        (root / worker).write_text("#!/bin/sh\nexit 77\n")
        (root / worker).chmod(0o755)
        return root / library

    def test_moved(self):
        """a tree that was moved as a whole finds its own worker"""
        libdir, libexecdir = settings()
        common = os.path.commonpath([libdir, libexecdir])
        library = self.move(
            os.path.join(os.path.relpath(libdir, common), "libtabor.so.0"),
            os.path.join(os.path.relpath(libexecdir, common), "tabor",
                         "tabor-decode"))
        words = self.found(library)
        self.assertIn("elsewhere", words)
        self.assertIn("status 77", words)

    def test_beside(self):
        """as does a library with the worker beside it"""
        library = self.move("libs/libtabor.so.0", "libs/tabor-decode")
        self.assertIn("status 77", self.found(library))

    def test_installed(self):
        """else the installed one is it, by its full path"""
        library = self.move("libs/libtabor.so.0", "far/tabor-decode")
        words = self.found(library)
        path = f"{settings()[1]}/tabor/tabor-decode"
        if not os.path.exists(path):
            self.assertIn(f"its decoder {path} does not start", words)
            self.assertIn("reinstall", words)
        else:
            tap.comment("a Tabor is installed; its worker says:", words)
            self.assertNotIn("status 77", words)


if __name__ == "__main__":
    sys.exit(tap.main())
