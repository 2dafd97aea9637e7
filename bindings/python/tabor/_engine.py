# SPDX-License-Identifier: MIT
"""The engine: what is called seldom. The rest is in the extension module."""
from __future__ import annotations

import atexit
import collections
import contextlib
import functools
import os
import pathlib
import sys
import time
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import _tabor
from _tabor import read
from tabor._audio import Audio
from tabor._clock import Clock
from tabor._conductor import Conductor
from tabor._events import EVENT_TYPES
from tabor._lua import start as start_lua
from tabor._pictures import card, progress_bar
from tabor._tasks import Crowd

if TYPE_CHECKING:
    import concurrent.futures

    from tabor import Ended, Event, Sample, Voice
    from tabor._clock_tasks import Task
    from tabor._lua import Lua

_T = TypeVar("_T")
_R = TypeVar("_R")
_Handler = Callable[[Any], object]  # of an event of the type that on() has

_open_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _map_in_threads(function: Callable[[_T], _R],
                    items: Iterable[_T]) -> Generator[_R, None, None]:
    """map() on as many threads as there are processors, in order; it does not
    run far ahead of whoever takes the results, who may stop."""
    import concurrent.futures  # a large one, and most scripts need it never

    workers = len(os.sched_getaffinity(0))
    pending: collections.deque[concurrent.futures.Future[_R]]
    pending = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers of an engine. late_max is in frames, latency in seconds; a load
    is a share of the time that a block lasts, since the last stats(); plays
    counts those whose end has not been read, scheduled ones too."""

    frame: int
    voices: int
    queue_size: int
    queue_high: int
    refused: int
    stale: int
    late: int
    late_max: int
    stolen: int
    xruns: int
    load_mean: float
    load_max: float
    latency: float
    realtime: bool
    blocks: int
    unread_lost: int
    unsound: int
    hung: int
    plays: int

    def _repr_html_(self) -> str:
        return card(self)


@dataclass(frozen=True, slots=True)
class Meter:
    """One output channel since meters() was last asked: the largest size and
    the root mean square; clipped counts values above 1 since open()."""

    peak: float
    rms: float
    clipped: int


@dataclass(frozen=True, slots=True)
class ADSR:
    """An envelope for play(env=...): up in attack seconds, full for hold
    seconds, in decay seconds down to sustain (0 to 1), and from release() on
    to nothing in release seconds. At sustain 0 the voice ends when it has
    decayed."""

    attack: float
    decay: float
    sustain: float
    release: float
    hold: float = 0.0


class Batch:
    """What an engine is told inside a with statement arrives together or not
    at all; Engine.batch() makes one.

    It is sent when the statement ends. If it does not fit then, the engine's
    on_full decides: QueueFull is raised, or it waits, or the batch is dropped
    and sent stays False. If the statement ends by an exception, nothing is
    sent. Voices of a batch that was not sent are not alive and never Ended.
    """

    __slots__ = ("_engine", "_sent")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sent = False

    def __enter__(self) -> Batch:
        self._engine._batch_begin()
        self._sent = False
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._sent = self._engine._batch_commit()
            else:
                self._engine._batch_abandon()
        finally:
            self._engine._crowd.notify()

    @property
    def sent(self) -> bool:
        """True once the engine has taken the whole batch."""
        return self._sent


# Only stubtest knows what the extension module has: to mypy it is Any.
class Engine(_tabor.Engine):  # type: ignore[misc]
    """What plays. open() and attach() make one; close() or a with statement
    ends it."""

    __slots__ = ("_calls", "_callbacks", "_clocks", "_crowd", "_seen",
                 "__weakref__")

    def __init__(self, *_: object) -> None:
        self._callbacks: dict[type, list[_Handler]] = {}
        # callbacks that are due, and events whose callbacks were due
        self._calls: collections.deque[tuple[_Handler, Event]]
        self._calls = collections.deque()
        self._seen: collections.deque[Event] = collections.deque()
        self._crowd = Crowd()
        self._clocks: Conductor | None = None
        _open_engines.add(self)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the sound and free the device. Twice is once.

        OSError tells that the take is not complete, as on a full disk; the
        engine is closed all the same.
        """
        try:
            if self._clocks is not None:
                self._clocks.close()
            super().close()
        finally:
            self._crowd.notify()

    # ------------------------------------------------------------ samples

    def load(self, source: Any, *, rate: int | None = None,
             name: str | None = None, trusted: bool = False) -> Sample:
        """A sound for this engine, at its rate; returns a Sample.

        source   a path, an Audio, or an array of int16, int32, float32 or
                 float64 in the shape (frames,) or (frames, channels)
        rate     of an array; the engine's if not given
        trusted  True: decode the file in this process, not in a jailed one
        """
        if isinstance(source, (str, os.PathLike)):
            if rate is not None:
                raise ValueError("rate= is for arrays: a file has its own")
            loaded: Sample = self._load_path(source, name, trusted)
            return loaded
        if trusted:
            raise ValueError("trusted= is for files")
        if not isinstance(source, Audio):
            source = Audio(source, self.rate if rate is None else rate)
        elif rate is not None:
            raise ValueError("rate= is for arrays: Audio has its own")
        copied: Sample = self._load_audio(source, name)
        return copied

    def sample(self, name: str) -> Sample:
        """The newest Sample of that name, whoever loaded it: also Lua, or
        another client of this engine. LookupError if there is none."""
        sample: Sample | None = self._find(name)
        if sample is None:
            raise LookupError(
                f"no sample is called {name!r}: load(..., name={name!r}) "
                "names one so, and a file's own name is its stem")
        return sample

    def load_many(self, paths: Iterable[str | os.PathLike[str]],
                  progress: bool = False, *,
                  trusted: bool = False) -> dict[str, Sample]:
        """Several files, as many at once as there are processors; returns a
        dict of stem to Sample, in the order of paths.

        progress  True shows how far it has come: a bar in a notebook or a
                  terminal, else a line on stderr when all is there
        trusted   as in load()
        """
        if isinstance(paths, (str, bytes, os.PathLike)):
            raise TypeError(
                "load_many() takes a list of paths; for a folder use "
                "pathlib.Path(folder).glob('*.wav')")
        files = [pathlib.Path(path) for path in paths]
        stems = set()
        for path in files:
            if path.stem in stems:
                raise ValueError(
                    f"two files are called {path.stem!r}: load one of them "
                    f"with load({str(path)!r})")
            stems.add(path.stem)
        samples = {}
        tell = progress_bar("loaded", len(files) if progress else 0)
        decode = functools.partial(read, rate=self.rate, trusted=trusted)
        with contextlib.closing(_map_in_threads(decode, files)) as sounds:
            for path, audio in zip(files, sounds):
                samples[path.stem] = self._load_audio(audio, path.stem)
                tell(len(samples))
        return samples

    # ------------------------------------------------- batches and takes

    def batch(self) -> Batch:
        """with engine.batch(): what is played, stopped and changed inside, by
        any thread, arrives together or not at all; see Batch."""
        return Batch(self)

    @staticmethod
    def replay(path: str | os.PathLike[str]) -> Audio:
        """The same as tabor.replay(): a take as Audio."""
        audio: Audio = _tabor.replay(path)
        return audio

    def clock(self, bpm: float = 120.0, latency: float = 0.1, *,
              slip: float = 0.25,
              on_error: Callable[[Task, BaseException], object] | None = None,
              ) -> Clock:
        """A Clock: tasks that play in beats, on this engine's own time.

        latency   how far ahead of what is heard tasks run, in seconds
        slip      who is more seconds behind than that goes on at a later beat
        on_error  function(task, error) for tasks that fail; if not given, a
                  traceback is printed
        """
        if self.closed:
            raise _tabor.ClosedError("the engine is closed")
        if self._clocks is None:
            self._clocks = Conductor(self)
        return Clock(self, self._clocks, bpm, latency, slip, on_error)

    def lua(self, script: str | os.PathLike[str], *, mem: int = 0) -> Lua:
        """A Lua script on this engine, with a thread, a ring and a clock of
        its own; returns a Lua.

        script  a path (a str that ends in .lua is one), or Lua code
        mem     MiB that it may take, 0 = as much as there is

        It plays on whatever Python does. Under offline it runs as render()
        goes on. What goes wrong in it is printed, and in errors.
        """
        if self.closed:
            raise _tabor.ClosedError("the engine is closed")
        if self._clocks is None:
            self._clocks = Conductor(self)
        started = start_lua(self, script, mem)
        self._clocks.add_script(started)
        return started

    # ------------------------------------------------------------- events

    def on(self, event_type: type[_T],
           function: Callable[[_T], object]) -> Callable[[_T], object]:
        """Call function(event) for each event of this type, inside poll(),
        wait() or a loop over events(). Returns the function."""
        if event_type not in EVENT_TYPES:
            names = ", ".join(kind.__name__ for kind in EVENT_TYPES)
            raise TypeError(
                f"on() takes an event type, one of {names}; not "
                f"{event_type!r}")
        if not callable(function):
            raise TypeError(f"on() takes a function, not {function!r}")
        self._callbacks.setdefault(event_type, []).append(function)
        return function

    def off(self, event_type: type[_T],
            function: Callable[[_T], object]) -> None:
        """Undo on()."""
        try:
            self._callbacks[event_type].remove(function)
        except (KeyError, ValueError):
            raise ValueError(
                f"{function!r} was not given to on() for {event_type!r}"
            ) from None

    def _dispatch(self) -> None:
        """Read what there is into _seen and run its callbacks. If one raises,
        the others stay due and the events stay where they are."""
        for event in self._read():
            for function in self._callbacks.get(type(event), ()):
                self._calls.append((function, event))
            self._seen.append(event)
        try:
            while self._calls:
                function, event = self._calls.popleft()
                function(event)
        except BaseException:
            self._mark()
            raise

    def poll(self) -> list[Event]:
        """The events that have come since the last time, oldest first. After
        close(), first how the last voices ended."""
        self._dispatch()
        if self.closed and not self._seen:
            raise _tabor.ClosedError("the engine is closed")
        events = list(self._seen)
        self._seen.clear()
        return events

    def wait(self, timeout: float | None = None) -> list[Event]:
        """The same, but wait for one if there is none; [] if none came in
        time. Ctrl-C works."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            events = self.poll()
            if events:
                return events
            if timeout is None and self._pumped and self._idle is None:
                raise _tabor.Error(
                    "no event would ever come: this engine moves only while "
                    "render() runs; render first, or give a timeout")
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return []
            self._await(left)

    async def events(self) -> AsyncIterator[Event]:
        """All events, as they come, until the engine is closed. Of several
        loops over one engine, each event reaches one only."""
        while True:
            self._dispatch()
            while self._seen:
                yield self._seen.popleft()
            if self.closed:
                return
            await self._crowd.wait(self)

    async def _await_end(self, voice: Voice) -> Ended | None:
        while voice.alive:
            await self._crowd.wait(self, voice)
        return voice.ended

    # ------------------------------------------------------------ numbers

    def meters(self) -> list[Meter]:
        """A Meter for each output channel."""
        return [Meter(*values) for values in self._meters()]

    def stats(self) -> Stats:
        """Counters and loads, now."""
        return Stats(*self._stats())


# ------------------------------------------------------------------- open

# What open() takes besides the driver's own options.
_OPTIONS = ("driver", "device", "rate", "channels", "block", "voices",
            "queue", "on_full", "wake", "log", "limiter", "kernel")


def _setting(name: str, value: object) -> tuple[str, str]:
    """A driver's option as the text that drivers read."""
    if isinstance(value, bool):
        return name, "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return name, str(value)
    raise TypeError(
        f"option {name} must be a str, a number or a bool, not "
        f"{type(value).__name__}")


def _as_keyword_error(error: ValueError, names: Iterable[str]) -> Exception:
    """An option that no driver knows is a wrong keyword, and so a TypeError;
    it may be a misspelt one of open()'s own."""
    for name in names:
        if f"no option '{name}'" in str(error):
            near = _tabor._nearest(name, _OPTIONS)
            hint = f" (open() has {near}=)" if near else ""
            return TypeError(f"{error}{hint}")
    return error


def open(driver: str = "auto", device: str | None = None, *,
         rate: int = 48000, channels: int = 2, block: int = 256,
         voices: int = 256, queue: int = 1024, on_full: str = "raise",
         wake: str = "event", log: str | os.PathLike[str] | None = None,
         limiter: bool = False, kernel: str = "sinc16", dither: bool = True,
         **driver_options: str | float | bool) -> Engine:
    """Open an engine: a device that plays, or driver="offline" to render.

    driver   a name out of drivers(), or "auto": the first that opens
    device   a name out of devices(), or None for the default one
    block    frames that the device should ask for at once
    voices   that may sound at once; more take a fading one or the oldest
    queue    commands that fit between script and audio thread: a power of 2
    on_full  what a call does when they don't: "raise" QueueFull, "wait", or
             "drop" (a dropped play returns a voice that has ended)
    wake     "poll" spares the audio thread its one system call
    log      a file for the take: all that the engine does, for replay()
    limiter  bend what is too loud so that it stays below 1
    kernel   how samples are read between their frames: "linear", "sinc16" or
             "sinc32"; a play may choose another
    dither   False: only round what the device takes as integers
    """
    settings = tuple(_setting(*item) for item in driver_options.items())
    try:
        engine = Engine(0, driver, device, rate, channels, block, voices,
                        queue, on_full, wake, log, limiter, kernel, dither,
                        settings)
    except ValueError as error:
        raise _as_keyword_error(error, driver_options) from None
    if engine._warning:
        warnings.warn(engine._warning, RuntimeWarning, stacklevel=2)
    return engine


def attach(id: int, *, queue: int = 1024, on_full: str = "raise") -> Engine:
    """Another connection to an engine that is open in this process, by its
    engine.id: with its own queue, voices and events."""
    return Engine(id, "auto", None, 48000, 2, 256, 256, queue, on_full,
                  "event", None, False, "sinc16", True, ())


@atexit.register
def _close_all() -> None:
    for engine in tuple(_open_engines):
        try:
            engine.close()
        except OSError as error:
            print(f"tabor: {error}", file=sys.stderr)
