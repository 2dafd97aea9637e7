# SPDX-License-Identifier: MIT
"""A clock: tasks that count in beats on the engine's own time.

What a task plays is stamped with the task's logical time, not with the moment
in which the script came to it; so timing is exact as long as the script is at
most `latency` behind.
"""
from __future__ import annotations

import inspect
import math
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import _tabor
from tabor._clock_agenda import Agenda, Tempo, Want
from tabor._clock_counts import ClockStats, Counts
from tabor._clock_loop import Loop, is_async
from tabor._clock_tasks import (
    Cancelled,
    CoroutineTask,
    Task,
    ThreadTask,
    line_of,
    report,
    too_still,
)
from tabor._conductor import Conductor

_MOST_STILL = 10_000  # turns in which a task's time does not move
_NAP_S = 0.001  # the least that is slept between two looks at the frame
_KEPT_S = 60.0  # how much of the tempo's past can be asked for


_OnError = Callable[[Task, BaseException], object]


def _number(value: Any, word: str, least: float) -> float:
    number = float(value)
    if not least <= number < math.inf:
        raise ValueError(f"{word} must be {least} or more, not {value!r}")
    return number


class Clock:
    """Tasks in beats; Engine.clock() makes one.

    Beat 0 is when the clock starts: with the first task, or with start(). In
    a with statement the tasks wait for its end, or for join(), and then start
    together; in async with they wait for the first await. Under
    driver="offline" render() starts and moves the clock. The statement's end
    waits until all tasks have ended, but offline it ends them.
    """

    __slots__ = ("_engine", "_conductor", "_tempo", "_latency", "_slip",
                 "_on_error", "_lock", "_agenda", "_tasks", "_loops",
                 "_origin", "_reached", "_running", "_owed", "_thread",
                 "_is_held", "_closing", "_hook", "_counts",
                 "__weakref__")

    def __init__(self, engine: Any, conductor: Conductor, bpm: Any,
                 latency: Any, slip: Any, on_error: _OnError | None) -> None:
        if on_error is not None and not callable(on_error):
            raise TypeError("on_error must be a function(task, error), not "
                            f"{on_error!r}")
        self._engine = engine
        self._conductor = conductor
        self._tempo: Tempo = _tabor.Tempo(bpm)
        self._latency = round(_number(latency, "latency", 0) * engine.rate)
        self._slip = round(_number(slip, "slip", 0) * engine.rate)
        self._on_error = on_error
        self._lock = threading.Condition()
        self._agenda = Agenda(self._tempo, self._frame_of)
        self._tasks: set[Task] = set()
        self._loops: dict[str, Loop] = {}
        self._origin: int | None = None  # beat 0's frame
        self._reached = 0  # frames from there on whose tasks have run
        self._running: Any = None  # who has the turn
        self._owed: Any = None  # who has not given it back when Ctrl-C came
        self._thread: threading.Thread | None = None
        self._is_held = self._closing = False
        self._hook = self._notice
        self._counts = Counts(engine, self._latency)
        conductor.add(self)

    def __repr__(self) -> str:
        return (f"<tabor.Clock: beat {self.beat():.3f}, {self.tempo():g} bpm, "
                f"{len(self._tasks)} tasks>")

    def __enter__(self) -> Clock:
        self._is_held = True
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        self._is_held = False
        try:
            if kind is None and self._moves():
                self.join()
        finally:
            self.close()

    async def __aenter__(self) -> Clock:
        self._is_held = True
        self._loop_here().call_soon(self._let_go)  # at the first await
        return self

    def _let_go(self) -> None:
        self._is_held = False
        if not self._engine._pumped and self._tasks:
            self.start()

    async def __aexit__(self, kind: Any, *_: object) -> None:
        self._is_held = False
        try:
            if kind is None and not self._engine._pumped:
                self.start()
                await self._all_ended()
            elif kind is None and self._moves():
                self.join()
        finally:
            self.close()

    async def _all_ended(self) -> None:
        while self._tasks:
            for task in tuple(self._tasks):
                if not task._done:
                    await task._future()

    # -------------------------------------------------------------- tasks

    def run(self, function: Any, *args: Any) -> Task:
        """Start a task, now: a function in a thread of its own, or an async
        function; returns a Task. Of all tasks one runs at a time."""
        return self._start(self._task_of(function, args), None)

    def at(self, beat: Any, function: Any, *args: Any) -> Task:
        """Start a task at a beat that is still to come."""
        beat = _number(beat, "beat", 0)
        if beat < self._logical()[0]:
            raise ValueError(f"beat {beat:g} has passed: it is beat "
                             f"{self._logical()[0]:.3f}")
        return self._start(self._task_of(function, args), Want("beat", beat))

    def loop(self, name: str, function: Any) -> Task | None:
        """Call a function again and again, as a task of that name. Another
        function of the same name takes its place when it is next called; if
        that one fails before it has once come to its end, the last good one
        goes on. None ends the loop there."""
        if function is not None and not callable(function):
            raise TypeError(f"loop() takes a function, not {function!r}")
        with self._lock:
            loop = self._loops.get(name)
            if loop is not None:
                loop.function = function
                task: Task = loop.task
                return task
            if function is None:
                return None
            loop = self._loops[name] = Loop(name, function)
            return self._start_loop(loop, None)

    def cancel(self, task: Task) -> bool:
        """End a task: where it waits, Cancelled is raised. False if it has
        ended before."""
        with self._lock:
            if task._done:
                return False
            task._throw = Cancelled()
            if task is not self._running:
                self._wake(task)
        return True

    def hush(self) -> None:
        """End all tasks, withdraw what is scheduled, let what sounds fade."""
        with self._lock:
            self._loops.clear()
            for task in tuple(self._tasks):
                self.cancel(task)
        self._engine.cancel()
        self._engine.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until all tasks have ended; False if they have not in time."""
        task = self._me()
        if task is not None:
            raise _tabor.Error(f"task {task.name!r} can't wait for all tasks: "
                               "it is one of them")
        return self._wait_until(lambda: not self._tasks, timeout)

    # -------------------------------------------------------------- waits

    def sleep(self, seconds: Any) -> Awaitable[None]:
        """In a task: go on so many seconds later. In an async function, await
        this."""
        task = self._caller("sleep")
        later = task._second + _number(seconds, "seconds", 0)
        return self._wait(task, "sleep", Want("second", later))

    def wait(self, beats: Any) -> Awaitable[None]:
        """In a task: go on so many beats later. A change of tempo moves the
        moment, not the beat."""
        task = self._caller("wait")
        later = task._beat + _number(beats, "beats", 0)
        return self._wait(task, "wait", Want("beat", later))

    def sync(self, beats: Any, offset: float = 0.0) -> Awaitable[None]:
        """In a task: go on at the next beat that is offset plus a multiple of
        beats."""
        task = self._caller("sync")
        grid = (_number(beats, "beats", 1e-6), float(offset))
        later = _on_grid(task._beat, grid)
        return self._wait(task, "sync", Want("beat", later, grid))

    # --------------------------------------------------------------- time

    def start(self) -> None:
        """Beat 0 is now, if the clock does not run yet."""
        with self._lock:
            if self._origin is None:
                ahead = 0 if self._engine._pumped else self._latency
                self._origin = self._engine.frame + ahead
            self._wake_thread()

    def tempo(self, bpm: Any = None, beats: Any = 0.0) -> float:
        """Beats a minute. With a number: change to it, now or over so many
        beats, evenly in time."""
        with self._lock:
            beat = self._logical()[0]
            if bpm is not None:
                self._tempo.change(beat, bpm, beats)
                now = self._tempo.beats(self._heard() - _KEPT_S)
                self._tempo.forget(min(now, beat))
                self._lock.notify_all()
            return self._tempo.bpm(beat)

    def beat(self) -> float:
        """A task's own beat; outside of tasks, the one that is heard now."""
        task = self._me()
        if task is not None:
            return task._beat
        with self._lock:
            return self._tempo.beats(self._heard())

    def stats(self) -> ClockStats:
        """What has been late, and what would help, as ClockStats."""
        with self._lock:
            return self._counts.stats(len(self._tasks))

    def close(self) -> None:
        """End all tasks and the clock. Twice is once."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        if self._me() is not None:
            return  # whoever gave it the turn sees to the rest
        if self._conductor.turn.acquire(timeout=2.0):
            try:
                self._unwind()
            finally:
                self._conductor.turn.release()
        self._conductor.remove(self)

    # ---------------------------------------------------------- its tasks

    def _task_of(self, function: Any, args: tuple[Any, ...],
                 name: str | None = None) -> Task:
        if inspect.iscoroutine(function):
            function.close()
            raise TypeError("give the function itself, as in "
                            "clock.run(song, 4), not what it returns")
        if not callable(function):
            raise TypeError(f"a task is a function, not {function!r}")
        if name is None:
            name = getattr(function, "__name__", repr(function))

        def call() -> Any:
            return function(*args)

        if is_async(function):
            return CoroutineTask(self, name, call, self._loop_here())
        return ThreadTask(self, name, call)

    @staticmethod
    def _loop_here() -> Any:
        """The event loop that runs in this thread, or None."""
        asyncio = sys.modules.get("asyncio")
        return asyncio._get_running_loop() if asyncio else None

    def _start(self, task: Task, want: Any) -> Task:
        with self._lock:
            if self._closing:
                raise _tabor.ClosedError("the clock is closed")
            task._beat, task._second = self._logical()
            task._want = want or Want("second", task._second)
            self._tasks.add(task)
            self._agenda.push(task)
            if not self._engine._pumped and not self._is_held:
                self.start()
        return task

    def _start_loop(self, loop: Any, want: Any) -> Task:
        function = loop.function
        passes = (self._passes_async if is_async(function)
                  else self._passes)
        loop.task = self._task_of(passes, (loop,), loop.name)
        return self._start(loop.task, want)

    def _passes(self, loop: Any) -> None:
        try:
            while function := loop.begin(False):
                try:
                    function()
                    loop.passed(function)
                except Exception as error:
                    loop.failed(function, error)
        finally:
            self._loop_ended(loop)

    async def _passes_async(self, loop: Any) -> None:
        try:
            while function := loop.begin(True):
                try:
                    await function()
                    loop.passed(function)
                except Exception as error:
                    loop.failed(function, error)
        finally:
            self._loop_ended(loop)

    def _loop_ended(self, loop: Any) -> None:
        """Unless its next function is of the other kind."""
        kind = type(loop.task)
        with self._lock:
            if self._loops.get(loop.name) is not loop:
                return
            goes_on = (sys.exc_info()[0] is None and not self._closing
                       and loop.function is not None)
            if goes_on and is_async(loop.function) == (kind is ThreadTask):
                self._start_loop(loop, None)
            else:
                del self._loops[loop.name]

    def _ended(self, task: Task) -> None:
        """A task's code has come to its end; it still has the turn."""
        error = task._error
        interrupted = isinstance(error, (KeyboardInterrupt, SystemExit))
        if error is not None and not interrupted:
            if isinstance(error, _tabor.QueueFull):
                self._counts.ended_by_refusal()
            self._report(task, error)
        with self._lock:
            task._done = True
            self._tasks.discard(task)
            listeners, task._listeners = task._listeners, []
            self._lock.notify_all()
        for tell in listeners:
            tell()

    def _report(self, task: Task, error: BaseException) -> None:
        if self._on_error is None:
            report(task, error)
            return
        try:
            self._on_error(task, error)
        except Exception as another:
            report(task, another)

    def _me(self) -> Task | None:
        """The task that is calling, or None."""
        task: Task | None = self._running
        if task is not None and task._thread == threading.get_ident():
            return task
        return None

    def _caller(self, word: str) -> Task:
        task = self._me()
        if task is None:
            raise _tabor.Error(
                f"{word}() belongs in a task of this clock: start one with "
                "clock.run(function)")
        if task._asked is not None:
            raise task._unawaited() or AssertionError
        task._check_thrown()
        return task

    def _wait(self, task: Task, word: str, want: Any) -> Awaitable[None]:
        second = (want.number if want.kind == "second"
                  else self._tempo.seconds(want.number))
        task._still = task._still + 1 if second <= task._second else 0
        if task._still > _MOST_STILL:
            raise too_still(task, f"{_MOST_STILL} waits",
                            line_of(sys._getframe(1)))
        task._want = want
        if isinstance(task, ThreadTask):
            return task._suspend()
        task._asked = word
        return task._suspend()

    # ---------------------------------------------------------- the queue

    def _frame_of(self, second: float) -> int:
        rate: int = self._engine.rate
        return (self._origin or 0) + math.floor(second * rate + 0.5)

    def _pop(self, end: int) -> Task | None:
        """Who is due before a frame, its time set; or None."""
        with self._lock:
            while (due := self._agenda.first()) and due.frame < end:
                task, beat, second = self._agenda.take(due)
                behind = self._engine.frame - due.frame
                if not self._engine._pumped and behind > self._slip:
                    self._slip_on(task)
                    continue
                task._beat, task._second = beat, second
                return task
        return None

    def _slip_on(self, task: Task) -> None:
        """The script was away for too long: no burst of what it has missed."""
        self._counts.slipped(task.name, task._line())
        want = task._want
        assert want is not None
        now = self._heard() + self._latency / self._engine.rate / 2
        if want.kind == "second":
            number = now
        elif want.grid:
            number = _on_grid(self._tempo.beats(now), want.grid)
        else:
            number = want.number + math.ceil(
                self._tempo.beats(now) - want.number)
        task._want = want._replace(number=number)
        self._agenda.push(task)

    def _wake(self, task: Task, second: float | None = None) -> None:
        """Let a task go on that waits for something else, from whichever
        thread."""
        with self._lock:
            if task._done:
                return
            if second is None:
                second = self._logical()[1]
            task._want = Want("second", max(second, task._second))
            self._agenda.push(task)
            self._wake_thread()

    # ---------------------------------------------------------- the turns

    def _advance(self, end: int) -> None:
        """Give the turn to all that are due before a frame."""
        if self._owed is not None:
            self._owed._wait_for_back()
            self._settle()
        while not self._closing and (task := self._pop(end)):
            self._run(task)
        if self._closing:
            self._unwind()
        self._reached = max(self._reached, end - (self._origin or 0))

    def _run(self, task: Task) -> None:
        self._running = task
        try:
            task._step()
        finally:
            self._settle()

    def _settle(self) -> None:
        """Who had the turn waits, or has ended."""
        if self._owed is not None:
            return
        task, self._running = self._running, None
        with self._lock:
            if not task._done and task._want is not None:
                self._agenda.push(task)

    def _unwind(self) -> None:
        """Cancel all. Who takes no notice is left behind."""
        for task in sorted(self._tasks, key=lambda task: task._serial):
            for _ in range(20):
                if self._owed is not None:
                    self._owed._wait_for_back()
                    self._settle()
                if self._owed is not None or task._done:
                    break
                task._throw = Cancelled()
                self._run(task)
            if not task._done and self._owed is None:
                task._end(Cancelled())

    def _wake_thread(self) -> None:
        """Where time moves by itself, a thread gives the turns."""
        self._lock.notify_all()
        if (self._thread is None and self._origin is not None and self._tasks
                and not self._engine._pumped):
            self._thread = threading.Thread(target=self._live, daemon=True,
                                            name="tabor-clock")
            self._thread.start()

    def _live(self) -> None:
        """Give turns in time, up to the latency before they are heard."""
        while self._is_due():
            with self._conductor.turn:
                self._advance(self._engine.frame + self._latency + 1)

    def _is_due(self) -> bool:
        """Wait until somebody is; False if there is nobody left."""
        while True:
            with self._lock:
                if not self._tasks or self._closing:
                    self._thread = None
                    return False
                if self._engine.closed:
                    self._closing = True
                    return True
                due = self._agenda.first()
                if due is None:
                    self._lock.wait()
                    continue
                left = (due.frame - self._latency - self._engine.frame
                        ) / self._engine.rate
                if left <= 0:
                    return True
                self._lock.wait(max(left, _NAP_S))

    # ------------------------------------------------------------ the time

    def _moves(self) -> bool:
        """Does time move by itself, or for who waits?"""
        return not self._engine._pumped or self._engine._idle is not None

    def _heard(self) -> float:
        """The second that is heard now; 0 before the start."""
        if self._origin is None:
            return 0.0
        heard: float = (self._engine.frame - self._origin) / self._engine.rate
        return heard

    def _logical(self) -> tuple[float, float]:
        """(beat, second): the calling task's; for others, where everything
        that happens from now on still has to come after."""
        task = self._me()
        if task is not None:
            return task._beat, task._second
        second = self._reached / self._engine.rate
        if self._origin is not None and not self._engine._pumped:
            ahead = self._engine.frame + self._latency - self._origin
            second = max(second, ahead / self._engine.rate)
        return self._tempo.beats(second), second

    def _stamp(self, task: Task | None) -> None:
        """What this thread sends is the task's, or nobody's any more."""
        engine = self._engine
        if task is None:
            engine._stamp(None)
        else:
            engine._stamp_hook = self._hook
            engine._stamp(self._frame_of(task._second))

    def _notice(self, what: str, count: int) -> None:
        """A command of the task that runs came too late, or was refused."""
        name, line = self._running.name, line_of(sys._getframe(1))
        if what == "late":
            self._counts.late(name, line, count)
        else:
            self._counts.refused(name, line)

    def _wait_until(self, predicate: Callable[[], bool],
                    timeout: float | None) -> bool:
        """For who is no task."""
        self._is_held = False
        if not self._engine._pumped:
            self.start()
        elif self._moves():
            while not predicate():
                self._engine._idle()
        elif timeout is None and not predicate():
            raise _tabor.Error(
                "no task would ever end: this clock moves only while render() "
                "runs; render first, or give a timeout")
        with self._lock:
            return self._lock.wait_for(predicate, timeout)


def _on_grid(beat: float, grid: tuple[float, float]) -> float:
    """The next beat of a grid; a hair's breadth before it is on it."""
    beats, offset = grid
    return offset + (math.floor((beat - offset) / beats + 1e-9) + 1) * beats

