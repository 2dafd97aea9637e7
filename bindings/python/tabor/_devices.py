# SPDX-License-Identifier: MIT
"""What could be opened."""
from dataclasses import dataclass

import _tabor


@dataclass(frozen=True, slots=True)
class Driver:
    """Code for an audio system; why says what keeps it from opening."""

    name: str
    title: str
    available: bool
    why: str


@dataclass(frozen=True, slots=True)
class Device:
    """What a driver can open; inputs and outputs count channels."""

    driver: str
    name: str
    inputs: int
    outputs: int
    rates: tuple[int, ...]
    default: bool


def drivers() -> list[Driver]:
    """All drivers, the preferred one first, and whether they would open."""
    return [Driver(*found) for found in _tabor._drivers()]


def devices(driver: str | None = None) -> list[Device]:
    """The devices of one driver or of all, asked afresh."""
    return [Device(*found) for found in _tabor._devices(driver)]
