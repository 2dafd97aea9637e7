# SPDX-License-Identifier: MIT
"""unittest that prints TAP 12: import tap, write TestCases, call tap.main().

Each test's docstring is its line: a fact about the product. What a test has
to say besides goes through comment().
"""
import faulthandler
import os
import signal
import subprocess
import sys
import traceback
import unittest

LIMIT_S = 170

# TABOR_UNDER names the checker that ./dev check runs all of this under.
needs_signals = unittest.skipIf(
    os.environ.get("TABOR_UNDER") == "tsan",
    "ThreadSanitizer keeps a signal until its thread goes on by itself")


def comment(*words):
    """A line that a TAP reader ignores."""
    for line in " ".join(map(str, words)).splitlines():
        print("#", line, flush=True)


def bend(share):
    """How far a level has gone when a share of its time has passed: a ramp's
    curve."""
    share = max(0, min(1, share))
    return share * share * (3 - 2 * share)


def skip_all(reason):
    """End the whole file without a test."""
    print(f"1..0 # SKIP {reason}", flush=True)
    sys.exit(0)


def child(code, *args, python=None, timeout=30, **options):
    """Run Python code in a process of its own; returns what subprocess.run()
    does, with text in stdout and stderr."""
    return subprocess.run(
        [python or sys.executable, "-X", "faulthandler", "-c", code,
         *map(str, args)],
        capture_output=True, text=True, timeout=timeout, **options)


def _fact(test):
    words = getattr(test, "_testMethodDoc", None) or test.id()
    return " ".join(words.split())


class _Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.count = 0
        self._trouble = []
        self._skip = None

    def startTest(self, test):
        super().startTest(test)
        self._trouble = []
        self._skip = None

    def stopTest(self, test):
        super().stopTest(test)
        self.count += 1
        line = f"ok {self.count} - " + _fact(test).replace("#", "\\#")
        if self._trouble:
            line = "not " + line
        elif self._skip is not None:
            line += f" # SKIP {self._skip}"
        print(line, flush=True)
        for trouble in self._trouble:
            comment("".join(traceback.format_exception(*trouble)))

    def addError(self, test, err):
        super().addError(test, err)
        if not isinstance(test, unittest.TestCase):  # a class's own set-up
            self.startTest(test)
            self._trouble.append(err)
            self.stopTest(test)
        else:
            self._trouble.append(err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._trouble.append(err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            comment("in", subtest.id())
            self._trouble.append(err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._skip = reason

    def addUnexpectedSuccess(self, test):
        raise RuntimeError("expectedFailure has no place in our tests")


def main(module="__main__", limit=LIMIT_S):
    """Run all tests of the module and exit."""
    sys.stdout.reconfigure(line_buffering=True)
    # who starts us in the background has it ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.enable()
    faulthandler.dump_traceback_later(limit, exit=True)
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules[module])
    result = _Result()
    suite.run(result)
    faulthandler.cancel_dump_traceback_later()
    print(f"1..{result.count}", flush=True)
    if result.count == 0:
        print("Bail out! no test in this file", flush=True)
    sys.exit(0 if result.count and result.wasSuccessful() else 1)
