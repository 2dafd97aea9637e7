#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""python -m tabor, and what a notebook shows."""
import array
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import types
import unittest
import xml.etree.ElementTree

import tabor
import tap
from tabor._pictures import progress_bar

SONG = '''
import sys
import tabor

with tabor.open(channels=1, rate=8000, block=64) as engine:
    sound = engine.load(memoryview(b"\\0\\0\\0\\x3f").cast("f"))
    for k in range(3):
        sound.play(at=k * 0.25)
    with engine.clock(bpm=60) as clock:
        def song():
            for _ in range(2):
                clock.wait(1)
                sound.play()
        clock.run(song)
    sound.play(at=engine.now + 0.5).wait()
    engine.wait()
    print("ended", sys.argv[1:])
'''

LEFT = '''
import tabor
engine = tabor.open("null", channels=1, rate=8000)
sound = engine.load(memoryview(b"\\0\\0\\0\\x3f").cast("f"))
clock = engine.clock(bpm=60)

async def song():
    for _ in range(4):
        sound.play(at=engine.now + 3)
        await clock.wait(1)

clock.run(song)
'''


def tool(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "tabor", *map(str, words)],
        capture_output=True, text=True, timeout=60, **options)


def onsets(audio):
    values = memoryview(audio).cast("B").cast("f")
    return [i for i, value in enumerate(values) if value]


class Tools(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=".", prefix="py-tools-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def script(self, text):
        path = self.folder / "song.py"
        path.write_text(text)
        return path

    def test_devices(self):
        """devices lists each driver, and says why one does not open"""
        done = tool("devices")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for driver in tabor.drivers():
            self.assertIn(f"{driver.name}: {driver.title}", done.stdout)
            self.assertIn(driver.why, done.stdout)
        one = tool("devices", "--driver", "null")
        self.assertTrue(one.stdout.startswith("null: "))
        self.assertNotIn("offline", one.stdout)
        none = tool("devices", "--driver", "nul")
        self.assertEqual(none.returncode, 1)
        self.assertIn("no driver 'nul'", none.stderr)

    def test_play(self):
        """play plays files one after the other; a bad one is status 1"""
        paths = []
        for name in ("one", "two"):
            paths.append(self.folder / f"{name}.wav")
            tabor.Audio(array.array("f", [0.1] * 480)).save(paths[-1])
        done = tool("play", "--driver", "null", *paths)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(re.findall(r"(\w+)\.wav: 0\.010 s", done.stdout),
                         ["one", "two"])
        paths.insert(1, self.folder / "none.wav")
        done = tool("play", "--driver", "null", *paths)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.wav", done.stderr)
        self.assertNotIn("two.wav", done.stdout)
        done = tool("play", "--driver", "nil", paths[0])
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("Traceback", done.stderr)

    @tap.needs_signals
    def test_interrupt(self):
        """Ctrl-C ends play with status 130"""
        path = self.folder / "long.wav"
        tabor.Audio(array.array("f", [0.1] * 4_800_000)).save(path)
        playing = subprocess.Popen(
            [sys.executable, "-m", "tabor", "play", "--driver", "null", path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("100.000 s", playing.stdout.readline())
        playing.send_signal(signal.SIGINT)
        _, said = playing.communicate(timeout=60)
        self.assertEqual((playing.returncode, said), (130, ""))

    def test_render(self):
        """render runs a script that waits for voices, clocks and events, and
        saves the same bytes twice"""
        script = self.script(SONG)
        files = [self.folder / f"{i}.wav" for i in range(2)]
        for file in files:
            done = tool("render", script, file, "word", "--bits", 32)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("ended ['word']", done.stdout)
        audio = tabor.read(files[0])
        self.assertEqual((audio.rate, audio.channels), (8000, 1))
        found = onsets(audio)
        self.assertEqual(found[:5], [0, 2000, 4000, 8000, 16000])
        self.assertEqual(len(found), 6)
        self.assertEqual(files[0].read_bytes() == files[1].read_bytes(), True)

    def test_render_left(self):
        """what a script leaves behind is rendered to its end, or for so many
        seconds"""
        script, file = self.script(LEFT), self.folder / "x.wav"
        done = tool("render", script, file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(onsets(tabor.read(file))), 4)
        done = tool("render", script, file, "--seconds", "3.5")
        self.assertEqual(done.returncode, 0)
        audio = tabor.read(file)
        self.assertEqual((audio.frames, len(onsets(audio))), (28000, 1))
        done = tool("render", self.script("pass"), file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("opened no engine", done.stderr)

    def test_explain(self):
        """explain says what the latency is made of, and what went wrong"""
        done = tool("explain", "--driver", "null", "--seconds", "0.1",
                    "--block", 480)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for words in ("blocks of 480 frames: 10.00 ms", "there and back in",
                      "Rendering took", "real-time priority",
                      "Python itself was away"):
            self.assertIn(words, done.stdout)

    def test_usage(self):
        """no command, or a wrong one, is status 2 and names what there is"""
        for words in ((), ("paly",)):
            done = tool(*words)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage: python -m tabor", done.stderr)
        for command in ("devices", "play", "render", "torture", "explain"):
            self.assertIn(command, tool("--help").stdout)


class Notebook(unittest.TestCase):
    def test_sample(self):
        """a Sample draws itself as its Audio does, and a slice its part"""
        values = [0.0] * 720 + [0.5] * 720
        with tabor.open("offline", channels=1) as engine:
            audio = tabor.Audio(array.array("f", values))
            sample = engine.load(audio)
            self.assertEqual(sample._repr_svg_(), audio._repr_svg_())
            part = sample.slice(720 / 48000)._repr_svg_()
        outline = xml.etree.ElementTree.fromstring(part).find(
            "{http://www.w3.org/2000/svg}polygon")
        tops = {point.split(",")[1]
                for point in outline.get("points").split()[:720]}
        self.assertEqual(tops, {"30.0"})

    def test_stats(self):
        """stats() show themselves as a card; faults are there if there are
        any, and red"""
        with tabor.open("offline", queue=64, voices=1) as engine:
            sound = engine.load(array.array("f", [0.5] * 9999))
            quiet = engine.stats()._repr_html_()
            for _ in range(3):
                sound.play()
            engine.render(0.01)
            with self.assertRaises(tabor.QueueFull):
                for _ in range(99):
                    sound.play()
            loud = engine.stats()._repr_html_()
        for card in (quiet, loud):
            rows = xml.etree.ElementTree.fromstring(card).findall("tr")
            self.assertGreaterEqual(len(rows), 7)
        self.assertIn("none", quiet)
        self.assertNotIn("#b00", quiet)
        self.assertRegex(loud, r'refused</th><td style="color:#b00[^>]*>1<')
        self.assertIn("1, 2 stolen so far", loud)

    def test_bar(self):
        """a bar goes on in a notebook's cell"""
        shown = []

        class Handle:
            def update(self, thing):
                shown.append((repr(thing), thing._repr_html_()))

        def display(thing, display_id):
            self.assertIs(display_id, True)
            shown.append((repr(thing), thing._repr_html_()))
            return Handle()

        ipython = types.ModuleType("IPython")
        ipython.get_ipython = lambda: types.SimpleNamespace(kernel=1)
        ipython.display = types.SimpleNamespace(display=display)
        sys.modules["IPython"] = ipython
        self.addCleanup(sys.modules.pop, "IPython")
        tell = progress_bar("loaded", 4)
        for done in range(1, 5):
            tell(done)
        self.assertEqual([text for text, _ in shown],
                         [f"loaded {i} of 4" for i in range(5)])
        self.assertIn('<progress max="4" value="3">', shown[3][1])

    def test_terminal(self):
        """a bar grows on a terminal, and ends its line"""
        main, other = os.openpty()
        child = subprocess.run(
            [sys.executable, "-c",
             "from tabor._pictures import progress_bar\n"
             "tell = progress_bar('loaded', 3)\n"
             "for done in range(1, 4): tell(done)\n"],
            stderr=other, timeout=60)
        os.close(other)
        self.assertEqual(child.returncode, 0)
        said = os.read(main, 4096).decode()
        os.close(main)
        self.assertEqual(said.count("\r["), 3)
        self.assertIn(f"\r[{'#' * 10}{'.' * 20}] loaded 1 of 3", said)
        self.assertTrue(said.endswith(f"{'#' * 30}] loaded 3 of 3\r\n"))


if __name__ == "__main__":
    tap.main()
