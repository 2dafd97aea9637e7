#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a jail costs: reading a file in the worker and in this process.

./dev run python3 bench/load.py [--tsv] [--rounds N]

The two ways take turns, so that a busy machine disturbs both alike; times are
medians, and the CPU time is of this process and its workers.
"""
import argparse
import array
import math
import os
import resource
import statistics
import sys
import tempfile
import time

import tabor

FILES = [("wav", 1), ("flac", 1), ("ogg", 1), ("wav", 60), ("flac", 60),
         ("ogg", 60)]


def cpu():
    """Seconds that this process and its dead children have computed."""
    return sum(use.ru_utime + use.ru_stime for use in
               (resource.getrusage(resource.RUSAGE_SELF),
                resource.getrusage(resource.RUSAGE_CHILDREN)))


def music(seconds, rate=48000):
    """Two channels, not too easy to pack."""
    data = array.array("f", bytes(8 * seconds * rate))
    for i in range(0, len(data), 2):
        t = i / 2 / rate
        data[i] = 0.4 * math.sin(440 * math.tau * t) * math.cos(3 * t)
        data[i + 1] = 0.3 * math.sin(660 * math.tau * t + math.sin(90 * t))
    shaped = memoryview(data).cast("B").cast("f", [len(data) // 2, 2])
    return tabor.Audio(shaped, rate)


def once(path, trusted):
    """(wall, CPU) seconds of one read."""
    wall, busy = time.perf_counter(), cpu()
    tabor.read(path, trusted=trusted)
    return time.perf_counter() - wall, cpu() - busy


def measure(path, rounds):
    """((wall, CPU) jailed, (wall, CPU) trusted), medians in milliseconds."""
    found = {False: [], True: []}
    for trusted in (False, True):
        once(path, trusted)
    for _ in range(rounds):
        for trusted in (False, True):
            found[trusted].append(once(path, trusted))
    return [[1e3 * statistics.median(column) for column in zip(*found[way])]
            for way in (False, True)]


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--tsv", action="store_true",
                       help="tab-separated, for a program")
    words.add_argument("--rounds", type=int, default=21)
    given = words.parse_args()
    names = ("file", "seconds", "jailed_ms", "trusted_ms", "jailed_cpu_ms",
             "trusted_cpu_ms")
    line = "\t".join(["{}"] * 6) if given.tsv else (
        "{:>5} {:>8} {:>10} {:>11} {:>14} {:>15}")
    print(line.format(*names))
    with tempfile.TemporaryDirectory() as folder:
        for ending, seconds in FILES:
            path = os.path.join(folder, f"{seconds}.{ending}")
            music(seconds).save(path)
            jailed, trusted = measure(path, given.rounds)
            numbers = [f"{n:.2f}" for pair in zip(jailed, trusted)
                       for n in pair]
            print(line.format(ending, seconds, *numbers), flush=True)


if __name__ == "__main__":
    sys.exit(main())
