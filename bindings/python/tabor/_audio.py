# SPDX-License-Identifier: MIT
"""Sound in memory, and where sounds come from."""
from __future__ import annotations

import pathlib

import _tabor
from tabor._pictures import waveform


# Only stubtest knows what the extension module has: to mypy it is Any.
class Audio(_tabor.Audio):  # type: ignore[misc]
    """Sound in memory: float32, shape (frames, channels), read-only.

    Audio(array, rate) copies an array; read() and render() make one.
    memoryview(audio) and numpy.asarray(audio) show it without a copy, for as
    long as the view lives.
    """

    __slots__ = ()

    def _repr_svg_(self, width: int = 720, height: int = 120) -> str:
        return waveform(self, width, height)


def db(decibels: float) -> float:
    """Decibels as a linear gain: db(0) is 1, db(-6) about one half."""
    gain: float = 10.0 ** (decibels / 20.0)
    return gain


def kit() -> dict[str, str]:
    """The sounds that come with Tabor: a dict of name to path."""
    folder = pathlib.Path(_tabor._kit_dir())
    return {path.stem: str(path) for path in sorted(folder.glob("*.wav"))}
