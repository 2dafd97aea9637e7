# SPDX-License-Identifier: MIT
"""Sound in memory, and where sounds come from."""
import pathlib

import _tabor
from tabor._pictures import waveform


class Audio(_tabor.Audio):
    """Sound in memory: float32, shape (frames, channels), read-only.

    Audio(array, rate) copies an array; read() and render() make one.
    memoryview(audio) and numpy.asarray(audio) show it without a copy, for as
    long as the view lives.
    """

    __slots__ = ()

    def _repr_svg_(self, width=720, height=120):
        return waveform(self, width, height)


def db(decibels):
    """Decibels as a linear gain: db(0) is 1, db(-6) about one half."""
    return 10.0 ** (decibels / 20.0)


def kit():
    """The sounds that come with Tabor: a dict of name to path."""
    folder = pathlib.Path(_tabor._kit_dir())
    return {path.stem: str(path) for path in sorted(folder.glob("*.wav"))}
