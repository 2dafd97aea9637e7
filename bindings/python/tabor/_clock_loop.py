# SPDX-License-Identifier: MIT
"""What a clock does again and again, and what may take its place."""
from __future__ import annotations

import inspect
from typing import Any

from tabor._clock_tasks import too_still


def is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function)


def line_of_function(function: Any) -> str:
    code = getattr(function, "__code__", None)
    if code is None:
        return repr(function)
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}"


class Loop:
    """What Clock.loop() repeats: the newest function, and the last one that
    has come to its end."""

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self.function: Any = function  # None: the loop is to end
        self.good: Any = None
        self.task: Any = None
        self.began = 0.0

    def begin(self, as_async: bool) -> Any:
        """The next pass's function; None if it is another kind's, or none."""
        function = self.function
        self.began = self.task._second
        if function is None or is_async(function) != as_async:
            return None
        return function

    def passed(self, function: Any) -> None:
        if self.task._second == self.began:
            raise too_still(self.task, "the loop's function returned",
                            line_of_function(function))
        self.good = function

    def failed(self, function: Any, error: Exception) -> None:
        """Go back to the last good one, if it is another."""
        if self.good is None or function is self.good:
            raise error
        self.task._clock._report(self.task, error)
        if self.function is function:
            self.function = self.good
