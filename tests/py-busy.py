#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python busy in one C call for a second while voices end, in real time."""
import array
import random
import threading
import time
import unittest

import tabor
import tap

RATE = 48000
BLOCK = 256  # 5.3 ms
LENGTH = 480  # 10 ms
EVERY = 240  # a new voice each 5 ms


NUMBERS = [random.random() for _ in range(2_000_000)]


def be_busy():
    """Keep the GIL in one C call; returns how long."""
    start = time.monotonic()
    sorted(NUMBERS)
    return time.monotonic() - start


class CallbackPlayer(threading.Thread):
    """What a player with a Python callback has to do: a block each 5.3 ms.
    A block that is not ready when the device asks for it is lost."""

    def __init__(self):
        super().__init__(daemon=True)
        self.wanted = self.lost = 0
        self.running = True

    def run(self):
        block = array.array("f", [0.0] * BLOCK * 2)
        start = time.monotonic()
        while self.running:
            for i in range(len(block)):
                block[i] = 0.0
            due = start + (self.wanted + 1) * BLOCK / RATE
            late = time.monotonic() - due
            if late < 0:
                time.sleep(-late)
            else:
                lost = 1 + int(late * RATE / BLOCK)
                self.lost += lost
                self.wanted += lost
            self.wanted += 1


class Busy(unittest.TestCase):
    def test_busy(self):
        """the audio thread keeps up while one C call keeps the GIL"""
        with tabor.open("null", rate=RATE, block=BLOCK) as engine:
            engine.ping(timeout=10)
            frame, blocks = engine.frame, engine.stats().blocks
            seconds = be_busy()
            rendered = engine.frame - frame
            served = engine.stats().blocks - blocks
        tap.comment(f"sorted() took {seconds:.2f} s; meanwhile {served} "
                    f"blocks and {rendered} frames were rendered")
        # Half, because the machine may be busy too; a player that needs
        # Python would have rendered next to nothing.
        self.assertGreater(rendered, seconds * RATE / 2)
        self.assertGreater(served, seconds * RATE / BLOCK / 2)

    def test_nothing_lost(self):
        """voices that end meanwhile lose no event, and all were in time"""
        with tabor.open("null", rate=RATE, block=BLOCK,
                        queue=4096) as engine:
            sample = engine.load(array.array("f", [0.1] * LENGTH))
            start = engine.frame + RATE // 2
            at = [start + i * EVERY for i in range(1000)]
            voices = [sample.play(at_frame=frame) for frame in at]
            busy = 0
            while engine.frame < at[-1] + LENGTH:
                before = engine.frame
                be_busy()
                busy += sum(before < frame + LENGTH < engine.frame
                            for frame in at)
            engine.ping(timeout=10)
            ends = {e.voice: e for e in engine.poll()
                    if isinstance(e, tabor.Ended)}
            stats = engine.stats()
        tap.comment(f"{busy} of {len(voices)} voices ended while sorted() ran")
        self.assertGreater(busy, len(voices) / 2)
        self.assertEqual(len(ends), len(voices))
        for voice, frame in zip(voices, at):
            end = ends[voice]
            self.assertEqual((end.reason, end.started, end.frame, end.late),
                             ("finished", frame, frame + LENGTH, 0))
        self.assertEqual((stats.late, stats.unread_lost, stats.refused),
                         (0, 0, 0))

    def test_callback_player(self):
        """(for comparison) a Python callback is measured beside it"""
        player = CallbackPlayer()
        player.start()
        time.sleep(0.2)
        wanted, lost = player.wanted, player.lost
        be_busy()
        time.sleep(0.2)
        player.running = False
        player.join(10)
        self.assertGreater(player.wanted, wanted)
        lost, wanted = player.lost - lost, player.wanted - wanted
        tap.comment(f"a Python callback would have lost {lost} of {wanted} "
                    f"blocks: {lost * BLOCK / RATE:.2f} s of silence; Tabor "
                    "loses none of them to Python")


if __name__ == "__main__":
    tap.main()
