#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random operations from two clients, on the engine and on a naive model of
it: the same answers, the same events, the same values.

TABOR_LONG=1 does a million of them. TABOR_SEED=N does the one episode that a
failure names.
"""
import collections
import os
import random
import time
import unittest
from unittest import mock

import tap

try:
    import numpy as np
except ImportError:
    tap.skip_all("numpy is not installed, which the model reckons with")

import capi
import model
from model_wrong import QUICK, WRONG

LONG = bool(os.environ.get("TABOR_LONG"))
TOTAL = 1_000_000 if LONG else 20_000
EPISODE = 2_000  # operations on one engine
SEED = 20_000
SHRINK_S = 20
FAR = 1500  # frames ahead, at most


# ------------------------------------------------------------- operations --

class Maker:
    """Operations that look at no state, so that each means the same whatever
    is left out before it: (name, client, arguments). Voices and samples are
    named by the number of the operation that made them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.ops, self.plays, self.loads = [], [], []
        choose = self.random.choice
        self.config = dict(
            rate=choose((4000, 8000, 48000)), channels=choose((1, 2, 2, 3)),
            block=choose((64, 256, 700)), voices=choose((1, 3, 8, 24)),
            kernel=choose((1, 2, 3)), limiter=choose((0, 0, 1)))
        self.queue = choose((64, 64, 128, 8192))
        self.places = choose((8, 60, 200, 4096))
        self.calm = seed % 3 == 0  # fewer voices, which live longer
        self.flooded = seed % 10 != 9
        if not self.flooded:
            self.queue, self.places = 8192, 4096

    def make(self, count):
        for client in (0, 1):
            self.add("open", client, self.queue, self.places)
            for _ in range(3):
                self.load(client)
        while len(self.ops) < count:
            self.any(self.random.randrange(2))
            if not self.flooded and len(self.ops) > count // 2:
                count += self.flood(self.random.randrange(2))
        self.add("end", 0)
        return self.ops

    KINDS = dict(play=22, burst=0.3, chord=1, set_voice=20,
                 stop_voice=8, seek=6, release=5, stop=0.7, cancel=1.5,
                 set_gain=1.5,
                 ping=2, load=1.6, unload=1.2, release_sample=0.8, batch=1,
                 panic=0.5, poll=6, render=18, stats=1, alive=3,
                 reopen=0.15)
    CALM = dict(play=6, burst=0, chord=0.2, set_voice=40, seek=16, release=8,
                stop=0.3, panic=0.1)

    def any(self, client):
        kinds = {**self.KINDS, **self.CALM} if self.calm else self.KINDS
        names, weights = zip(*kinds.items())
        name, = self.random.choices(names, weights)
        getattr(self, name)(client)

    def add(self, name, client, *arguments):
        self.ops.append((name, client, arguments))

    def some(self, *choices):
        return self.random.choice(choices)

    def frames(self, most):
        """Mostly short."""
        return int(most * self.random.random() ** 3)

    def delta(self):
        """When, from now on: None is as soon as possible, and a float goes
        back to a multiple of 64, where moving rates change."""
        r = self.random
        return r.choices((None, r.randrange(FAR), r.randrange(60),
                          float(r.randrange(300)), -r.randrange(300)),
                         (4, 1.5, 1.5, 4, 1))[0]

    def rate(self):
        r = self.random
        return self.some(1, 1, 1, 0.5, 2, 1.06, r.uniform(0.2, 5)), \
            self.some(0, 0, 0, 12, r.uniform(-12, 12))

    def load(self, client):
        r = self.random
        self.loads.append(len(self.ops))
        self.add("load", client, 1 + self.frames(4000), self.some(1, 1, 2, 3),
                 r.randrange(1 << 30))

    def options(self):
        """Of a play; sizes are shares of the sample's frames."""
        r = self.random
        p = dict(at=self.delta(), late=self.some(0, 0, 1, 2),
                 velocity=self.some(1, 1, r.random()),
                 gain=self.some(1, r.uniform(0, 2)), pan=self.pan(),
                 tag=r.randrange(4), kernel=self.some(0, 0, 1, 2, 3))
        p["rate"], p["pitch"] = self.rate()
        if r.random() < 0.3:
            p["offset"] = r.random()
        if r.random() < 0.3:
            p["length"] = r.random() * 2
        if r.random() < (0.6 if self.calm else 0.2):
            p["loop"] = self.some(1, 2)
            p["loop_start"], p["loop_end"] = sorted((r.random(), r.random()))
            if r.random() < 0.5:
                p["loop_fade"] = r.random() * 0.3
        if r.random() < 0.3:
            p["fade_in"] = self.some(0, self.frames(400))
        if r.random() < 0.3:
            p["fade_out"] = self.some(0, self.frames(400))
        if r.random() < 0.15:
            p["choke"] = self.some(1, 2)
        if r.random() < 0.25:
            p["env"] = (*(self.some(0, self.frames(300)) for _ in range(4)),
                        self.some(0, 1, r.random()))
        if r.random() < 0.1:
            p["slice_start"], p["slice_frames"] = r.random(), r.random()
            p["offset"] = self.some(p["slice_start"], r.random())
            p["length"] = self.some(p["slice_frames"], r.random())
        if r.random() < 0.01:
            p["velocity"] = 2
        return p

    def pan(self):
        return self.some(0, 0, -1, 1, self.random.uniform(-1, 1))

    def play(self, client, sample=None, **fixed):
        self.plays.append(len(self.ops))
        self.add("play", client, sample or self.random.choice(self.loads[-8:]),
                 {**self.options(), **fixed})

    def burst(self, client):
        """More than a small queue holds."""
        for _ in range(self.random.randrange(20, 120)):
            self.play(client)
        for _ in range(self.random.randrange(20)):
            self.some(self.stop, self.cancel, self.release_sample)(client)

    def chord(self, client):
        """Of one frame; may need more voices than there are."""
        at = self.delta()
        for _ in range(self.random.randrange(2, 14)):
            self.play(client, at=at)

    def flood(self, client):
        """More changes for later than the schedule holds."""
        self.flooded = True
        self.add("open", client, self.queue, self.places)
        self.add("abandon", client)
        self.add("panic", client)
        self.add("render", client, 1)
        self.load(client)
        self.play(client, self.loads[-1], at=None, velocity=1, loop=1,
                  loop_fade=0, offset=0)
        for _ in range(4100):
            self.add("set", client, self.plays[-1], 1,
                     self.random.randrange(100, 400), 0,
                     self.random.random(), 0, 1, 0)
        return 4100

    def voice(self):
        """One of the last, sometimes an old one."""
        most = 6 if self.calm else 20
        recent = self.plays[-most if self.random.random() < 0.9 else 0:]
        return self.random.choice(recent) if recent else None

    def set_voice(self, client):
        """Sometimes once more while the first change is under way."""
        voice, r = self.voice(), self.random
        which, ramp = r.randrange(8), self.some(0, self.frames(1000))
        if r.random() < 0.2:
            self.change(client, voice, which, None, 500)
            ramp = self.frames(1000)
        self.change(client, voice, which, self.delta(), ramp)

    def change(self, client, voice, which, delta, ramp):
        self.add("set", client, voice, which, delta, ramp,
                 self.random.uniform(0, 2), self.pan(), *self.rate())

    def stop_voice(self, client):
        self.add("stop_voice", client, self.voice(),
                 self.some(0, self.frames(800)), self.delta())

    def seek(self, client):
        self.add("seek", client, self.voice(), self.random.random() * 1.02,
                 self.delta())

    def release(self, client):
        self.add("release", client, self.voice(), self.delta())

    def alive(self, client):
        self.add("alive", client, self.voice())

    def stop(self, client):
        self.add("stop", client, self.some(0, self.frames(400)))

    def cancel(self, client):
        self.add("cancel", client, self.random.randrange(4),
                 self.some(None, self.delta()), self.some(None, self.delta()))

    def set_gain(self, client):
        self.add("set_gain", client, self.some(1, self.random.random()),
                 self.some(0, self.frames(1000)))

    def ping(self, client):
        for _ in range(self.random.choices((1, 70), (60, 1))[0]):
            self.add("ping", client)

    def unload(self, client):
        self.add("unload", client, self.random.choice(self.loads[-10:]),
                 self.random.randrange(3))

    def release_sample(self, client):
        self.add("release_sample", client,
                 self.random.choice(self.loads[-10:]))

    def batch(self, client):
        self.add("begin", client)
        for _ in range(self.random.randrange(self.some(6, 12, 80))):
            self.any(client)
        self.add(self.some("commit", "commit", "commit", "abandon"), client)

    def panic(self, client):
        self.add("panic", client)

    def poll(self, client):
        self.add("poll", client, self.some(1, 5, 4000, 4000))

    def stats(self, client):
        self.add("stats", client)

    def reopen(self, client):
        self.add("close", client)
        for _ in range(self.random.randrange(3)):
            self.render(1 - client)
        self.add("open", client, self.queue, self.places)

    def render(self, client):
        self.add("render", client, self.some(
            1, self.random.randrange(1, 20), self.random.randrange(1, 200),
            self.random.randrange(1, 600)))


# ------------------------------------------------------------------- both --

class Mismatch(Exception):
    """index: which operation it was that told"""

    def __init__(self, index, words):
        super().__init__(words)
        self.index = index


class Both:
    """An engine and a model of it that do the same."""

    def __init__(self, config):
        self.real = capi.Engine(**config)
        self.model = model.Engine(**config)
        self.clients = [None, None]
        self.voices, self.samples = {}, {}  # by operation: handle
        self.frames = {}  # of a sample's, or of a voice's sample
        self.seen = collections.Counter()
        self.index = 0

    def close(self):
        for pair in filter(None, self.clients):
            pair[0].close()
        self.real.close()

    def run(self, ops):
        """ops: (number, operation)"""
        for self.index, (number, (name, client, arguments)) in \
                enumerate(ops):
            done = getattr(self, "do_" + name, None)
            if name == "open":
                self.open(client, *arguments)
            elif self.clients[client] is None:
                continue
            elif done:
                done(number, client, *arguments)
            else:
                self.call(name, client, *arguments)

    def same(self, what, real, modelled):
        if real != modelled:
            raise Mismatch(self.index, f"{what}: the engine has {real}, the "
                                       f"model {modelled}")

    def call(self, name, client, *arguments, **options):
        """One call to both; returns what it gives."""
        real, modelled = self.clients[client]
        got = getattr(real, name)(*arguments, **options)
        self.same(name, got, getattr(modelled, name)(*arguments, **options))
        status = got[0] if isinstance(got, tuple) else got
        if status == capi.FULL and name != "alive":
            missing = capi.refusal()
            self.same(name + "'s refusal", missing, modelled.missing)
            self.seen["refused " + missing[2]] += 1
        self.seen[name] += 1
        return got

    def at(self, delta):
        if delta is None:
            return capi.ASAP
        at = max(0, self.model.frame + int(delta))
        return at // 64 * 64 if isinstance(delta, float) else at

    # operations that need a word

    def open(self, client, queue, places):
        if self.clients[client] is None:
            self.clients[client] = (
                capi.Client(self.real, queue, places),
                self.model.open_client(queue, places))
            self.seen["open"] += 1

    def do_close(self, _number, client):
        real, modelled = self.clients[client]
        real.close()
        self.model.close_client(modelled)
        self.clients[client] = None

    def do_load(self, number, client, frames, channels, seed):
        values = np.random.default_rng(seed).uniform(
            -0.5, 0.5, (frames, channels)).astype("f4")
        real, modelled = self.clients[client]
        status, handle = real.load(values, self.model.rate)
        self.same("load", status,
                  modelled.load(values, self.model.rate, handle))
        if status == capi.OK:
            self.samples[number] = handle
            self.frames[handle] = frames

    def do_play(self, number, client, sample, options):
        handle = self.samples.get(sample)
        if handle is None:
            return
        frames = self.frames[handle]
        options = dict(options, at=self.at(options["at"]))
        for name in ("offset", "length", "loop_start", "loop_end",
                     "loop_fade", "slice_start", "slice_frames"):
            if name in options:
                options[name] = int(options[name] * frames)
        status, voice = self.call("play", client, handle, **options)
        if status == capi.OK:
            self.voices[number] = voice
            self.frames[voice] = frames

    def do_cancel(self, _number, client, tag, start, end):
        self.call("cancel", client, tag,
                  0 if start is None else self.at(start),
                  capi.NO_FRAME if end is None else self.at(end))

    def do_set(self, _number, client, voice, which, delta, *numbers):
        if voice in self.voices:
            self.call("set", client, self.voices[voice], which,
                      self.at(delta), *numbers)

    def do_seek(self, _number, client, voice, share, delta):
        if voice in self.voices:
            handle = self.voices[voice]
            self.call("seek", client, handle,
                      int(share * self.frames[handle]), self.at(delta))

    def do_stop_voice(self, _number, client, voice, fade, delta):
        if voice in self.voices:
            self.call("stop_voice", client, self.voices[voice], fade,
                      self.at(delta))

    def do_release(self, _number, client, voice, delta):
        if voice in self.voices:
            self.call("release", client, self.voices[voice], self.at(delta))

    def do_alive(self, _number, client, voice):
        if voice in self.voices:
            self.call("alive", client, self.voices[voice])

    def do_unload(self, _number, client, sample, how):
        if sample in self.samples:
            self.call("unload", client, self.samples[sample], how)

    def do_release_sample(self, _number, client, sample):
        if sample in self.samples:
            self.call("release_sample", client, self.samples[sample])

    def do_panic(self, _number, _client):
        self.real.panic()
        self.model.panic()
        self.seen["panic"] += 1

    def do_poll(self, _number, client, most):
        for event in self.call("poll", client, most):
            self.seen[f"event {event[4]}"] += 1
            if event[4] == capi.EVENT_ENDED:
                self.seen[f"reason {event[5]}"] += 1

    def do_render(self, _number, _client, frames):
        first = self.model.frame
        out = np.empty((frames, self.model.channels), "f4")
        self.real.render(out)
        want = self.model.render(frames)
        # one zero has two bit patterns; all else has one
        wrong = np.flatnonzero((out != want).any(axis=1))
        if len(wrong):
            frame = int(wrong[0])
            raise Mismatch(
                self.index, f"frame {first + frame}, {frame} frames into a "
                f"render of {frames}: the engine has {out[frame]}, the model "
                f"{want[frame]}, and {len(wrong)} frames differ")
        self.seen["frames"] += frames
        self.seen["values not 0"] += int(np.count_nonzero(out))

    def do_end(self, number, _client):
        """Whatever is left comes."""
        for client in (0, 1):
            if self.clients[client]:
                self.call("abandon", client)
                self.do_poll(number, client, 4000)
                self.call("stats", client)
        for _ in range(4):
            self.do_render(number, 0, 500)
        for client in (0, 1):
            if self.clients[client]:
                while self.clients[client][1].inbox or \
                        self.clients[client][1].backlog:
                    self.do_poll(number, client, 4000)
                self.call("stats", client)


# ----------------------------------------------------------------- shrink --

def run(config, ops, seen=None):
    """None, or the mismatch that it came to."""
    both = Both(config)
    try:
        both.run(ops)
    except Mismatch as mismatch:
        return mismatch
    except Exception as error:  # the engine may have led the model astray
        return Mismatch(both.index, f"the model fails: {error!r}")
    finally:
        both.close()
        if seen is not None:
            seen.update(both.seen)
    return None


def shrink(config, ops):
    """Leave out what a mismatch can do without, for a while."""
    give_up = time.monotonic() + SHRINK_S
    size = len(ops) // 2
    while size and time.monotonic() < give_up:
        at = 0
        while at < len(ops) and time.monotonic() < give_up:
            fewer = ops[:at] + ops[at + size:]
            mismatch = run(config, fewer)
            if mismatch:
                ops = fewer[:mismatch.index + 1]
            else:
                at += size
        size //= 2
    return ops


def episode(seed, seen=None):
    """One engine's life; returns the operations and the mismatch, if any."""
    maker = Maker(seed)
    ops = list(enumerate(maker.make(EPISODE)))
    return maker.config, ops, run(maker.config, ops, seen)


def tell(seed, config, ops, mismatch):
    ops = ops[:mismatch.index + 1]
    tap.comment(f"seed {seed}, operation {mismatch.index}: {mismatch}")
    few = shrink(config, ops)
    tap.comment(f"engine: {config}; the shortest way there that was found, "
                f"{len(few)} of {len(ops)} operations:")
    for number, op in few:
        tap.comment(number, *op)
    tap.comment(run(config, few))
    tap.comment(f"again: TABOR_SEED={seed} ./pre-inst-env python3 "
                "tests/py-model.py")


# ------------------------------------------------------------------ tests --

class Same(unittest.TestCase):
    def test_same(self):
        """random operations from two clients: the same answers, events and
        values as the model's"""
        seeds = ([int(os.environ["TABOR_SEED"])]
                 if os.environ.get("TABOR_SEED")
                 else range(SEED, SEED + TOTAL // EPISODE))
        seen, done = collections.Counter(), 0
        start = time.monotonic()
        for seed in seeds:
            config, ops, mismatch = episode(seed, seen)
            if mismatch:
                tell(seed, config, ops, mismatch)
                self.fail(str(mismatch))
            done += len(ops)
        tap.comment(f"{done} operations from seed {seeds[0]} on, "
                    f"{time.monotonic() - start:.1f} s")
        tap.comment(", ".join(f"{name}: {n}" for name, n
                              in sorted(seen.items())))
        if len(seeds) > 1:
            self.assertGreaterEqual(done, TOTAL)
            self.enough(seen)

    def enough(self, seen):
        """A run that met too little has shown nothing."""
        for reason in range(6):  # who is detached reads no events
            self.assertGreater(seen[f"reason {reason}"], 10, reason)
        for which in "queue", "schedule", "plays", "batch":
            self.assertGreater(seen["refused " + which], 0, which)
        self.assertGreater(seen["event 2"], 50)
        self.assertGreater(seen["event 3"], 50)
        self.assertGreater(seen["values not 0"], 100_000)


class Controls(unittest.TestCase):
    """Each wrong model is found out within as many operations as a quick run
    has."""

    def found_out(self, what):
        done = 0
        for seed in range(SEED, SEED + 10):
            _, ops, mismatch = episode(seed)
            if mismatch:
                tap.comment(f"{what}: told after {done + mismatch.index} "
                            "operations")
                return
            done += len(ops)
        self.fail(f"{what}: not told in {done} operations")

    def test_wrong(self):
        """a model that is wrong in one thing is told from the engine"""
        for what, owner, name, make in WRONG[:None if LONG else QUICK]:
            with self.subTest(what), mock.patch.object(
                    owner, name, make(getattr(owner, name))):
                self.found_out(what)


if __name__ == "__main__":
    tap.main(limit=3000 if LONG else tap.LIMIT_S)
