# SPDX-License-Identifier: MIT
"""Programs that end in the middle of things, many times over."""
import os
import unittest

import tap

# A checker makes each round take many times as long.
ROUNDS = 20 if "TABOR_UNDER" in os.environ else 100

# Who leaves in the middle of things leaves things behind.
ENVIRON = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}

# Forks children, four at a time, each of which runs the case that is pasted
# in and falls through to the interpreter's own end. Prints how many left with
# each status. The parent has no engine and no thread, so that forking is
# clean; each child starts as fresh as a new interpreter, only sooner. Each
# has a stderr of its own, which must hold the expected text, or nothing.
ZYGOTE = """
import array, asyncio, atexit, collections, gc, os, signal, sys
import threading, time
import warnings
import tabor
warnings.simplefilter("ignore")
SOUND = array.array("f", [0.1] * 480)
LONG = array.array("f", [0.1] * 480000)
statuses = collections.Counter()
errors = {}

def case(number):
{case}

def reap():
    pid, status = os.wait()
    with open(errors.pop(pid)) as file:
        text = file.read()
    if {stderr!r} not in text or ({stderr!r} == "" and text):
        sys.exit(text or "no word on stderr")
    statuses[os.waitstatus_to_exitcode(status)] += 1

for number in range({rounds}):
    if number >= 4:
        reap()
    mine, its = os.pipe()
    pid = os.fork()
    if pid:
        os.close(its)
        errors[pid] = mine
    else:
        os.dup2(its, 2)
        signal.alarm(140)  # faulthandler's own limit does not survive a fork
        signal.signal(signal.SIGINT, signal.default_int_handler)
        keep = case(number)  # alive, as a script's globals are
        break
else:
    for _ in range(4):
        reap()
    print("statuses", dict(statuses))
"""


class Leaving(unittest.TestCase):
    def check(self, case, status=0, stderr=""):
        """Each round of the case leaves with this status (a signal's number
        is negative) and with this text on stderr, or with nothing."""
        lines = "\n".join("    " + line
                          for line in case.strip().splitlines())
        code = ZYGOTE.replace("{case}", lines)
        code = code.replace("{rounds}", str(ROUNDS))
        code = code.replace("{stderr!r}", repr(stderr))
        # a limit for what hangs; a machine may be 20 times as slow as ours
        done = tap.child(code, timeout=150, env=ENVIRON)
        self.assertEqual(done.stdout.strip(),
                         f"statuses {{{status}: {ROUNDS}}}", done.stderr)
        self.assertEqual(done.stderr, "")
