# SPDX-License-Identifier: MIT
"""What a clock runs: tasks, which are threads or coroutines.

One runs at a time. The clock gives it the turn with _step(), and gets the
turn back when the task waits or has ended. Whoever sets a task's fields holds
the turn, or is the task.
"""
from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Generator
from types import FrameType
from typing import TYPE_CHECKING, Any

import _tabor

if TYPE_CHECKING:
    from tabor._clock import Clock
    from tabor._clock_agenda import Want

_DEAF = 10  # waits after Cancelled, then the task is left behind
_STUCK_S = 1.0  # how long close() waits for a task that does not wait
_LOOK_S = 0.05  # how often a step is looked at that no event loop takes

_serials = itertools.count()


class Cancelled(BaseException):
    """Raised in a task of a clock, where it waits, to end it."""


class _Done:
    """What clock.wait() returns in a thread: nothing is left to await."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


class _Asked:
    """What clock.wait() returns in a coroutine: awaiting it gives the turn
    back."""

    __slots__ = ("task",)

    def __init__(self, task: Task) -> None:
        self.task = task

    def __await__(self) -> Generator[Any, None, Any]:
        self.task._asked = None
        yield self


DONE = _Done()


def _is_ours(frame: FrameType) -> bool:
    name: str = frame.f_globals.get("__name__", "")
    return name.startswith("tabor.") or name == "threading"


def line_of(frame: FrameType | None) -> str:
    """Where this is, as "song.py:12", outside of the package."""
    while frame and _is_ours(frame):
        frame = frame.f_back
    if frame is None:
        return "?"
    path = frame.f_code.co_filename
    return f"{path.rsplit('/', 1)[-1]}:{frame.f_lineno}"


class Task:
    """One function that a clock runs; Clock.run() and others make it. Await
    it, or join() it, for what the function returns."""

    __slots__ = ("_clock", "_name", "_call", "_serial", "_ticket", "_beat",
                 "_second", "_want", "_thread", "_still", "_asked", "_throw",
                 "_done", "_cancelled", "_error", "_result", "_listeners",
                 "__weakref__")

    def __init__(self, clock: Clock, name: str,
                 call: Callable[[], Any]) -> None:
        self._clock = clock
        self._name = name
        self._call = call  # makes what is to be run: a result, a coroutine
        self._serial = next(_serials)  # who was made first runs first
        self._ticket = 0  # an entry in the clock's queue with another is void
        self._beat = self._second = 0.0  # its logical time
        # what it waits for; None: nothing that the clock knows of
        self._want: Want | None = None
        self._thread: int | None = None  # the one that its code runs in now
        self._still = 0  # turns since its time has moved
        self._asked: str | None = None  # a wait that nobody has awaited yet
        # what its wait is to raise
        self._throw: BaseException | None = None
        self._done = self._cancelled = False
        self._error: BaseException | None = None
        self._result: Any = None
        # called once it has ended
        self._listeners: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        state = "running"
        if self._done:
            state = "failed" if self._error else "done"
        return f"<tabor.Task {self._name!r}: {state}>"

    @property
    def name(self) -> str:
        """The function's, or as given to loop()."""
        return self._name

    @property
    def done(self) -> bool:
        """True once it has ended, whichever way."""
        return self._done

    @property
    def error(self) -> BaseException | None:
        """What it has ended by, or None."""
        return self._error

    def cancel(self) -> None:
        """End it: where it waits, Cancelled is raised."""
        self._clock.cancel(self)

    def join(self, timeout: float | None = None) -> Any:
        """Wait until it has ended; returns what its function returned, or
        raises what that raised. TimedOut if it has not ended in time."""
        waiting = self._clock._me()
        if isinstance(waiting, CoroutineTask):
            raise _tabor.Error(
                f"task {waiting.name!r} is a coroutine: write await task "
                "instead of task.join()")
        if waiting is not None and not self._done:
            self._wake_at_end(waiting)
            waiting._suspend()
        elif not self._clock._wait_until(lambda: self._done, timeout):
            raise _tabor.TimedOut(
                f"task {self._name!r} has not ended in {timeout} seconds")
        return self._outcome()

    def __await__(self) -> Generator[Any, None, Any]:
        if not self._done:
            waiting = self._clock._me()
            if isinstance(waiting, CoroutineTask):
                self._wake_at_end(waiting)
                yield from _Asked(waiting).__await__()
            else:
                yield from self._future().__await__()
        return self._outcome()

    def _wake_at_end(self, task: Task) -> None:
        """The other one of this clock waits for nothing else."""
        task._want = None
        self._listeners.append(
            lambda: self._clock._wake(task, self._second))

    def _future(self) -> Any:
        """Of asyncio, settled by whichever thread the task ends in."""
        import asyncio

        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def settle() -> None:
            if not future.done():
                future.set_result(None)

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(settle)

        with self._clock._lock:
            if self._done:
                future.set_result(None)
            else:
                self._listeners.append(tell)
        return future

    def _outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result

    # -------------------------------------------------------------- turns

    def _step(self) -> None:
        """Run it up to where it waits next."""
        raise NotImplementedError

    def _suspend(self) -> Awaitable[None]:
        """Give the turn back; called by its own code."""
        raise NotImplementedError

    def _line(self) -> str:
        """Where it waits."""
        raise NotImplementedError

    def _check_thrown(self) -> None:
        """Raise what is thrown; a coroutine does where it waits."""

    def _unawaited(self) -> RuntimeError | None:
        """What is to be said of a wait that was not awaited."""
        return None

    def _begin(self) -> None:
        """Its code runs from here on, in this thread."""
        self._thread = threading.get_ident()
        self._clock._stamp(self)

    def _pause(self) -> None:
        self._clock._stamp(None)
        self._thread = None

    def _end(self, error: BaseException | None) -> None:
        """It has raised this, or returned if None."""
        if isinstance(error, Cancelled):
            self._cancelled = True
        else:
            self._error = error
        self._clock._ended(self)


class ThreadTask(Task):
    """A plain function, in a thread of its own."""

    __slots__ = ("_go", "_back", "_ident")

    def __init__(self, clock: Clock, name: str,
                 call: Callable[[], Any]) -> None:
        super().__init__(clock, name, call)
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._ident: int | None = None

    def _step(self) -> None:
        if self._ident is None:
            if self._throw is not None:  # before it began
                self._end(self._throw)
                return
            thread = threading.Thread(target=self._main, daemon=True,
                                      name=f"tabor-clock {self._name}")
            thread.start()
            self._ident = thread.ident
        self._go.release()
        self._wait_for_back()

    def _wait_for_back(self) -> None:
        """Ctrl-C may leave here; the turn comes back nevertheless, unless the
        task never ends and the clock has to."""
        self._clock._owed = self
        while not self._back.acquire(timeout=_STUCK_S):
            if self._clock._closing:
                return
        self._clock._owed = None

    def _main(self) -> None:
        self._go.acquire()
        error: BaseException | None = None
        try:
            self._begin()
            self._check_thrown()
            self._result = self._call()
        except BaseException as raised:
            error = raised
        self._pause()
        self._end(error)
        self._back.release()

    def _suspend(self) -> Awaitable[None]:
        """Give the turn back until the next one; called by its own code."""
        self._pause()
        self._back.release()
        self._go.acquire()
        self._begin()
        self._check_thrown()
        return DONE

    def _check_thrown(self) -> None:
        if self._throw is not None:
            thrown, self._throw = self._throw, None
            raise thrown

    def _line(self) -> str:
        return line_of(sys._current_frames().get(self._ident or 0))


class CoroutineTask(Task):
    """An async function, run by the clock itself; what it awaits besides the
    clock is the business of the event loop that it was made in."""

    __slots__ = ("_coroutine", "_loop", "_back", "_posted", "_deaf")

    def __init__(self, clock: Clock, name: str, call: Callable[[], Any],
                 loop: Any) -> None:
        super().__init__(clock, name, call)
        self._coroutine: Any = None
        self._loop = loop  # or None
        self._back = threading.Semaphore(0)
        # the ticket of a step that the loop is to take
        self._posted: int | None = None
        self._deaf = 0

    def _step(self) -> None:
        loop = self._loop
        if loop is None or loop is self._clock._loop_here():
            self._go_on()
            return
        self._posted = self._ticket
        try:
            loop.call_soon_threadsafe(self._take_step, self._ticket)
        except RuntimeError:  # closed, and nobody will ever run it
            self._posted = None
            self._abandon()
            return
        self._wait_for_back()

    def _wait_for_back(self) -> None:
        """Until the loop has taken the step. Not for ever: it may have been
        stopped, or wait for us itself."""
        self._clock._owed = self
        while not self._back.acquire(timeout=_LOOK_S):
            if self._loop.is_closed() or self._clock._closing:
                with self._clock._lock:
                    taken, self._posted = self._posted is None, None
                if not taken:
                    self._clock._owed = None
                    if self._loop.is_closed():
                        self._abandon()
                    else:
                        self._clock._wake(self, self._second)
                    return
        self._clock._owed = None

    def _take_step(self, ticket: int) -> None:
        with self._clock._lock:
            if self._posted != ticket:
                return
            self._posted = None
        self._go_on()
        self._back.release()

    def _go_on(self) -> None:
        """Run its code up to where it waits next."""
        error: BaseException | None = None
        self._begin()
        try:
            waits_for = self._send()
        except StopIteration as end:
            self._result = end.value
            error = self._unawaited()
        except BaseException as raised:
            error = raised
        else:
            self._pause()
            self._hear(waits_for)
            return
        self._pause()
        self._end(error)
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise error

    def _send(self) -> Any:
        if self._coroutine is None:
            if self._throw is not None:
                raise self._throw
            self._coroutine = self._call()
        if self._throw is not None:
            thrown, self._throw = self._throw, None
            self._deaf += isinstance(thrown, Cancelled)
            if self._deaf > _DEAF:
                self._coroutine.close()
                raise thrown
            return self._coroutine.throw(thrown)
        return self._coroutine.send(None)

    def _unawaited(self) -> RuntimeError | None:
        if self._asked is None:
            return None
        return RuntimeError(
            f"task {self._name!r} called clock.{self._asked}() without await: "
            f"in an async function write await clock.{self._asked}(...)")

    def _hear(self, waits_for: Any) -> None:
        """What it has yielded: a wait of the clock's, or a future."""
        if isinstance(waits_for, _Asked):
            return
        self._want = None
        if self._asked is not None:
            self._fail(self._unawaited())
        elif self._loop is None:
            self._fail(RuntimeError(
                f"task {self._name!r} awaits something that needs an event "
                "loop: start the clock's tasks inside of asyncio.run()"))
        elif waits_for is None:
            self._loop.call_soon(self._woken, None)
        elif getattr(waits_for, "_asyncio_future_blocking", None):
            waits_for._asyncio_future_blocking = False
            waits_for.add_done_callback(self._woken)
        else:
            self._fail(RuntimeError(
                f"task {self._name!r} awaits {waits_for!r}, which asyncio "
                "would not know either"))

    def _fail(self, error: BaseException | None) -> None:
        self._throw = error
        self._clock._wake(self, self._second)

    def _woken(self, _: object) -> None:
        self._clock._wake(self)

    def _abandon(self) -> None:
        """Its loop is gone: end it without running its code."""
        if self._coroutine is not None:
            with contextlib.suppress(RuntimeError):  # awaits in its finally
                self._coroutine.close()
        self._end(Cancelled())

    def _suspend(self) -> Awaitable[None]:
        return _Asked(self)

    def _line(self) -> str:
        """Of the innermost coroutine."""
        inner: Any = self._coroutine
        frame: FrameType | None = None
        while inner is not None and getattr(inner, "cr_frame", None):
            frame = inner.cr_frame
            inner = inner.cr_await
        return line_of(frame)


def report(task: Task, error: BaseException | None) -> None:
    """What is said of a task that failed, if nobody else wants to."""
    print(f"tabor: task {task.name!r} has ended at beat {task._beat:.3f} by "
          "an error; the others go on", file=sys.stderr)
    traceback.print_exception(error, file=sys.stderr)


def too_still(task: Task, what: str, line: str) -> Exception:
    error: Exception = _tabor.Error(
        f"task {task.name!r} does not let time move: {what} at beat "
        f"{task._beat:.3f} ({line}); let it wait for more than 0 beats")
    return error
