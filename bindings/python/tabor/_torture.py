# SPDX-License-Identifier: MIT
"""python -m tabor torture: the promise about Python, tried on this machine.

A second Python plays, with the guard preloaded: play() runs there, run() here.
The guard's report is described in guard/report.c.
"""
from __future__ import annotations

import array
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, TypeVar

import _tabor

import tabor

_T = TypeVar("_T")

VOICES = 1000
LENGTH_S = 0.01
LEAD_S = 0.5  # between scheduling the voices and the first one
NUMBERS = 1_500_000  # to sort: about a second in one call that keeps the GIL

PLAYED, FOUND, NOT_TRIED = 0, 1, 2


# ------------------------------------------------------------- over there --

def play(driver: str, seconds: float, path: str) -> int:
    """Play, be busy, and write what came of it."""
    numbers = [random.random() for _ in range(NUMBERS)]
    with tabor.open(driver, queue=4096) as engine:
        figures = _play(engine, seconds, numbers)
    pathlib.Path(path).write_text(json.dumps(figures))
    return PLAYED


def _play(engine: tabor.Engine, seconds: float,
          numbers: list[float]) -> dict[str, Any]:
    length = round(LENGTH_S * engine.rate)
    sample = engine.load(array.array("f", [0.01] * length), rate=engine.rate)
    engine.ping(timeout=10)
    first = engine.frame + round(LEAD_S * engine.rate)
    every = max(1, round(seconds * engine.rate / VOICES))
    due = {sample.play(at_frame=first + i * every): first + i * every
           for i in range(VOICES)}
    last = first + VOICES * every + length
    while engine.frame < first:
        time.sleep(0.01)
    busy = _be_busy(engine, last, numbers)
    deadline = time.monotonic() + 10
    ends: list[tabor.Ended] = []
    while len(ends) < VOICES and time.monotonic() < deadline:
        ends += [e for e in engine.wait(0.1) if isinstance(e, tabor.Ended)]
    stats = engine.stats()
    return {
        "driver": engine.driver, "device": engine.device,
        "rate": engine.rate, "block": engine.block,
        "realtime": stats.realtime, "xruns": stats.xruns,
        "voices": VOICES, "told": len(ends),
        "exact": sum((e.reason, e.started, e.frame, e.late)
                     == ("finished", due.get(e.voice),
                         due.get(e.voice, 0) + length, 0) for e in ends),
        "meanwhile": sum(start < e.frame <= end for e in ends
                         for start, end, _ in busy),
        "calls": len(busy), "longest": max(took for _, _, took in busy),
    }


def _be_busy(engine: tabor.Engine, last: int,
             numbers: list[float]) -> list[tuple[int, int, float]]:
    """Sort until the last voice has ended: [(frame, frame, seconds)], each
    one call in which nothing else of Python can run."""
    calls = []
    while engine.frame < last:
        before, began = engine.frame, time.monotonic()
        sorted(numbers)
        calls.append((before, engine.frame, time.monotonic() - began))
    return calls


# ------------------------------------------------------------------- here --

def run(driver: str, seconds: float) -> int:
    """Try it and tell; returns the exit status."""
    guard = _tabor._guard_path()
    with tempfile.TemporaryDirectory(prefix="tabor-") as folder:
        figures, report = _try(driver, seconds, guard, pathlib.Path(folder))
    if figures is None:
        print("torture: not tried, as the player did not come to its end",
              file=sys.stderr)
        return NOT_TRIED
    _tell_place(figures)
    faults = _tell_guard(guard, report) + _tell_voices(figures)
    if faults:
        print("verdict: FOUND: " + "; ".join(faults))
        return FOUND
    print("verdict: sound did not wait for Python"
          + ("" if report else " (what the audio thread did was not seen)"))
    return PLAYED


def _try(driver: str, seconds: float, guard: str,
         folder: pathlib.Path) -> tuple[dict[str, Any] | None, list[str]]:
    """Play in another process: (figures or None, the guard's report)."""
    environment = dict(os.environ)
    if os.path.exists(guard):
        loaded = environment.get("LD_PRELOAD", "").split()
        environment["LD_PRELOAD"] = " ".join([*loaded, guard])
    environment["TABOR_GUARD_REPORT"] = str(folder / "guard")
    subprocess.run(
        [sys.executable, "-m", "tabor", "torture", "--driver", driver,
         "--seconds", str(seconds), "--inside", str(folder / "figures")],
        env=environment, check=False)
    return (_read(folder / "figures", json.loads),
            _read(folder / "guard", str.splitlines) or [])


def _read(path: pathlib.Path, parse: Callable[[str], _T]) -> _T | None:
    return parse(path.read_text()) if path.exists() else None


def _tell_place(figures: dict[str, Any]) -> None:
    print(f"{figures['driver']} on {figures['device']}: {figures['rate']} Hz, "
          f"blocks of {figures['block']}, "
          + ("with" if figures["realtime"] else "without")
          + " real-time priority")


def _tell_guard(guard: str, report: list[str]) -> list[str]:
    """Print what the guard counted; returns the faults."""
    lines = [line.split()[1:] for line in report if line.startswith("guard ")]
    count: dict[str, int] = {}
    for line in lines:
        for name, _, value in (word.partition("=") for word in line):
            if value.isdigit():
                count[name] = count.get(name, 0) + int(value)
    if not os.path.exists(guard):
        print(f"the audio thread: not looked at, as there is no {guard}")
        return []
    if not count.get("callbacks"):
        return ["the guard saw no callback"]
    kinds = [("allocations", "allocation", "thread-local"), ("frees", "free"),
             ("locks", "lock"), ("sleeps", "sleep"),
             ("system calls", "syscall"), ("page faults", "fault"),
             ("voluntary switches", "switch"),
             ("other calls", "stdio", "file", "loader", "environment",
              "thread")]
    found = [(words, sum(count.get(name, 0) for name in names))
             for words, *names in kinds]
    print(f"the audio thread, {count['callbacks']} callbacks: "
          + ", ".join(f"{n} {words}" for words, n in found)
          + f"; {count['wakes']} wake-ups, which are allowed")
    for text in report:
        if not text.startswith("guard "):
            print(text)
    if not count.get("dispatch"):
        print("  (this kernel does not show system calls: not all were seen)")
    return [f"{n} {words} in the callback" for words, n in found if n]


def _tell_voices(figures: dict[str, Any]) -> list[str]:
    """Print what became of the voices; returns the faults."""
    voices, told, exact = (figures[k] for k in ("voices", "told", "exact"))
    print(f"Python: {figures['calls']} calls that let nothing else of Python "
          f"run, the longest {figures['longest']:.2f} s")
    print(f"voices: {voices} played, {told} told to have ended, {exact} on "
          f"their exact frames, {figures['meanwhile']} while Python was busy; "
          f"{figures['xruns']} xruns")
    faults = []
    if told != voices:
        faults.append(f"{voices - told} voices were not told to have ended")
    if exact != told:
        faults.append(f"{told - exact} voices were not on their frames")
    if not figures["meanwhile"]:
        faults.append("no voice ended while Python was busy: try more seconds")
    return faults
