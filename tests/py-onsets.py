#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""100,000 plays from Python begin on their frames, for 11 ways to cut time
into blocks, and give the hash that C and Lua give."""
import unittest

import golden
import onsets
import tap

FINISHED = 0  # the reason's number in tabor.h


def right_ends(run, plays):
    """How many ends are what they must be."""
    return sum(
        (started, frame, reason, late)
        == (plays[number][0], started + onsets.LENGTH, "finished", 0)
        for number, started, frame, reason, late in run.ends)


def words_of_ends(run):
    for number, started, frame, reason, _ in run.ends:
        yield from (number, started, frame,
                    FINISHED if reason == "finished" else 99)


def whole_hash(run):
    value = golden.hash_words(golden.words_of(run.audio))
    ends = golden.hash_words(words_of_ends(run))
    return golden.hash_words((ends & 0xffffffff, ends >> 32), value)


class Onsets(unittest.TestCase):
    def test_onsets(self):
        """100,000 plays, in 11 ways to cut time into blocks: each on its
        frame, each end told, one hash"""
        windows = onsets.score()
        plays = [play for window in windows for play in window]
        self.assertEqual(len(plays), onsets.PLAYS)
        wanted = bytes(onsets.expected(windows))
        self.assertGreater(sum(x != 0 for x in memoryview(wanted).cast("f")),
                           onsets.FRAMES)
        kept, first = golden.kept("onsets"), None
        for name, block, most in golden.PATTERNS:
            run = onsets.Run(windows, block, golden.steps(block, most),
                             golden.Dice(block + most))
            first = first or run
            tap.comment(f"blocks of {name} frames: {len(run.ends)} ends,"
                        f" {run.batches} batches")
            with self.subTest(block=name):
                self.assertEqual(len(run.audio), 8 * onsets.FRAMES)
                self.assertEqual(run.audio == wanted, True)
                self.assertEqual(len(run.ends), onsets.PLAYS)
                self.assertEqual(right_ends(run, plays), onsets.PLAYS)
                self.assertEqual(run.audio == first.audio, True)
                self.assertEqual(run.ends == first.ends, True)
        self.assertEqual(f"{whole_hash(first):016x}", f"{kept:016x}")


if __name__ == "__main__":
    tap.main()
