# SPDX-License-Identifier: MIT
"""What tests of sound ask: does it begin where it must, and does it click?

    from tabor.testing import assert_no_clicks, assert_onsets

    def test_song(offline_engine):
        kick = offline_engine.load(tabor.kit()["kick"])
        kick.play(at=0.5)
        audio = offline_engine.render(1)
        assert_onsets(audio, [0.5])
        assert_no_clicks(audio)

The fixture comes with Tabor, as a plugin of pytest; the functions need no
pytest. Sound is an Audio, or an array and rate=.
"""
from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tabor import Audio

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Click", "assert_no_clicks", "assert_onsets", "clicks", "onsets"]

_TOLD = 5  # faults that a message lists


class Click(NamedTuple):
    """A jump that its surroundings don't account for: its size, and the
    sharpest bend beside it."""

    frame: int
    channel: int
    size: float
    beside: float


def onsets(
    sound: Audio | ReadableBuffer,
    *,
    rate: int | None = None,
    threshold: float = 0.001,
    rise: float = 2.0,
    gap: float = 0.01,
) -> list[float]:
    """The seconds at which something begins: a value above the threshold that
    is `rise` times as large as all values in the `gap` seconds before; or,
    while something else sounds, a bend that is twice that much sharper."""
    audio = _audio(sound, rate)
    window = max(1, round(gap * audio.rate))
    heights, sharpnesses = _Peak(window), _Peak(window)
    found: list[int] = []
    for frame, (height, sharpness) in enumerate(_sizes(audio)):
        rises = (height > threshold and height > rise * heights.before(frame)
                 or sharpness > threshold
                 and sharpness > 2 * rise * sharpnesses.before(frame))
        if rises and (not found or frame - found[-1] >= window):
            found.append(frame)
        heights.add(frame, height)
        sharpnesses.add(frame, sharpness)
    return [frame / audio.rate for frame in found]


def clicks(
    sound: Audio | ReadableBuffer,
    *,
    rate: int | None = None,
    size: float = 0.01,
    ratio: float = 8.0,
    around: float = 0.002,
) -> list[Click]:
    """Where the sound jumps by more than `size`, and by more than `ratio`
    times what its slope changes in the `around` seconds beside it: a value
    alone, a sound that is cut off or begins in its middle. A low square wave
    has such jumps by itself."""
    audio = _audio(sound, rate)
    window = max(4, round(around * audio.rate))
    return [Click(frame, channel, found, beside)
            for channel in range(audio.channels)
            for frame, found, beside in _clicks_of(
                _values(audio)[channel::audio.channels], size, ratio, window)]


def assert_onsets(
    sound: Audio | ReadableBuffer,
    seconds: Iterable[float],
    *,
    within: float = 0.001,
    rate: int | None = None,
    threshold: float = 0.001,
    rise: float = 2.0,
    gap: float = 0.01,
) -> None:
    """Fail unless the sound's onsets are at these seconds, and nowhere else.

    within  how far an onset may be off, in seconds; 0 is on the very frame
    The rest is as in onsets().
    """
    audio = _audio(sound, rate)
    wanted = sorted(seconds)
    found = onsets(audio, threshold=threshold, rise=rise, gap=gap)
    room = within + 0.5 / audio.rate
    missing, extra = _unmatched(wanted, found, room)
    if not missing and not extra:
        return
    lines = [f"{len(wanted)} onsets wanted, {len(found)} found"]
    lines += _told(f"nothing begins at {time:.6f} s{_nearest(time, extra)}"
                   for time in missing)
    lines += _told(f"something begins at {time:.6f} s, where nothing is wanted"
                   for time in extra)
    raise AssertionError("\n".join(lines))


def assert_no_clicks(
    sound: Audio | ReadableBuffer,
    *,
    rate: int | None = None,
    size: float = 0.01,
    ratio: float = 8.0,
    around: float = 0.002,
) -> None:
    """Fail if the sound clicks, as clicks() tells it, or if there is none."""
    audio = _audio(sound, rate)
    if not any(_values(audio)):
        raise AssertionError(
            f"{audio.duration:.3f} s of silence: there is nothing to look at; "
            "was anything played before it was rendered?")
    found = clicks(audio, size=size, ratio=ratio, around=around)
    if found:
        raise AssertionError("\n".join(
            [f"{len(found)} click{'s' * (len(found) > 1)}"] + _told(
                f"at {click.frame / audio.rate:.6f} s (frame {click.frame}, "
                f"channel {click.channel}): a jump of {click.size:.4f}, "
                f"beside {click.beside:.4f}" for click in found)))


def _audio(sound: Audio | ReadableBuffer, rate: int | None) -> Audio:
    if isinstance(sound, Audio):
        if rate is not None and rate != sound.rate:
            raise ValueError(f"rate={rate}, but the Audio has {sound.rate}")
        return sound
    if rate is None:
        raise TypeError("an array has no rate of its own: give rate=")
    return Audio(sound, rate)


def _values(audio: Audio) -> memoryview:
    return memoryview(audio).cast("B").cast("f")


class _Peak:
    """The largest of the last numbers; those that a later one is larger than
    are forgotten."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._recent: collections.deque[tuple[int, float]] = (
            collections.deque())

    def before(self, frame: int) -> float:
        recent = self._recent
        while recent and recent[0][0] < frame - self._window:
            recent.popleft()
        return recent[0][1] if recent else 0.0

    def add(self, frame: int, number: float) -> None:
        recent = self._recent
        while recent and recent[-1][1] <= number:
            recent.pop()
        recent.append((frame, number))


def _sizes(audio: Audio) -> Iterable[tuple[float, float]]:
    """Of each frame, the largest value and the sharpest bend."""
    channels = [_values(audio)[channel::audio.channels]
                for channel in range(audio.channels)]
    heights = [map(abs, values) for values in channels]
    sharpnesses = [map(abs, _bends(values)) for values in channels]
    return zip(map(max, zip(*heights)), map(max, zip(*sharpnesses)))


def _bends(values: Sequence[float]) -> list[float]:
    """By how much the slope changes at each frame."""
    padded = [0.0, 0.0, *values]
    return [a - 2 * b + c for a, b, c in zip(padded, padded[1:], padded[2:])]


def _clicks_of(
    values: Sequence[float], size: float, ratio: float, window: int
) -> list[tuple[int, float, float]]:
    """(frame, size, beside) for one channel. Where values jump, the slope
    changes twice at once, there and back; where a sound begins, it changes
    once, and stays. One click may do so in two neighbouring frames."""
    bends = [*_bends(values), 0.0]
    sizes = [abs(bend) for bend in bends]
    found: list[tuple[int, float, float]] = []
    for frame in range(len(values)):
        jump = min(sizes[frame], sizes[frame + 1])
        if jump <= size or bends[frame] * bends[frame + 1] > 0:
            continue
        beside = max(sizes[max(0, frame - window):max(0, frame - 1)]
                     + sizes[frame + 4:frame + window], default=0.0)
        if jump > ratio * beside and (
                not found or frame - found[-1][0] > 1):
            found.append((frame, jump, beside))
    return found


def _unmatched(
    wanted: list[float], found: list[float], room: float
) -> tuple[list[float], list[float]]:
    """What is only here, and what is only there; both in order."""
    missing, extra = [], collections.deque(found)
    left = []
    for time in wanted:
        while extra and extra[0] < time - room:
            left.append(extra.popleft())
        if extra and extra[0] <= time + room:
            extra.popleft()
        else:
            missing.append(time)
    return missing, left + list(extra)


def _nearest(time: float, others: list[float]) -> str:
    if not others:
        return ""
    other = min(others, key=lambda one: abs(one - time))
    how = "late" if other > time else "early"
    return f"; the nearest comes {abs(other - time) * 1000:.3f} ms too {how}"


def _told(lines: Iterable[str]) -> list[str]:
    """The first ones, indented."""
    every = list(lines)
    more = len(every) - _TOLD
    return [f"  {line}" for line in every[:_TOLD]] + (
        [f"  and {more} more"] if more > 0 else [])
