#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Tabor offers to other people's tests: onsets, clicks, and a plugin of
pytest that gives them an engine."""
import array
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import tabor
import tap
from tabor.testing import assert_no_clicks, assert_onsets, clicks, onsets

try:
    import pytest
except ImportError:
    pytest = None

RATE = 48000


def tone(frames, hz=440.0, level=0.5, phase=0.0):
    return array.array("f", [
        level * math.sin(2 * math.pi * hz * i / RATE + phase)
        for i in range(frames)])


def render(act, seconds=1.0, **options):
    with tabor.open("offline", **options) as engine:
        act(engine)
        return engine.render(seconds)


class Onsets(unittest.TestCase):
    def kicks(self, times):
        def act(engine):
            kick = engine.load(tabor.kit()["kick"])
            for time in times:
                kick.play(at=time)
        return render(act)

    def test_found(self):
        """onsets are found in sounds that overlap, each once"""
        times = [0.0, 0.25, 0.5, 0.625, 0.75]
        assert_onsets(self.kicks(times), times)
        found = onsets(self.kicks(times))
        self.assertEqual(len(found), 5)
        for time, real in zip(times, found):
            self.assertAlmostEqual(time, real, delta=0.001)

    def test_exact(self):
        """within=0 is on the very frame, and not beside it"""
        def act(engine):
            click = engine.load(array.array("f", [0.5]))
            for frame in (10, 5000, 31337):
                click.play(at_frame=frame)

        audio = render(act)
        assert_onsets(audio, [f / RATE for f in (10, 5000, 31337)], within=0)
        for frame in (5001, 4999):
            with self.assertRaisesRegex(AssertionError,
                                        "3 onsets wanted, 3 found"):
                assert_onsets(audio, [f / RATE for f in (10, frame, 31337)],
                              within=0)

    def test_told(self):
        """what is missing, what is too much, and how far off it is"""
        audio = self.kicks([0.1, 0.5125, 0.8])
        with self.assertRaises(AssertionError) as caught:
            assert_onsets(audio, [0.1, 0.5])
        said = str(caught.exception)
        self.assertIn("2 onsets wanted, 3 found", said)
        self.assertRegex(said, r"nothing begins at 0\.500000 s; the nearest "
                               r"comes 12\.\d+ ms too late")
        self.assertRegex(said, r"something begins at 0\.80")
        with self.assertRaisesRegex(AssertionError, "1 onsets wanted, 0"):
            assert_onsets(render(lambda engine: None), [0.5])
        assert_onsets(render(lambda engine: None), [])
        with self.assertRaisesRegex(AssertionError, "and 15 more"):
            assert_onsets(audio, [i / 50 + 0.005 for i in range(20)])

    def test_arrays(self):
        """arrays need a rate"""
        values = array.array("f", [0.0] * 800 + [1.0])
        assert_onsets(values, [0.1], rate=8000, within=0)
        with self.assertRaisesRegex(TypeError, "give rate="):
            assert_onsets(values, [0.1])
        with self.assertRaisesRegex(ValueError, "48000"):
            assert_onsets(tabor.Audio(values, 48000), [0.1], rate=8000)


class Clicks(unittest.TestCase):
    def test_clean(self):
        """what Tabor plays, cuts, fades and pitches does not click"""
        def act(engine):
            sound = engine.load(tone(RATE))
            sound.play(duration=0.2)
            sound.play(at=0.3, offset=0.1003, gain=0.5).stop(at=0.6)
            for number, path in enumerate(tabor.kit().values()):
                engine.load(path).play(at=0.05 * number, pitch=number - 4)

        audio = render(act)
        self.assertGreater(max(memoryview(audio).cast("B").cast("f")), 0.3)
        assert_no_clicks(audio)

    def test_planted(self):
        """a value alone, a jump, a sound that is cut or begins in its middle
        are found, where they are, in each channel"""
        clean = list(tone(RATE // 4))
        alone, jump, cut, middle = (list(clean) for _ in range(4))
        alone[5000] += 0.05
        jump[5000:] = tone(RATE // 4 - 5000, phase=2.0)
        cut[5000:] = [0.0] * (RATE // 4 - 5000)
        middle[:5000] = [0.0] * 5000
        count = 0
        for name, values in (("alone", alone), ("jump", jump), ("cut", cut),
                             ("middle", middle)):
            with self.subTest(click=name):
                found = clicks(array.array("f", values), rate=RATE)
                self.assertEqual(len(found), 1)
                self.assertLessEqual(abs(found[0].frame - 5000), 2)
                count += 1
        self.assertEqual(count, 4)
        self.assertEqual(clicks(array.array("f", clean), rate=RATE), [])
        stereo = array.array("f", [x for pair in zip(clean, jump)
                                   for x in pair])
        shown = memoryview(stereo).cast("B").cast("f", (RATE // 4, 2))
        self.assertEqual([click.channel for click in clicks(
            shown, rate=RATE)], [1])
        with self.assertRaisesRegex(
                AssertionError, r"1 click\n  at 0\.10\d+ s \(frame 500\d, "
                                r"channel 1\): a jump of"):
            assert_no_clicks(shown, rate=RATE)

    def test_engine(self):
        """a stop without a fade clicks, one with the usual fade does not"""
        def stop(**how):
            def act(engine):
                engine.load(tone(RATE)).play().stop(at_frame=20055, **how)
            return render(act, 0.6)

        assert_no_clicks(stop())
        with self.assertRaisesRegex(AssertionError, "frame 2005"):
            assert_no_clicks(stop(fade=0))

    def test_silence(self):
        """silence is nothing to look at"""
        with self.assertRaisesRegex(AssertionError, "1.000 s of silence"):
            assert_no_clicks(render(lambda engine: None))


SUITE = '''
import array
import pytest
import tabor
from tabor.testing import assert_no_clicks, assert_onsets

def kick(engine, *times):
    sample = engine.load(tabor.kit()["kick"])
    for time in times:
        sample.play(at=time)
    return engine.render(1)

def test_passes(offline_engine):
    audio = kick(offline_engine, 0.25, 0.5)
    assert offline_engine.now == 1.0
    assert_onsets(audio, [0.25, 0.5])
    assert_no_clicks(audio)

def test_fails_onset(offline_engine):
    assert_onsets(kick(offline_engine, 0.25, 0.6), [0.25, 0.5])

def test_fails_click(offline_engine):
    offline_engine.load(array.array("f", [1.0])).play(at=0.5)
    assert_no_clicks(offline_engine.render(1))

@pytest.mark.offline_engine(channels=1)
class TestMarked:
    @pytest.mark.offline_engine(rate=8000)
    def test_passes_marked(self, offline_engine):
        assert (offline_engine.channels, offline_engine.rate) == (1, 8000)
        assert offline_engine.now == 0.0

def test_passes_clock(offline_engine):
    sample = offline_engine.load(array.array("f", [1.0]))
    clock = offline_engine.clock(bpm=60)

    async def song():
        for _ in range(5):
            sample.play()
            await clock.wait(0.5)

    clock.run(song)
    assert_onsets(offline_engine.render(3), [0, 0.5, 1, 1.5, 2], within=0)

kept = []

def test_passes_keeps(offline_engine):
    kept.append(offline_engine)

def test_passes_closed():
    assert kept[0].closed
'''


@unittest.skipIf(pytest is None, "pytest is not here")
class Plugin(unittest.TestCase):
    def test_suite(self):
        """pytest runs a suite with the fixture: what must pass passes, what
        must fail fails with words"""
        with tempfile.TemporaryDirectory(dir=".", prefix="py-pytest-") as name:
            folder = pathlib.Path(name)
            (folder / "test_song.py").write_text(SUITE)
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "tabor.pytest_plugin",
                 "-p", "no:cacheprovider", "--strict-markers", "-rA",
                 "--rootdir", name, name],
                capture_output=True, text=True, timeout=100)
        said = done.stdout
        results = {test: result for result, test in re.findall(
            r"^(PASSED|FAILED|ERROR) \S+::(\w+)", said, re.M)}
        self.assertEqual(len(results), 7, said + done.stderr)
        for test, result in results.items():
            wanted = "PASSED" if test.startswith("test_passes") else "FAILED"
            self.assertEqual(result, wanted, said)
        self.assertEqual(list(results.values()).count("FAILED"), 2)
        self.assertIn("nothing begins at 0.500000 s; the nearest comes 100.",
                      said)
        self.assertIn("2 clicks\n", said)
        tap.comment(said.splitlines()[-1].strip("= "))


if __name__ == "__main__":
    tap.main()
