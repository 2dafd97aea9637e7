# SPDX-License-Identifier: MIT
from _typeshed import ReadableBuffer, StrPath
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, SupportsFloat, SupportsIndex
from typing import TypeAlias, TypeVar, final, overload

__version__: str

_Late: TypeAlias = Literal["play", "catch_up", "drop"]
_Kernel: TypeAlias = Literal["linear", "sinc16", "sinc32"]
_OnFull: TypeAlias = Literal["raise", "wait", "drop"]
_Unload: TypeAlias = Literal["ring", "fade", "cut"]
_Reason: TypeAlias = Literal[
    "finished", "stopped", "stolen", "cancelled", "late", "unloaded",
    "detached"
]
_Loop: TypeAlias = bool | tuple[SupportsFloat, SupportsFloat]
_Floats: TypeAlias = SupportsFloat | Sequence[SupportsFloat] | ReadableBuffer
_Wholes: TypeAlias = SupportsIndex | Sequence[SupportsIndex] | ReadableBuffer
_E = TypeVar("_E", bound="Event")

class _Envelope(Protocol):
    @property
    def attack(self) -> SupportsFloat: ...
    @property
    def decay(self) -> SupportsFloat: ...
    @property
    def sustain(self) -> SupportsFloat: ...
    @property
    def release(self) -> SupportsFloat: ...

class Error(Exception): ...
class DeviceError(Error, OSError): ...
class DecodeError(Error, ValueError): ...

class QueueFull(Error):
    needed: int
    free: int
    which: str

class ClosedError(Error, RuntimeError): ...
class TimedOut(Error, TimeoutError): ...

@dataclass(frozen=True, slots=True)
class ADSR:
    attack: float
    decay: float
    sustain: float
    release: float
    hold: float = 0.0

@dataclass(frozen=True, slots=True)
class Ended:
    voice: Voice
    reason: _Reason
    frame: int
    started: int | None
    late: int

@dataclass(frozen=True, slots=True)
class Late:
    count: int
    worst: int

@dataclass(frozen=True, slots=True)
class Xrun:
    count: int

@dataclass(frozen=True, slots=True)
class Pong:
    frame: int

@dataclass(frozen=True, slots=True)
class DeviceLost:
    device: str

@dataclass(frozen=True, slots=True)
class DeviceBack:
    device: str

Event: TypeAlias = Ended | Late | Xrun | Pong | DeviceLost | DeviceBack

@dataclass(frozen=True, slots=True)
class Driver:
    name: str
    title: str
    available: bool
    why: str

@dataclass(frozen=True, slots=True)
class Device:
    driver: str
    name: str
    inputs: int
    outputs: int
    rates: tuple[int, ...]
    default: bool

@dataclass(frozen=True, slots=True)
class Stats:
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

@dataclass(frozen=True, slots=True)
class Meter:
    peak: float
    rms: float
    clipped: int

@dataclass(frozen=True, slots=True)
class ClockStats:
    tasks: int
    late: int
    late_max: float
    slipped: int
    refused: int
    places: tuple[tuple[str, str, str, int], ...]
    advice: str

class Cancelled(BaseException): ...

@final
class Task:
    @property
    def name(self) -> str: ...
    @property
    def done(self) -> bool: ...
    @property
    def error(self) -> BaseException | None: ...
    def cancel(self) -> None: ...
    def join(self, timeout: float | None = None) -> Any: ...
    def __await__(self) -> Generator[Any, None, Any]: ...

_Message: TypeAlias = (
    None
    | bool
    | int
    | float
    | str
    | bytes
    | Sequence["_Message"]
    | Mapping["_Message", "_Message"]
)

@final
class Lua:
    def __enter__(self) -> Lua: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...
    @property
    def state(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    @property
    def errors(self) -> tuple[str, ...]: ...
    def send(self, *values: _Message) -> None: ...
    def receive(self, timeout: float = 0.0) -> tuple[Any, ...] | None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def stop(self, timeout: float = 1.0) -> bool: ...

@final
class Clock:
    def __enter__(self) -> Clock: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...
    async def __aenter__(self) -> Clock: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...
    def run(self, function: Callable[..., object], *args: object) -> Task: ...
    def at(
        self,
        beat: SupportsFloat,
        function: Callable[..., object],
        *args: object,
    ) -> Task: ...
    def loop(
        self, name: str, function: Callable[[], object] | None
    ) -> Task | None: ...
    def cancel(self, task: Task) -> bool: ...
    def hush(self) -> None: ...
    def join(self, timeout: float | None = None) -> bool: ...
    def sleep(self, seconds: SupportsFloat) -> Awaitable[None]: ...
    def wait(self, beats: SupportsFloat) -> Awaitable[None]: ...
    def sync(
        self, beats: SupportsFloat, offset: SupportsFloat = 0.0
    ) -> Awaitable[None]: ...
    def start(self) -> None: ...
    def tempo(
        self, bpm: SupportsFloat | None = None, beats: SupportsFloat = 0.0
    ) -> float: ...
    def beat(self) -> float: ...
    def stats(self) -> ClockStats: ...
    def close(self) -> None: ...

class Audio:
    def __new__(
        cls, source: ReadableBuffer, rate: SupportsIndex = 48000
    ) -> Audio: ...
    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    @property
    def frames(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def rate(self) -> int: ...
    @property
    def duration(self) -> float: ...
    def save(
        self,
        path: StrPath,
        /,
        *,
        bits: SupportsIndex | None = None,
        dither: bool = True,
    ) -> None: ...

@final
class Sample:
    def __buffer__(self, flags: int, /) -> memoryview: ...
    @property
    def frames(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def rate(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def name(self) -> str: ...
    @property
    def loop_start(self) -> float | None: ...
    @property
    def loop_end(self) -> float | None: ...
    def slice(
        self, start: SupportsFloat = 0.0, end: SupportsFloat | None = None
    ) -> Sample: ...
    def play(
        self,
        *,
        velocity: SupportsFloat = 1.0,
        gain: SupportsFloat = 1.0,
        pan: SupportsFloat = 0.0,
        rate: SupportsFloat = 1.0,
        pitch: SupportsFloat = 0.0,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
        offset: SupportsFloat = 0.0,
        duration: SupportsFloat | None = None,
        loop: _Loop = False,
        loop_fade: SupportsFloat = 0.0,
        fade_in: SupportsFloat | None = None,
        fade_out: SupportsFloat | None = None,
        env: _Envelope | None = None,
        choke: SupportsIndex = 0,
        late: _Late = "play",
        tag: SupportsIndex = 0,
        kernel: _Kernel | None = None,
    ) -> Voice: ...
    def unload(self, voices: _Unload = "ring") -> bool: ...

@final
class Voice:
    @property
    def id(self) -> int: ...
    @property
    def alive(self) -> bool: ...
    @property
    def ended(self) -> Ended | None: ...
    def stop(
        self,
        fade: SupportsFloat = 0.005,
        *,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> bool: ...
    def release(
        self,
        *,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> bool: ...
    def seek(
        self,
        position: SupportsFloat,
        *,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> bool: ...
    def set(
        self,
        *,
        gain: SupportsFloat | None = None,
        pan: SupportsFloat | None = None,
        rate: SupportsFloat | None = None,
        pitch: SupportsFloat | None = None,
        ramp: SupportsFloat = 0.005,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> bool: ...
    def wait(self, timeout: SupportsFloat | None = None) -> Ended | None: ...
    def __await__(self) -> Generator[Any, None, Ended | None]: ...

@final
class Voices:
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Voice: ...
    @overload
    def __getitem__(self, part: slice, /) -> Voices: ...
    def __iter__(self) -> Iterator[Voice]: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    @property
    def alive(self) -> int: ...
    @property
    def ids(self) -> memoryview: ...
    @property
    def sent(self) -> bool: ...
    def stop(
        self,
        fade: SupportsFloat = 0.005,
        *,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
    ) -> int: ...

class Batch:
    def __init__(self, engine: Engine) -> None: ...
    def __enter__(self) -> Batch: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    @property
    def sent(self) -> bool: ...

class Engine:
    gain: float
    @property
    def id(self) -> int: ...
    @property
    def driver(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def block(self) -> int: ...
    @property
    def frame(self) -> int: ...
    @property
    def now(self) -> float: ...
    @property
    def closed(self) -> bool: ...
    def __enter__(self) -> Engine: ...
    def __exit__(self, *_: object) -> None: ...
    def close(self) -> None: ...
    def load(
        self,
        source: StrPath | Audio | ReadableBuffer,
        *,
        rate: SupportsIndex | None = None,
        name: str | None = None,
        trusted: bool = False,
    ) -> Sample: ...
    def sample(self, name: str) -> Sample: ...
    def lua(self, script: StrPath, *, mem: int = 0) -> Lua: ...
    def load_many(
        self,
        paths: Iterable[StrPath],
        progress: bool = False,
        *,
        trusted: bool = False,
    ) -> dict[str, Sample]: ...
    def play(
        self,
        sample: Sample,
        *,
        velocity: SupportsFloat = 1.0,
        gain: SupportsFloat = 1.0,
        pan: SupportsFloat = 0.0,
        rate: SupportsFloat = 1.0,
        pitch: SupportsFloat = 0.0,
        at: SupportsFloat | None = None,
        at_frame: SupportsIndex | None = None,
        offset: SupportsFloat = 0.0,
        duration: SupportsFloat | None = None,
        loop: _Loop = False,
        loop_fade: SupportsFloat = 0.0,
        fade_in: SupportsFloat | None = None,
        fade_out: SupportsFloat | None = None,
        env: _Envelope | None = None,
        choke: SupportsIndex = 0,
        late: _Late = "play",
        tag: SupportsIndex = 0,
        kernel: _Kernel | None = None,
    ) -> Voice: ...
    def play_many(
        self,
        samples: Sample | Sequence[Sample],
        *,
        velocity: _Floats = 1.0,
        gain: _Floats = 1.0,
        pan: _Floats = 0.0,
        rate: _Floats = 1.0,
        pitch: _Floats = 0.0,
        at: _Floats | None = None,
        at_frame: _Wholes | None = None,
        offset: _Floats = 0.0,
        duration: _Floats | None = None,
        loop: _Loop = False,
        loop_fade: SupportsFloat = 0.0,
        fade_in: SupportsFloat | None = None,
        fade_out: SupportsFloat | None = None,
        env: _Envelope | None = None,
        choke: SupportsIndex = 0,
        late: _Late = "play",
        tag: _Wholes = 0,
        kernel: _Kernel | None = None,
        count: SupportsIndex | None = None,
    ) -> Voices: ...
    def stop(self, fade: SupportsFloat = 0.005) -> None: ...
    def cancel(
        self,
        tag: SupportsIndex | None = None,
        *,
        after: SupportsFloat | None = None,
        after_frame: SupportsIndex | None = None,
        before: SupportsFloat | None = None,
        before_frame: SupportsIndex | None = None,
    ) -> None: ...
    def panic(self) -> None: ...
    def ping(self, timeout: SupportsFloat | None = 1.0) -> float: ...
    def render(
        self,
        seconds: SupportsFloat | None = None,
        *,
        frames: SupportsIndex | None = None,
    ) -> Audio: ...
    def batch(self) -> Batch: ...
    def clock(
        self,
        bpm: SupportsFloat = 120.0,
        latency: SupportsFloat = 0.1,
        *,
        slip: SupportsFloat = 0.25,
        on_error: Callable[[Task, BaseException], object] | None = None,
    ) -> Clock: ...
    @staticmethod
    def replay(path: StrPath) -> Audio: ...
    def on(
        self, event_type: type[_E], function: Callable[[_E], object]
    ) -> Callable[[_E], object]: ...
    def off(
        self, event_type: type[_E], function: Callable[[_E], object]
    ) -> None: ...
    def poll(self) -> list[Event]: ...
    def wait(self, timeout: float | None = None) -> list[Event]: ...
    def events(self) -> AsyncIterator[Event]: ...
    def fileno(self) -> int: ...
    def meters(self) -> list[Meter]: ...
    def stats(self) -> Stats: ...

def open(
    driver: str = "auto",
    device: str | None = None,
    *,
    rate: SupportsIndex = 48000,
    channels: SupportsIndex = 2,
    block: SupportsIndex = 256,
    voices: SupportsIndex = 256,
    queue: SupportsIndex = 1024,
    on_full: _OnFull = "raise",
    wake: Literal["event", "poll"] = "event",
    log: StrPath | None = None,
    limiter: bool = False,
    kernel: _Kernel = "sinc16",
    dither: bool = True,
    **driver_options: str | float | bool,
) -> Engine: ...
def attach(
    id: SupportsIndex,
    *,
    queue: SupportsIndex = 1024,
    on_full: _OnFull = "raise",
) -> Engine: ...
def drivers() -> list[Driver]: ...
def devices(driver: str | None = None) -> list[Device]: ...
def read(
    path: StrPath,
    /,
    *,
    rate: SupportsIndex | None = None,
    trusted: bool = False,
) -> Audio: ...
def replay(path: StrPath, /) -> Audio: ...
def db(decibels: float) -> float: ...
def kit() -> dict[str, str]: ...
