#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a call from Python costs, in ns of this thread's CPU time.

Each line is the median over rounds of up to 960 calls, the loop around them
and the drop of what they return included. Outside of what is timed, an
offline engine renders the last round away, its events are read, and a few
calls warm the caches up. The methods take turns, round by round. With pygame
installed, its Sound.play() takes its turns too: into free channels of a mixer
on SDL's dummy driver, by 8 (its default) and by 64.
"""
import argparse
import array
import gc
import itertools
import os
import statistics
import time

import tabor

CALLS = 960  # a round; a queue of 1,024 takes 1,008
WARM = 40


def clock():
    return time.clock_gettime_ns(time.CLOCK_THREAD_CPUTIME_ID)


class Tabor:
    """The rounds of an engine that moves only when it is told to."""

    def __init__(self):
        self.engine = tabor.open("offline", voices=2048)
        self.sample = self.engine.load(array.array("f", [0.5]))
        self.columns = {count: self.column_set(count)
                        for count in (CALLS, WARM)}
        self.ready()

    @staticmethod
    def column_set(count):
        return {name: array.array("d", [0.5] * count)
                for name in ("at", "gain", "pan")}

    def ready(self):
        self.engine.render(frames=64)
        self.engine.poll()
        self.at = self.engine.now
        self.frame = self.engine.frame
        for count, columns in self.columns.items():
            columns["at"] = array.array("d", [self.at] * count)

    def many(self, *names):
        """One call for as many plays, with these columns."""
        def run(count):
            columns = self.columns[count]
            self.engine.play_many(
                self.sample, **{name: columns[name] for name in names})

        return run

    def forget(self):
        self.kept = None

    def nothing(self, count):
        for _ in itertools.repeat(None, count):
            pass

    def play(self, count):
        play, sample = self.engine.play, self.sample
        for _ in itertools.repeat(None, count):
            play(sample)

    def play_looked_up(self, count):
        engine, sample = self.engine, self.sample
        for _ in itertools.repeat(None, count):
            engine.play(sample)

    def play_kept(self, count):
        play, sample = self.engine.play, self.sample
        self.kept = [play(sample) for _ in itertools.repeat(None, count)]

    def play_options(self, count):
        play, sample, at = self.engine.play, self.sample, self.at
        for _ in itertools.repeat(None, count):
            play(sample, velocity=0.8, pan=-0.2, rate=1.5, at=at)

    def play_at_frame(self, count):
        play, sample, frame = self.engine.play, self.sample, self.frame
        for _ in itertools.repeat(None, count):
            play(sample, velocity=0.8, at_frame=frame)

    def sample_play(self, count):
        play = self.sample.play
        for _ in itertools.repeat(None, count):
            play()

    def sample_play_options(self, count):
        play, at = self.sample.play, self.at
        for _ in itertools.repeat(None, count):
            play(velocity=0.8, pan=-0.2, rate=1.5, at=at)

    def methods(self):
        runs = {
            "py_loop": self.nothing,
            "py_play": self.play,
            "py_play_looked_up": self.play_looked_up,
            "py_play_kept": self.play_kept,
            "py_play_at_frame": self.play_at_frame,
            "py_play_4_options": self.play_options,
            "py_sample_play": self.sample_play,
            "py_sample_play_4_options": self.sample_play_options,
            "py_play_many": self.many("at"),
            "py_play_many_3_columns": self.many("at", "gain", "pan"),
        }
        return {name: (run, self.ready, self.forget, CALLS, WARM)
                for name, run in runs.items()}


class Pygame:
    """pygame's mixer, if it is there."""

    def __init__(self):
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        os.environ["SDL_AUDIODRIVER"] = "dummy"
        try:
            import pygame
        except ImportError:
            self.mixer = None
            return
        pygame.mixer.init(48000, -16, 2, 256)
        self.mixer = pygame.mixer
        self.version = pygame.version.ver
        # Long enough to sound until stop(), short enough for the cache.
        self.sound = self.mixer.Sound(buffer=bytes(4800 * 4))

    def play_into(self, channels):
        def ready():
            self.mixer.stop()
            self.mixer.set_num_channels(channels)

        def play(count):
            play = self.sound.play
            for _ in itertools.repeat(None, count):
                play()

        return play, ready, self.mixer.stop, channels - 2, 2

    def methods(self):
        if not self.mixer:
            return {}
        return {
            "pygame_play_8_channels": self.play_into(8),
            "pygame_play_64_channels": self.play_into(64),
        }


def measure(methods, rounds):
    """Medians of ns a call, by name."""
    empty = statistics.median(-clock() + clock() for _ in range(1000))
    taken = {name: [] for name in methods}
    for _ in range(rounds + 1):
        for name, (run, ready, done, calls, warm) in methods.items():
            ready()
            run(warm)
            start = clock()
            run(calls)
            taken[name].append((clock() - start - empty) / calls)
            done()
    return {name: statistics.median(ns[1:]) for name, ns in taken.items()}


def main():
    parser = argparse.ArgumentParser(description="What calls cost.")
    parser.add_argument("--tsv", action="store_true",
                        help="only lines of name, tab, ns")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    pygame = Pygame()
    methods = {**Tabor().methods(), **pygame.methods()}
    if not options.tsv:
        peer = f"pygame {pygame.version}" if pygame.mixer else \
            "no pygame (Debian: python3-pygame)"
        state = "on" if gc.isenabled() else "off"
        print(f"# {peer}; gc {state}; medians of {options.rounds} rounds")
    for name, ns in measure(methods, options.rounds).items():
        print(f"{name}\t{ns:.1f}" if options.tsv else f"{name:28}{ns:8.1f} ns")


if __name__ == "__main__":
    main()
