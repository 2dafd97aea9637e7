# SPDX-License-Identifier: MIT
"""Tabor's plugin for pytest; what a test asserts is in tabor.testing."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

import tabor


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "offline_engine(**options): options of tabor.open() for the fixture "
        "offline_engine, such as rate=8000, channels=1")


@pytest.fixture
def offline_engine(request: pytest.FixtureRequest) -> Iterator[tabor.Engine]:
    """An engine that plays into memory: its time stands still until
    offline_engine.render(seconds), which returns the sound, and is exact.
    Options: @pytest.mark.offline_engine(channels=1)."""
    options: dict[str, object] = {}
    for mark in reversed(list(request.node.iter_markers("offline_engine"))):
        options.update(mark.kwargs)
    with tabor.open("offline", **options) as engine:  # type: ignore[arg-type]
        yield engine
