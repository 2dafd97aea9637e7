# SPDX-License-Identifier: MIT
"""python -m tabor duet, and tabor --python: two scripts on one engine."""
from __future__ import annotations

import runpy
import sys
import traceback
from typing import Any

import tabor

_LOOK_S = 0.05
_STEP_S = 0.1
_TAIL_S = 600.0  # how long what is left is rendered at most


def _is_busy(engine: Any) -> bool:
    engine.poll()
    return bool(engine._clocks.is_busy() or engine.stats().plays > 0)


def _run_python(script: str, engine: tabor.Engine, lua: tabor.Lua) -> bool:
    """The script with engine and lua at hand; did it succeed?"""
    try:
        runpy.run_path(script, {"engine": engine, "lua": lua}, "__main__")
    except Exception:
        traceback.print_exc()
        return False
    return True


def _render(engine: Any, path: str, seconds: float | None,
            bits: int | None) -> None:
    pieces, done = [], 0.0
    while (done < seconds if seconds is not None
           else done < _TAIL_S and _is_busy(engine)):
        piece = _STEP_S if seconds is None else min(_STEP_S, seconds - done)
        pieces.append(bytes(engine.render(piece)))
        done += piece
        engine.poll()
    values = memoryview(b"".join(pieces))
    frames = len(values) // (4 * engine.channels)
    audio = tabor.Audio(values.cast("f", (frames, engine.channels)),
                        engine.rate)
    audio.save(path, bits=bits)
    print(f"{path}: {audio.duration:.3f} s")


def run(python: str, lua: str, driver: str, path: str | None,
        seconds: float | None, bits: int | None) -> int:
    """Both scripts to their ends; returns the exit status."""
    driver = "offline" if path else driver
    with tabor.open(driver) as engine:
        script = engine.lua(lua)
        good = _run_python(python, engine, script)
        if path:
            _render(engine, path, seconds, bits)
        else:
            while _is_busy(engine):
                script.wait(_LOOK_S)
        if script.state == "failed":
            print(f"{lua} has failed", file=sys.stderr)
        return 0 if good and script.state != "failed" else 1
