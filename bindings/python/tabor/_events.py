# SPDX-License-Identifier: MIT
"""What an engine tells: frozen, so that a match statement can take them."""
from dataclasses import dataclass
from typing import TypeAlias

from _tabor import Voice


@dataclass(frozen=True, slots=True)
class Ended:
    """A voice has ended; each play gives exactly one of these.

    reason is "finished", "stopped", "stolen", "cancelled", "late",
    "unloaded" or "detached". frame is one past the last frame heard, started
    the first one, or None if it never sounded. late counts the frames between
    the time asked for and the start.
    """

    voice: Voice
    reason: str
    frame: int
    started: int | None
    late: int


@dataclass(frozen=True, slots=True)
class Late:
    """So many commands came after their frame; worst is in frames."""

    count: int
    worst: int


@dataclass(frozen=True, slots=True)
class Xrun:
    """The device ran dry so many times."""

    count: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The audio thread answered a ping() at this frame."""

    frame: int


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """The device is gone; time and voices go on without it."""

    device: str


@dataclass(frozen=True, slots=True)
class DeviceBack:
    """The device plays again."""

    device: str


Event: TypeAlias = Ended | Late | Xrun | Pong | DeviceLost | DeviceBack
EVENT_TYPES = (Ended, Late, Xrun, Pong, DeviceLost, DeviceBack)
