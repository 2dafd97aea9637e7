#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One binary for every Python from 3.11 on: the stable ABI holds."""
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import unittest

import _tabor
import tap

TESTS = ("py-play.py", "py-audio.py", "py-events.py", "py-stubs.py")


def version_of(python):
    """(version, is free-threaded, prefix), or None if it doesn't run."""
    code = ("import sys, sysconfig; print(*sys.version_info[:2],"
            " sysconfig.get_config_var('Py_GIL_DISABLED') or 0, sys.prefix)")
    try:
        done = subprocess.run([python, "-I", "-c", code], timeout=20,
                              capture_output=True, text=True)
        major, minor, free, prefix = done.stdout.split(maxsplit=3)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return (int(major), int(minor)), int(free), prefix.strip()


def others():
    """{prefix: (interpreter, version)} of those that should work."""
    candidates = sorted(
        pathlib.Path.home().glob(".pyenv/versions/*/bin/python3"))
    for name in ("python3", *(f"python3.{minor}" for minor in range(11, 20))):
        for folder in os.get_exec_path():
            found = shutil.which(name, path=folder)
            if found and "shims" not in found:
                candidates.append(pathlib.Path(found))
    found = {}
    for python in candidates:
        about = version_of(python)
        if (about and about[0] >= (3, 11) and not about[1]
                and about[2] != sys.prefix):
            found.setdefault(about[2], (str(python), about[0]))
    return found


OTHERS = others()
if not OTHERS:
    tap.skip_all("no other Python from 3.11 on here")


class Others(unittest.TestCase):
    def test_abi(self):
        """the module needs the stable ABI only"""
        nm = shlex.split(os.environ.get("NM", "nm"))
        lines = subprocess.run(
            [*nm, "-D", "--undefined-only", _tabor.__file__],
            capture_output=True, text=True, check=True)
        names = [line.split()[-1].split("@")[0]
                 for line in lines.stdout.splitlines()]
        private = [name for name in names
                   if name.startswith("_Py") and name not in STABLE]
        self.assertGreater(sum(n.startswith("Py") for n in names), 50)
        self.assertEqual(private, [])

    def test_others(self):
        """the same binary passes its tests in every other Python here"""
        folder = pathlib.Path(__file__).parent
        for python, version in OTHERS.values():
            for test in TESTS:
                with self.subTest(python=python, test=test):
                    done = subprocess.run(
                        [python, "-W", "error::SystemError", folder / test],
                        capture_output=True, text=True, timeout=50)
                    self.assertEqual(done.returncode, 0,
                                     done.stdout + done.stderr)
                    self.assertRegex(done.stdout, r"(?m)^1\.\.[1-9]")
            tap.comment(f"{python}: Python {version[0]}.{version[1]}")


# Private by their names, but in the stable ABI: what its macros call.
STABLE = {"_Py_Dealloc", "_Py_NoneStruct", "_Py_TrueStruct",
          "_Py_FalseStruct", "_PyObject_GC_New", "_Py_NotImplementedStruct"}


if __name__ == "__main__":
    tap.main()
