#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Nothing clicks: what is done to a sounding tone makes no step that a tone
and a ramp would not, and no sound away from the tone.

The tone is a sine of 1 kHz and size A at 48 kHz, and what is done to it is
done on frame E, where it is largest. Two neighbouring values of it differ by
at most

    2 A sin(pi f / rate)

and a ramp of n frames along 3s^2 - 2s^3 changes a level by at most 1.5 / n of
its way from one frame to the next; the sum of both is the bound. What is heard
beside the tone is the energy of a Blackman-Harris window of 8,192 frames round
E that lies more than 1,500 Hz below the lowest or above the highest tone there
is, compared with all of it.
"""
import functools
import inspect
import math
import unittest

try:
    import numpy
except ImportError:
    numpy = None

import tabor
import tap

RATE = 48000
F = 1000
A = 0.5
E = 12012  # a quarter past a whole number of periods
FRAMES = 24000
DECLICK = 240
AWAY = 1500
WINDOW = 8192
SLOP = 1e-4  # a sinc's ripple, and roundings


def tone(frames, first=0):
    """A stereo sine that starts in its period's frame first."""
    at = 2 * math.pi * F * (numpy.arange(frames) + first) / RATE
    return numpy.repeat((A * numpy.sin(at)).astype("f4")[:, None], 2, 1)


def silence(frames):
    return numpy.zeros((frames, 2), "f4")


def bound(way, loudest=1.0, fastest=1.0, frames=DECLICK):
    """The largest step of a tone, at so many times its size and frequency,
    while its level goes a way of so much."""
    wave = 2 * A * loudest * math.sin(math.pi * F * fastest / RATE)
    return wave + A * way * 1.5 / frames + SLOP


def heard(act, **options):
    """What sounds if act(engine) is done at first; if it is a generator, its
    rest is done on frame E."""
    with tabor.open("offline", rate=RATE, channels=2, block=64,
                    **options) as engine:
        rest = act(engine)
        if inspect.isgenerator(rest):
            next(rest)
        parts = [engine.render(frames=E)]
        if inspect.isgenerator(rest):
            next(rest, None)
        parts.append(engine.render(frames=FRAMES - E))
        return numpy.concatenate(parts).astype(float)


def step(sound):
    return abs(numpy.diff(sound, axis=0)).max()


def beside(sound, *tones):
    """Decibels beside the tones: all of it together, and its highest line
    compared with the tone's."""
    t = 2 * math.pi * numpy.arange(WINDOW) / WINDOW
    window = (0.35875 - 0.48829 * numpy.cos(t) + 0.14128 * numpy.cos(2 * t)
              - 0.01168 * numpy.cos(3 * t))
    part = sound[E - WINDOW // 2:E + WINDOW // 2, 0] * window
    power = abs(numpy.fft.rfft(part, 4 * WINDOW)) ** 2
    hertz = numpy.fft.rfftfreq(4 * WINDOW, 1 / RATE)
    away = (hertz < min(tones) - AWAY) | (hertz > max(tones) + AWAY)
    rest = power[away]
    return (10 * math.log10(rest.sum() / power.sum()),
            10 * math.log10(rest.max() / power.max()))


# What is done, each with the bound of its steps and the tones it makes.

def stop(engine, **how):
    engine.load(tone(FRAMES)).play().stop(at_frame=E, **how)


def stop_all(engine):
    engine.load(tone(FRAMES)).play()
    yield
    engine.stop()


def release(engine):
    engine.load(tone(FRAMES)).play().release(at_frame=E)


def release_env(engine):
    engine.load(tone(FRAMES)).play(
        env=tabor.ADSR(0, 0, 1, 0.005)).release(at_frame=E)


def steal(engine):
    engine.load(tone(FRAMES)).play()
    engine.load(silence(FRAMES)).play(at_frame=E)


def choke(engine):
    engine.load(tone(FRAMES)).play(choke=1)
    engine.load(silence(FRAMES)).play(choke=1, at_frame=E)


def gain(engine, **how):
    engine.load(tone(FRAMES)).play().set(gain=0.1, at_frame=E, **how)


def louder(engine, **how):
    engine.load(tone(FRAMES)).play().set(gain=2, at_frame=E, **how)


def master(engine):
    engine.load(tone(FRAMES)).play()
    yield
    engine.gain = 0.1


def pan(engine, **how):
    engine.load(tone(FRAMES)).play().set(pan=1, at_frame=E, **how)


def rate(engine, **how):
    engine.load(tone(2 * FRAMES)).play().set(rate=1.5, at_frame=E, **how)


def pitch(engine, **how):
    engine.load(tone(FRAMES)).play().set(pitch=-12, at_frame=E, **how)


def seek(engine):
    # half a period on: the old and the new place cancel each other
    engine.load(tone(2 * FRAMES)).play().seek((E + 4824) / RATE, at_frame=E)


def seek_loop(engine):
    engine.load(tone(FRAMES)).play(loop=True).seek(24 / RATE, at_frame=E)


def seam(engine, loop_fade=0.005):
    # from a peak of the tone into a trough of it
    engine.load(tone(FRAMES)).play(loop=((E - 4824) / RATE, E / RATE),
                                   loop_fade=loop_fade)


def offset(engine, **how):
    engine.load(tone(FRAMES)).play(at_frame=E, offset=12 / RATE, **how)


def duration(engine, **how):
    engine.load(tone(FRAMES)).play(duration=E / RATE, **how)


def catch_up(engine, **how):
    sample = engine.load(tone(FRAMES))
    yield
    sample.play(at_frame=E - 1212, late="catch_up", **how)


def unload(engine, voices="fade"):
    sample = engine.load(tone(FRAMES))
    sample.play()
    yield
    sample.unload(voices)


def leave(engine):
    other = tabor.attach(engine.id)
    other.load(tone(FRAMES)).play()
    yield
    other.close()


CASES = [  # act, bound, tones, options of the engine
    (stop, 1, (F,), {}),
    (stop_all, 1, (F,), {}),
    (release, 1, (F,), {}),
    (release_env, 1, (F,), {}),
    (steal, 1, (F,), {"voices": 1}),
    (choke, 1, (F,), {}),
    (gain, 0.9, (F,), {}),
    (louder, (1, 2), (F,), {}),
    (master, 0.9, (F,), {}),
    (pan, 1, (F,), {}),
    (rate, (0, 1, 1.5), (F, 1.5 * F), {}),
    (pitch, 0, (F / 2, F), {}),
    (seek, 2, (F,), {}),
    (seek_loop, 2, (F,), {}),
    (seam, 2, (F,), {}),
    (offset, 1, (F,), {}),
    (duration, 1, (F,), {}),
    (catch_up, 1, (F,), {}),
    (unload, 1, (F,), {}),
    (leave, 1, (F,), {}),
]

# The same with nothing between the two levels or places: they must be noticed.
HARD = [
    (stop, {"fade": 0}),
    (gain, {"ramp": 0}),
    (louder, {"ramp": 0}),
    (pan, {"ramp": 0}),
    (seam, {"loop_fade": 0}),
    (offset, {"fade_in": 0}),
    (duration, {"fade_out": 0}),
    (catch_up, {"fade_in": 0}),
    (unload, {"voices": "cut"}),
]


def bound_of(act):
    for case, way, _, _ in CASES:
        if case is act:
            return bound(*(way if isinstance(way, tuple) else (way,)))
    raise KeyError(act)


class Clicks(unittest.TestCase):
    def test_steps(self):
        """nothing that is done to a tone makes a larger step than a ramp"""
        for act, _, _, options in CASES:
            sound = heard(act, **options)
            tap.comment(f"{act.__name__}: {step(sound):.4f} of at most "
                        f"{bound_of(act):.4f}")
            self.assertLess(step(sound), bound_of(act), act.__name__)
            self.assertGreater(abs(sound).max(), 0.4, act.__name__)
            # cut off where something is done, it does click
            sound[E:] = 0 if abs(sound[E - 1]).max() > 0.4 else A
            self.assertGreater(step(sound), 2 * bound_of(act), act.__name__)
        self.assertGreaterEqual(len(CASES), 20)

    def test_hard(self):
        """without its ramp each of them does"""
        for act, how in HARD:
            sound = heard(functools.partial(act, **how))
            self.assertGreater(step(sound), 2 * bound_of(act), act.__name__)

    def test_panic(self):
        """panic is silence now, and not meant to be smooth"""
        def act(engine):
            engine.load(tone(FRAMES)).play()
            yield
            engine.panic()
        self.assertGreater(step(heard(act)), 2 * bound(1))

    def test_spectrum(self):
        """nothing is heard beside the tone above -80 dB"""
        for act, _, tones, options in CASES:
            energy, line = beside(heard(act, **options), *tones)
            tap.comment(f"{act.__name__}: all {energy:.1f} dB, highest line "
                        f"{line:.1f} dB")
            self.assertLess(energy, -80, act.__name__)
            self.assertLess(line, -80, act.__name__)

    def test_spectrum_hard(self):
        """without its ramp each of them is, a jump of the rate too"""
        for act, how in [*HARD, (rate, {"ramp": 0}), (pitch, {"ramp": 0})]:
            sound = heard(functools.partial(act, **how))
            tones = next(c[2] for c in CASES if c[0] is act)
            energy, line = beside(sound, *tones)
            self.assertGreater(energy, -60, act.__name__)
            self.assertGreater(line, -70, act.__name__)

    def test_straight(self):
        """a straight line instead of the curve would be: it has corners"""
        ramp = numpy.clip((numpy.arange(FRAMES) - E) / DECLICK, 0, 1)
        sound = tone(FRAMES) * (1 - ramp)[:, None]
        self.assertGreater(beside(sound, F)[0], -70)

    def test_octave(self):
        """a rate that doubles in 5 ms leaves no line above -80 dB"""
        sound = heard(lambda engine: engine.load(tone(3 * FRAMES)).play().set(
            rate=2, at_frame=E))
        energy, line = beside(sound, F, 2 * F)
        tap.comment(f"all {energy:.1f} dB, highest line {line:.1f} dB")
        self.assertLess(line, -80)
        self.assertLess(energy, -75)

    def test_kernels(self):
        """a seam that is faded is as smooth pitched, on every kernel"""
        for kernel in ("sinc16", "sinc32"):
            sound = heard(
                lambda engine, kernel=kernel: engine.load(tone(FRAMES)).play(
                    rate=1.25, loop=(0.1, 0.1 + 4824 / RATE),
                    loop_fade=0.00625, kernel=kernel))
            # 300 frames of the sample take 240 of the engine
            self.assertLess(step(sound), bound(2, 1, 1.25), kernel)


if __name__ == "__main__":
    if numpy is None:
        tap.skip_all("numpy is not installed")
    tap.main()
