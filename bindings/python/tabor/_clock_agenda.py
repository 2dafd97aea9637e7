# SPDX-License-Identifier: MIT
"""Who waits on a clock, and for what."""
from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from tabor._clock_tasks import Task


class Tempo(Protocol):
    """What _tabor.Tempo does: beats to seconds and back."""

    def beats(self, second: float) -> float: ...
    def seconds(self, beat: float) -> float: ...
    def bpm(self, beat: float) -> float: ...
    def change(self, beat: float, bpm: float, beats: float) -> None: ...
    def forget(self, beat: float) -> None: ...


class Want(NamedTuple):
    """What a task waits for: a beat or a second, and the grid that a beat is
    of."""

    kind: str
    number: float
    grid: tuple[float, float] | None = None


class Due(NamedTuple):
    """Who is first; of one frame, who was made first."""

    frame: int
    serial: int
    kind: str


class Agenda:
    """Two heaps of tasks that wait, for beats and for seconds; so a change of
    tempo moves all of the first by moving none."""

    __slots__ = ("_tempo", "_frame_of", "_queues")

    def __init__(self, tempo: Tempo, frame_of: Callable[[float], int]) -> None:
        self._tempo = tempo
        self._frame_of = frame_of
        self._queues: dict[str, list[tuple[float, int, int, Task]]] = {
            "beat": [], "second": []}

    def push(self, task: Task) -> None:
        """It may already be in the queue: only the newest entry counts."""
        task._ticket += 1
        want = task._want
        assert want is not None
        heapq.heappush(self._queues[want.kind],
                       (want.number, task._serial, task._ticket, task))

    def first(self) -> Due | None:
        """Who is due first, or None."""
        found: Due | None = None
        for kind, queue in self._queues.items():
            while queue and queue[0][2] != queue[0][3]._ticket:
                heapq.heappop(queue)
            if queue:
                number, serial = queue[0][:2]
                second = (number if kind == "second"
                          else self._tempo.seconds(number))
                due = Due(self._frame_of(second), serial, kind)
                if found is None or due < found:
                    found = due
        return found

    def take(self, due: Due) -> tuple[Task, float, float]:
        """Who that is, no longer in it; with the beat and the second."""
        number, _, _, task = heapq.heappop(self._queues[due.kind])
        if due.kind == "beat":
            return task, number, self._tempo.seconds(number)
        return task, self._tempo.beats(number), number
