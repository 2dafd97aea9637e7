#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Any calls of the Python API, in any order, with any arguments: what is
accepted is done and told, what is not is one of the documented errors.

A state machine of Hypothesis, which shortens what it finds. The same calls
each time; TABOR_FUZZ_SECONDS=N looks for others that long.
"""
import array
import gc
import math
import os
import time
import unittest

import tap

try:
    from hypothesis import HealthCheck, Phase, seed, settings
    from hypothesis import strategies as st
    from hypothesis.stateful import (Bundle, RuleBasedStateMachine, consumes,
                                     initialize, multiple, rule,
                                     run_state_machine_as_test)
except ImportError:
    tap.skip_all("python3-hypothesis is not installed")

import tabor

SECONDS = float(os.environ.get("TABOR_FUZZ_SECONDS", "0"))
REASONS = {"finished", "stopped", "stolen", "cancelled", "late", "unloaded",
           "detached"}
# What a call may raise that is no bug. OverflowError: a number that no
# machine word holds.
DOCUMENTED = (tabor.Error, ValueError, TypeError, OverflowError)

counts = dict.fromkeys(("calls", "raised", "plays", "ends", "values"), 0)

small = st.floats(0, 0.02)
number = st.one_of(
    small, st.floats(), st.integers(), st.sampled_from(
        [0, 1, -1, 0.5, 16, 17, 2**31, 2**32, 2**53, 2**63, 2**64, -0.0,
         math.inf, math.nan, 1e-300, 1e300]))
anything = st.one_of(number, st.none(), st.booleans(), st.text(max_size=5),
                     st.binary(max_size=5), st.lists(number, max_size=3),
                     st.tuples(small, small), st.just(print))


def often(kind):
    """What is expected, one time of four anything. Mapped, as one_of() would
    take each alternative for one of its own."""
    def same(x):
        return x
    kind = kind.map(same)
    return kind | kind | kind | anything.map(same)


def options(**known):
    """Keywords with what they take; one time of three some with anything."""
    plain = st.fixed_dictionaries({}, optional=known)
    mixed = st.fixed_dictionaries({}, optional={
        name: often(kind) for name, kind in known.items()})
    return plain | plain | mixed


adsr = st.builds(tabor.ADSR, small, small, st.floats(0, 1), small)
when = dict(at=small, at_frame=st.integers(0, 3000))
play_options = options(
    velocity=st.floats(0, 1), gain=st.floats(0, 2), pan=st.floats(-1, 1),
    rate=st.floats(0.1, 4), pitch=st.floats(-12, 12), offset=small,
    duration=small, loop=st.booleans() | st.tuples(small, small),
    fade_in=small, fade_out=small, env=adsr, choke=st.integers(0, 3),
    late=st.sampled_from(["play", "catch_up", "drop"]),
    tag=st.integers(0, 3), **when)
set_options = options(
    gain=st.floats(0, 2), pan=st.floats(-1, 1), rate=st.floats(0.1, 4),
    pitch=st.floats(-12, 12), ramp=small, **when)


class Machine(RuleBasedStateMachine):
    """One engine and what it owes."""
    samples = Bundle("samples")
    voices = Bundle("voices")

    def __init__(self):
        super().__init__()
        self.engine = tabor.open("offline", block=64, voices=6, queue=64)
        self.frames = 0
        self.owed = {}  # id of a voice: the voice
        self.open = True

    # what each step goes through

    def attempt(self, call, *args, **kwargs):
        """Returns the result, or None if that is refused as documented."""
        counts["calls"] += 1
        try:
            return call(*args, **kwargs)
        except DOCUMENTED as error:
            counts["raised"] += 1
            assert str(error), "an error without a word"
            return None

    def owe(self, voice):
        if voice is None:
            return multiple()
        counts["plays"] += 1
        assert voice.id not in self.owed, "one id for two voices"
        self.owed[voice.id] = voice
        return voice

    def events(self):
        return self.engine.poll()

    def settle(self, events):
        for event in events:
            if isinstance(event, tabor.Ended):
                self.end(event)

    def end(self, event):
        counts["ends"] += 1
        voice = self.owed.pop(event.voice.id, None)
        assert voice is not None, f"{event} was not owed"
        assert event.reason in REASONS, event
        assert event.frame <= self.engine.frame, event
        assert event.started is None or event.started <= event.frame, event
        assert voice.ended == event and not voice.alive

    # rules

    @initialize(target=samples)
    def begin(self):
        values = array.array("f", [0.5, -0.5, 0.25] * 100)
        return self.engine.load(values, name="begin")

    @rule(target=samples, count=st.integers(0, 200),
          kind=st.sampled_from("fdhi"), more=options(
              rate=st.integers(4000, 96000), name=st.text(max_size=80)))
    def load(self, count, kind, more):
        values = array.array(kind, [1] * count)
        sample = self.attempt(self.engine.load, values, **more)
        return multiple() if sample is None else sample

    @rule(target=samples, sample=samples, start=often(small), end=often(small))
    def slice(self, sample, start, end):
        part = self.attempt(sample.slice, start, end)
        return multiple() if part is None else part

    @rule(target=voices, sample=samples, given=play_options)
    def play(self, sample, given):
        return self.owe(self.attempt(self.engine.play, sample, **given))

    @rule(target=voices, sample=samples)
    def play_plainly(self, sample):
        return self.owe(self.attempt(sample.play))

    @rule(sample=samples, given=play_options, fails=st.booleans())
    def batch(self, sample, given, fails):
        made = []

        def run():
            with self.engine.batch():
                for _ in range(3):
                    voice = self.attempt(self.engine.play, sample, **given)
                    made.append(voice)
                if fails:
                    raise ValueError("the batch is given up")
            return True

        if self.attempt(run):
            for voice in filter(None, made):
                self.owe(voice)

    @rule(voice=voices, given=set_options)
    def set(self, voice, given):
        self.attempt(voice.set, **given)

    @rule(voice=voices, fade=often(small), given=options(**when))
    def stop(self, voice, fade, given):
        self.attempt(voice.stop, fade, **given)

    @rule(voice=voices, given=options(**when))
    def release(self, voice, given):
        self.attempt(voice.release, **given)

    @rule(voice=voices, position=often(small))
    def seek(self, voice, position):
        self.attempt(voice.seek, position)

    @rule(voice=consumes(voices))
    def forget(self, voice):
        del voice
        gc.collect(0)

    @rule(sample=samples, how=often(st.sampled_from(["ring", "fade", "cut"])))
    def unload(self, sample, how):
        self.attempt(sample.unload, how)

    @rule(tag=often(st.none() | st.integers(0, 3)))
    def cancel(self, tag):
        self.attempt(self.engine.cancel, tag)

    @rule(fade=often(small))
    def stop_all(self, fade):
        self.attempt(self.engine.stop, fade)

    @rule(gain=often(st.floats(0, 16)))
    def gain(self, gain):
        self.attempt(setattr, self.engine, "gain", gain)

    @rule()
    def panic(self):
        self.engine.panic()

    @rule()
    def ping(self):
        assert self.engine.ping() >= 0

    @rule(event=often(st.sampled_from([tabor.Ended, tabor.Late])),
          sample=samples)
    def on(self, event, sample):
        self.attempt(self.engine.on, event, lambda _: None)

    @rule(frames=st.integers(1, 400))
    def render(self, frames):
        audio = self.engine.render(frames=frames)
        values = memoryview(audio).cast("B").cast("f")
        assert len(values) == frames * 2
        assert all(map(math.isfinite, values)), "a value is no number"
        counts["values"] += sum(value != 0 for value in values)
        self.frames += frames
        assert self.engine.frame == self.frames
        self.settle(self.events())

    @rule(length=st.sampled_from(
        [-1, math.nan, math.inf, 1e300, "1", None, b"", 2**64]))
    def render_nonsense(self, length):
        assert self.attempt(self.engine.render, length) is None

    @rule()
    def look(self):
        stats = self.engine.stats()
        assert stats.frame == self.frames and stats.voices <= 6
        for voice in list(self.owed.values()):
            assert voice.alive or voice.ended

    def teardown(self):
        """Whatever was done, a panic ends all of it, and once each."""
        self.engine.panic()
        self.render(600)
        self.render(600)
        assert not self.owed, f"never ended: {list(self.owed.values())}"
        self.engine.close()


class Lossy(Machine):
    """A control: every fifth event is lost."""

    def events(self):
        return [event for event in self.engine.poll()
                if event.frame % 5 != 4]


class Careless(Machine):
    """A control: a play that is not accepted is raised in other words."""

    def attempt(self, call, *args, **kwargs):
        if math.inf in kwargs.values():
            raise RuntimeError("infinite")
        return super().attempt(call, *args, **kwargs)


def hunt(machine, number, examples):
    @seed(number)
    class Seeded(machine):
        pass

    phases = [Phase.generate]
    if machine is Machine:
        phases.append(Phase.shrink)
    run_state_machine_as_test(Seeded, settings=settings(
        max_examples=examples, stateful_step_count=30, database=None,
        deadline=None, suppress_health_check=list(HealthCheck),
        phases=phases))


class Fuzz(unittest.TestCase):
    def test_1_any_calls(self):
        """any calls with any arguments are done and told, or refused in the
        documented way"""
        start, number = time.monotonic(), 1
        hunt(Machine, number, 60)
        while time.monotonic() - start < SECONDS:
            number += 1
            hunt(Machine, number, 60)
        tap.comment(", ".join(f"{n} {name}" for name, n in counts.items()))
        for name, count in counts.items():
            self.assertGreater(count, 100, name)
        self.assertLess(counts["raised"], counts["calls"] * 0.8)

    def test_2_controls(self):
        """(an event that is lost is missed, an error in other words is
        noticed)"""
        for control in Lossy, Careless:
            with self.assertRaises((AssertionError, RuntimeError)):
                hunt(control, 1, 60)


if __name__ == "__main__":
    tap.main()
