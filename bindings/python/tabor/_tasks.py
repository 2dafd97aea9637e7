# SPDX-License-Identifier: MIT
"""How asyncio's tasks wait for an engine."""
from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from tabor import Voice
    from tabor._engine import Engine


class Waiting:
    """The tasks of one event loop that wait for one engine.

    The ring's descriptor wakes the loop when the engine has sent something;
    who reads it elsewhere (voice.alive does) calls notify().
    """

    def __init__(self, engine: Engine,
                 loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop
        # future: the voice whose end it waits for, or None
        self._futures: dict[asyncio.Future[None], Voice | None] = {}
        # Our own descriptor: the engine's may be closed by another thread
        # while the loop still watches it.
        self._fd = os.dup(engine._ring_fileno())
        self._is_told = False
        loop.add_reader(self._fd, self._readable)

    async def wait(self, voice: Voice | None = None) -> None:
        """Until this voice has ended, or else until there is something to
        read. In the list first: what happens from now on calls notify()."""
        future = self._loop.create_future()
        self._futures[future] = voice
        try:
            if not self._is_due(voice):
                await future
        finally:
            del self._futures[future]

    @property
    def is_idle(self) -> bool:
        return not self._futures

    def leave(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def notify(self) -> None:
        """Something was read or closed, in whatever thread."""
        if not self._is_told:
            self._is_told = True
            # RuntimeError: the loop is closed, and its tasks with it
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._settle)

    def _is_due(self, voice: Voice | None) -> bool:
        if voice is None:
            return bool(self._engine._queued or self._engine.closed)
        return not voice.alive

    def _readable(self) -> None:
        self._engine._pull()
        self._settle()

    def _settle(self) -> None:
        self._is_told = False
        for future, voice in tuple(self._futures.items()):
            if not future.done() and self._is_due(voice):
                future.set_result(None)


class Crowd:
    """All tasks, in whatever loops, that wait for one engine. It knows the
    engine only while somebody waits, so that dropping an engine frees it."""

    def __init__(self) -> None:
        self._by_loop: dict[asyncio.AbstractEventLoop, Waiting] = {}

    async def wait(self, engine: Engine, voice: Voice | None = None) -> None:
        import asyncio  # a third of import tabor's time, for who needs it

        loop = asyncio.get_running_loop()
        waiting = self._by_loop.get(loop)
        if waiting is None:
            waiting = self._by_loop[loop] = Waiting(engine, loop)
            engine._hook = self.notify
        try:
            await waiting.wait(voice)
        finally:
            if waiting.is_idle and self._by_loop.get(loop) is waiting:
                del self._by_loop[loop]
                waiting.leave()
                if not self._by_loop:
                    engine._hook = None

    def notify(self) -> None:
        for waiting in tuple(self._by_loop.values()):
            waiting.notify()
