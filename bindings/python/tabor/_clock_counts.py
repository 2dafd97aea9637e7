# SPDX-License-Identifier: MIT
"""What has gone wrong on a clock, and what would help."""
from __future__ import annotations

import collections
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClockStats:
    """What has gone wrong on a clock. late counts commands that were sent
    after their frame, late_max the seconds of the worst; slipped the tasks
    that went on elsewhere after a stall; refused what did not fit into the
    queue. places says which task, which line, what and how often, the worst
    first; advice is a sentence, or ""."""

    tasks: int
    late: int
    late_max: float
    slipped: int
    refused: int
    places: tuple[tuple[str, str, str, int], ...]
    advice: str


class Counts:
    """The same while it is counted, in frames; latency is the clock's."""

    __slots__ = ("_engine", "_latency", "_late", "_late_max", "_slipped",
                 "_refused", "_places")

    def __init__(self, engine: Any, latency: int) -> None:
        self._engine = engine
        self._latency = latency
        self._late = self._late_max = self._slipped = self._refused = 0
        self._places: collections.Counter[tuple[str, str, str]] = (
            collections.Counter())

    def late(self, name: str, line: str, frames: int) -> None:
        self._late += 1
        self._late_max = max(self._late_max, frames)
        self._places[name, line, "late"] += 1

    def refused(self, name: str, line: str) -> None:
        self._refused += 1
        self._places[name, line, "refused"] += 1

    def slipped(self, name: str, line: str) -> None:
        self._slipped += 1
        self._places[name, line, "slipped"] += 1

    def ended_by_refusal(self) -> None:
        """A task has; which of its commands it was may not be known."""
        if not self._refused:
            self._refused += 1

    def stats(self, tasks: int) -> ClockStats:
        rate = self._engine.rate
        places = tuple((*place, count) for place, count
                       in self._places.most_common())
        return ClockStats(tasks, self._late, self._late_max / rate,
                          self._slipped, self._refused, places,
                          self._advice(rate))

    def _advice(self, rate: int) -> str:
        words = []
        if self._late or self._slipped:
            enough = self._latency + self._late_max + 2 * self._engine.block
            name, line = next((place[:2] for place, _
                               in self._places.most_common()
                               if place[2] != "refused"), ("?", "?"))
            words.append(
                f"latency {self._latency / rate:g}, "
                f"{math.ceil(enough / rate * 100) / 100:g} would have been "
                f"enough for what was late; most often task {name!r}, {line}")
        if self._refused:
            words.append("the queue was full: open the engine with a larger "
                         "queue=, or with on_full='wait'")
        return "; ".join(words)
