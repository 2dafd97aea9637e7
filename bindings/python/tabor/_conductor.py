# SPDX-License-Identifier: MIT
"""The clocks of one engine."""
from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

import _tabor

if TYPE_CHECKING:
    from tabor._clock import Clock
    from tabor._lua import Lua


class Conductor:
    """The clocks of one engine, and its scripts in Lua: of all tasks in
    Python, one runs at a time."""

    def __init__(self, engine: Any) -> None:
        self.turn = threading.Lock()
        self.clocks: list[Clock] = []
        self._scripts: weakref.WeakSet[Lua] = weakref.WeakSet()
        self._engine = engine

    def add(self, clock: Clock) -> None:
        self.clocks.append(clock)
        self._set_pace()

    def add_script(self, script: Lua) -> None:
        self._scripts.add(script)
        self._set_pace()

    def remove(self, clock: Clock) -> None:
        if clock in self.clocks:
            self.clocks.remove(clock)
        self._set_pace()

    def _set_pace(self) -> None:
        if self._engine._pumped:
            is_needed = self.clocks or self._scripts
            self._engine._pace = self.advance if is_needed else None

    def advance(self, end: int) -> None:
        """Before render() goes on to a frame: run what is due until then."""
        for clock in tuple(self.clocks):
            if clock._me() is not None:
                raise _tabor.Error("a task of a clock can't render: the clock "
                                   "is what render() moves")
            clock.start()
            with self.turn:
                clock._advance(end)
        for script in sorted(self._scripts, key=lambda each: each.number):
            script._step(end - 1)

    def is_busy(self) -> bool:
        """Does a task or a script go on?"""
        return (any(clock._tasks for clock in self.clocks)
                or any(script.alive for script in self._scripts))

    def close(self) -> None:
        for script in tuple(self._scripts):
            script._close()
        for clock in tuple(self.clocks):
            clock.close()
