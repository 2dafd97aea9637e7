# SPDX-License-Identifier: MIT
"""Tabor: an audio host that scripts play.

    import tabor

    with tabor.open() as engine:
        kick = engine.load(tabor.kit()["kick"])
        kick.play(velocity=0.8, at=engine.now + 0.5).wait()

Times are seconds, unless the name says frames; gain is linear; nothing is
opened before open() is called.
"""
import _tabor
from _tabor import (
    ClosedError,
    DecodeError,
    DeviceError,
    Error,
    QueueFull,
    Sample,
    TimedOut,
    Voice,
    Voices,
    read,
    replay,
)

from tabor._audio import Audio, db, kit
from tabor._clock import Clock
from tabor._clock_counts import ClockStats
from tabor._clock_tasks import Cancelled, Task
from tabor._devices import Device, Driver, devices, drivers
from tabor._engine import ADSR, Batch, Engine, Meter, Stats, attach, open
from tabor._events import (
    DeviceBack,
    DeviceLost,
    Ended,
    Event,
    Late,
    Pong,
    Xrun,
)
from tabor._lua import Lua

__all__ = [
    "ADSR",
    "Audio",
    "Batch",
    "Cancelled",
    "Clock",
    "ClockStats",
    "ClosedError",
    "DecodeError",
    "Device",
    "DeviceBack",
    "DeviceError",
    "DeviceLost",
    "Driver",
    "Ended",
    "Engine",
    "Error",
    "Event",
    "Late",
    "Lua",
    "Meter",
    "Pong",
    "QueueFull",
    "Sample",
    "Stats",
    "Task",
    "TimedOut",
    "Voice",
    "Voices",
    "Xrun",
    "attach",
    "db",
    "devices",
    "drivers",
    "kit",
    "open",
    "read",
    "replay",
]
__version__ = _tabor._version()

_tabor._use(Audio, Ended, Late, Xrun, Pong, DeviceLost, DeviceBack)

# They are ours wherever they are written: in messages, pickles and help().
for _thing in (
    ADSR, Audio, Batch, Cancelled, Clock, ClockStats, Device, DeviceBack,
    DeviceLost, Driver, Ended, Engine, Late, Lua, Meter, Pong, Stats, Task,
    Xrun, attach, db, devices, drivers, kit, open,
):
    _thing.__module__ = __name__
del _thing
