# SPDX-License-Identifier: MIT
"""python -m tabor render: a script that plays, into a file.

The script is not changed: open() gives it an engine that plays into memory,
and whenever it waits for something, time moves on, as fast as it can.
"""
from __future__ import annotations

import array
import inspect
import pathlib
import runpy
import sys
from typing import Any

import tabor
from tabor._engine import open as open_engine
from tabor._pictures import progress_bar

_STEP_FRAMES = 256
_TAIL_S = 600.0  # how long what a script has left is rendered at most


class _Full(BaseException):
    """So many seconds were wanted, and they are rendered."""


class _Recorder:
    """Everything that one engine renders; the first of a script."""

    def __init__(self, seconds: Any) -> None:
        self.engine: Any = None
        self.values = array.array("f")
        self._most = seconds
        self._tell = progress_bar("rendered",
                                  100 if seconds is not None else 0)

    def open(self, *args: Any, **options: Any) -> Any:
        """What tabor.open() does meanwhile."""
        bound = inspect.signature(open_engine).bind(*args, **options)
        known = inspect.signature(open_engine).parameters
        words = {name: value for name, value in bound.arguments.items()
                 if name in known and name not in (
                     "driver", "device", "driver_options")}
        engine = open_engine("offline", **words)
        if self.engine is None:
            self.engine = engine
            engine._idle = self.step
        return engine

    def frames(self) -> int:
        channels: int = self.engine.channels
        return len(self.values) // channels

    def step(self) -> None:
        left = _STEP_FRAMES
        if self._most is not None:
            most = round(self._most * self.engine.rate)
            self._tell(100 * self.frames() // max(most, 1))
            left = min(left, most - self.frames())
        if left <= 0:
            raise _Full
        self.values.frombytes(bytes(self.engine.render(frames=left)))

    def finish(self) -> None:
        """What the script has left behind, until nothing sounds."""
        if self.engine.closed:
            return
        if self._most is not None:
            while True:
                self.step()
        rate = self.engine.rate
        while (self._is_busy() and self.frames() < _TAIL_S * rate):
            self.step()

    def _is_busy(self) -> bool:
        clocks = self.engine._clocks
        tasks = clocks is not None and clocks.is_busy()
        self.engine._pull()
        return bool(tasks or self.engine.stats().plays > 0)


def render(script: str, words: list[str], path: str, seconds: Any,
           bits: int | None) -> int:
    """Run it and save what it plays; returns the exit status."""
    recorder = _Recorder(seconds)
    tabor.open = recorder.open
    sys.argv = [script, *words]
    sys.path.insert(0, str(pathlib.Path(script).resolve().parent))
    try:
        runpy.run_path(script, run_name="__main__")
        if recorder.engine is None:
            print(f"{script} has opened no engine: there is nothing to render",
                  file=sys.stderr)
            return 1
        recorder.finish()
    except _Full:
        pass
    engine = recorder.engine
    if not recorder.values:
        print(f"{script} waited for nothing, so no time has passed: give "
              "--seconds", file=sys.stderr)
        return 1
    shape = (recorder.frames(), engine.channels)
    audio = tabor.Audio(
        memoryview(recorder.values).cast("B").cast("f", shape), engine.rate)
    audio.save(path, bits=bits)
    print(f"{path}: {audio.duration:.3f} s, {engine.channels} channels, "
          f"{engine.rate} Hz")
    engine.close()
    return 0
