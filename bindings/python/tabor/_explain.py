# SPDX-License-Identifier: MIT
"""Latency and glitches in words."""
from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

_DOZE_S = 0.002


def watch(engine: Any, seconds: Any) -> tuple[list[float], float]:
    """(round trips, the longest time that Python was away), both in seconds,
    of a while in which nothing else is done."""
    pings, away = [], 0.0
    until = time.monotonic() + seconds
    last = time.monotonic()
    while last < until:
        pings.append(engine.ping(timeout=10))
        time.sleep(_DOZE_S)
        now = time.monotonic()
        away = max(away, now - last - pings[-1] - _DOZE_S)
        last = now
    return pings, away


def explain(engine: Any, stats: Any, pings: list[float],
            away: float) -> Iterator[str]:
    """Sentences about an engine that has run for a while."""
    block_ms = engine.block / engine.rate * 1000
    latency_ms = stats.latency * 1000
    pings_ms = sorted(ping * 1000 for ping in pings)
    device = f" on {engine.device}" if engine.device else ""
    yield (f"{engine.driver}{device} plays {engine.rate} frames a second, "
           f"{engine.channels} channels, in blocks of {engine.block} frames: "
           f"{block_ms:.2f} ms each.")
    yield (f"What a script plays now is in the next block, after at most "
           f"{block_ms:.2f} ms, and is heard {latency_ms:.2f} ms after it was "
           f"rendered, the device says: {block_ms + latency_ms:.2f} ms at "
           "most. A smaller block= makes both shorter.")
    yield (f"A command was there and back in {_middle(pings_ms):.2f} ms, at "
           f"worst in {pings_ms[-1]:.2f} ms ({len(pings)} were sent). What is "
           "played with at= waits for none of this: it is on its frame.")
    yield (f"Rendering took {stats.load_mean:.1%} of the time of a block, at "
           f"worst {stats.load_max:.1%}; " + _reserve(stats))
    if stats.realtime:
        yield "The audio thread has real-time priority."
    else:
        yield ("The audio thread has no real-time priority: a busy machine "
               "may make it late. Allow it with a line '@audio - rtprio 95' "
               "in /etc/security/limits.d/, and be in that group.")
    yield from _glitches(stats)
    yield (f"Python itself was away for {away * 1000:.1f} ms at most; sound "
           "does not wait for it, and a clock's latency= must be longer.")


def _middle(numbers: list[float]) -> float:
    return numbers[len(numbers) // 2]


def _reserve(stats: Any) -> str:
    if stats.load_max < 0.5:
        return "there is room."
    if stats.load_max < 1:
        return "that is near to glitches: take a larger block=."
    return "that is more than a block lasts, and was heard: take a larger " \
           "block=, or fewer voices=."


def _glitches(stats: Any) -> Iterator[str]:
    told = False
    for count, words in (
            (stats.xruns, "times the device ran dry: take a larger block=, or "
                          "look for what keeps the audio thread away"),
            (stats.late, f"commands came after their frame, {stats.late_max} "
                         "frames at worst: send them earlier"),
            (stats.refused, "commands did not fit into the queue: take a "
                            "larger queue=, or on_full='wait'"),
            (stats.stolen, "voices were taken for new ones: take more "
                           "voices="),
            (stats.unread_lost, "events were lost as nobody read them: call "
                                "poll()"),
            (stats.unsound, "values were no numbers and became silence: look "
                            "at the sounds that were loaded"),
            (stats.hung, "calls of the driver hung and were left behind")):
        if count:
            told = True
            yield f"{count} {words}."
    if not told:
        yield "No glitches: no block was missed, nothing was late or refused."
