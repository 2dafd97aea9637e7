#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a call from Python costs, in ns of this thread's CPU time.

Each line is the median over rounds of up to 1,000 calls, the loop around
them and the drop of what they return included; between rounds, outside of
what is timed, an offline engine renders them away. The methods take turns,
round by round, and events are read once a turn. With pygame installed, its
Sound.play() takes its turns too: into free channels of a mixer on SDL's dummy
driver, by 8 (its default) and by 64.
"""
import argparse
import array
import gc
import itertools
import os
import statistics
import time

import tabor

CALLS = 1000  # a round; a queue of 1,024 takes 1,008


def clock():
    return time.clock_gettime_ns(time.CLOCK_THREAD_CPUTIME_ID)


class Tabor:
    """The rounds of an engine that moves only when it is told to."""

    def __init__(self):
        self.engine = tabor.open("offline", voices=2048)
        self.sample = self.engine.load(array.array("f", [0.5]))
        self.columns = {name: array.array("d", [0.5] * CALLS)
                        for name in ("gain", "pan", "velocity")}
        self.ready()

    def ready(self):
        self.engine.render(frames=64)
        self.at = self.engine.now
        self.columns["at"] = array.array("d", [self.at] * CALLS)

    def many(self, *names):
        """One call for as many plays, with these columns."""
        def run():
            columns = {name: self.columns[name] for name in names}
            self.engine.play_many(self.sample, **columns)
            return CALLS

        return run

    def first(self):
        self.engine.poll()
        self.ready()

    def forget(self):
        self.kept = None

    def nothing(self):
        for _ in itertools.repeat(None, CALLS):
            pass
        return CALLS

    def play(self):
        play, sample = self.engine.play, self.sample
        for _ in itertools.repeat(None, CALLS):
            play(sample)
        return CALLS

    def play_looked_up(self):
        engine, sample = self.engine, self.sample
        for _ in itertools.repeat(None, CALLS):
            engine.play(sample)
        return CALLS

    def play_kept(self):
        play, sample = self.engine.play, self.sample
        self.kept = [play(sample) for _ in itertools.repeat(None, CALLS)]
        return CALLS

    def play_options(self):
        play, sample, at = self.engine.play, self.sample, self.at
        for _ in itertools.repeat(None, CALLS):
            play(sample, velocity=0.8, pan=-0.2, rate=1.5, at=at)
        return CALLS

    def sample_play(self):
        play = self.sample.play
        for _ in itertools.repeat(None, CALLS):
            play()
        return CALLS

    def sample_play_options(self):
        play, at = self.sample.play, self.at
        for _ in itertools.repeat(None, CALLS):
            play(velocity=0.8, pan=-0.2, rate=1.5, at=at)
        return CALLS

    def methods(self):
        runs = {
            "py_loop": self.nothing,
            "py_play": self.play,
            "py_play_looked_up": self.play_looked_up,
            "py_play_kept": self.play_kept,
            "py_play_4_options": self.play_options,
            "py_sample_play": self.sample_play,
            "py_sample_play_4_options": self.sample_play_options,
            "py_play_many": self.many("at"),
            "py_play_many_3_columns": self.many("at", "gain", "pan"),
        }
        return {name: (run, self.first if name == "py_loop" else self.ready,
                       self.forget)
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

        def play():
            play = self.sound.play
            for _ in itertools.repeat(None, channels):
                play()
            return channels

        return play, ready, self.mixer.stop

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
    for turn in range(rounds + 1):
        for name, (run, ready, done) in methods.items():
            ready()
            start = clock()
            calls = run()
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
