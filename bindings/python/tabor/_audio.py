# SPDX-License-Identifier: MIT
"""Sound in memory, and where sounds come from."""
import pathlib

import _tabor


class Audio(_tabor.Audio):
    """Sound in memory: float32, shape (frames, channels), read-only.

    Audio(array, rate) copies an array; read() and render() make one.
    memoryview(audio) and numpy.asarray(audio) show it without a copy, for as
    long as the view lives.
    """

    __slots__ = ()

    def _repr_svg_(self, width=720, height=120):
        middle = height / 2
        points = self._peaks(width)
        upper = [f"{x},{middle * (1 - high):.1f}"
                 for x, (_, high) in enumerate(points)]
        lower = [f"{x},{middle * (1 - low):.1f}"
                 for x, (low, _) in enumerate(points)]
        outline = " ".join(upper + lower[::-1])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">'
            f"<title>{self.duration:.3f} s, {self.channels} channels, "
            f"{self.rate} Hz</title>"
            f'<path d="M0 {middle}H{width}" stroke="#999"/>'
            f'<polygon points="{outline}" fill="#37c" stroke="#37c"/></svg>'
        )


def db(decibels):
    """Decibels as a linear gain: db(0) is 1, db(-6) about one half."""
    return 10.0 ** (decibels / 20.0)


def kit():
    """The sounds that come with Tabor: a dict of name to path."""
    folder = pathlib.Path(_tabor._kit_dir())
    return {path.stem: str(path) for path in sorted(folder.glob("*.wav"))}
