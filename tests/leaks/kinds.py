# SPDX-License-Identifier: MIT
"""Every kind of call, many times over: kinds.py TIMES [KIND].

Prints for each kind how many calls there were in one of three goes, and in
that which left least: how many blocks more were allocated, and how many
references more there were, or "-" where the interpreter does not count them.
With KIND, that one keeps a voice a call.
"""
import array
import asyncio
import ctypes
import gc
import math
import os
import sys
import weakref

import tabor

SOUND = array.array("f", [0.1] * 100)
BAD = array.array("f", [math.nan])
TIMES = array.array("d", [0.001 * i for i in range(20)])
GOES = 3
FILE = f"t-leak-{os.getpid()}.wav"
JUNK = f"t-leak-{os.getpid()}.txt"
ENV = tabor.ADSR(0.001, 0.001, 0.5, 0.001)

engine = tabor.open("offline", queue=1024)
sample = engine.load(SOUND, name="kept")
shaped = engine.load(memoryview(SOUND).cast("B").cast("f", [50, 2]))
full_engine = tabor.open("offline", queue=64)
full_sample = full_engine.load(SOUND)
gone_engine = tabor.open("offline")
gone_sample = gone_engine.load(SOUND)
gone_sample.play()
gone_engine.close()
gone_engine.poll()
stale_sample = engine.load(SOUND)
stale_sample.unload()
long_voice = engine.load(array.array("f", [0.0] * 48000)).play(loop=True)
loop = asyncio.new_event_loop()  # making many fills caches of asyncio's own
audio = engine.render(frames=100)
audio.save(FILE)
with open(JUNK, "w") as file:
    file.write("no sound " * 100)


def fill():
    """Leave no room in the full engine's queue."""
    try:
        while True:
            full_sample.play()
    except tabor.QueueFull:
        pass


def settle():
    """Let all that was played end, and tell it."""
    engine.render(frames=300)
    engine.poll()


def refuses(error, function, *args, **names):
    """The call raises that error."""
    def call():
        try:
            function(*args, **names)
        except error:
            return
        raise AssertionError(f"{function} did not raise {error}")
    return call


def batch():
    with engine.batch() as b:
        sample.play()
        sample.play(at=engine.now + 0.001)
    assert b.sent


def batch_broken():
    try:
        with engine.batch():
            sample.play()
            raise KeyError
    except KeyError:
        pass


def many():
    voices = engine.play_many(sample, at=TIMES, velocity=0.5)
    voices[3].stop()
    assert len(list(voices[2:5])) == 3
    voices.ids.release()
    voices.stop()


def callback():
    engine.on(tabor.Ended, print)
    engine.off(tabor.Ended, print)


def called_back():
    got = []
    engine.on(tabor.Ended, got.append)
    voice = sample.play()
    engine.render(frames=300)
    engine.poll()
    engine.off(tabor.Ended, got.append)
    assert voice.ended is not None and len(got) > 0


def callback_raises():
    def fail(event):
        raise KeyError
    engine.on(tabor.Ended, fail)
    sample.play()
    engine.render(frames=300)
    try:
        engine.poll()
    except KeyError:
        pass
    engine.off(tabor.Ended, fail)


def awaited():
    async def listen():
        voice = sample.play()
        engine.render(frames=300)
        return await voice
    assert loop.run_until_complete(listen()) is not None


def views():
    with memoryview(sample) as view, memoryview(audio) as other:
        assert view.shape == (100, 1) and other.shape == (100, 2)


def views_of_parts():
    part = shaped.slice(0, 0.0005)
    with memoryview(shaped) as view, memoryview(part) as other:
        assert view.shape == (50, 2) and other.shape == (24, 2)
        assert bytes(part) == other.tobytes()


def looked_at():
    voice = sample.play()
    seen = weakref.ref(voice)
    assert repr(voice) and voice.id and voice.alive and voice.ended is None
    assert {voice: 1}[voice] and voice == voice and seen() is voice


def load_and_unload():
    engine.load(SOUND, name="x").unload("cut")


def opened():
    with tabor.open("offline") as other:
        voice = other.load(SOUND).play()
        other.render(frames=10)
        tabor.attach(other.id).close()
    assert voice.ended.reason == "detached"


def started():
    with tabor.open("null") as other:
        other.ping()


def fileno():
    with tabor.open("offline") as other:
        assert other.fileno() >= 0


# What costs microseconds.
FAST = {
    "play": sample.play,
    "play with options": lambda: sample.play(
        velocity=0.5, gain=1.5, pan=-0.2, rate=1.1, pitch=2, at=engine.now,
        offset=0.0001, duration=0.001, fade_in=0.0001, fade_out=0.0001,
        late="catch_up", tag=3),
    "play a loop with an envelope": lambda: sample.play(
        loop=(0, 0.001), env=ENV).stop(0),
    "engine.play": lambda: engine.play(sample, at_frame=engine.frame + 10),
    "play a slice": lambda: sample.slice(0.0005, 0.001).play(),
    "play_many": many,
    "play_many of a list": lambda: engine.play_many([sample, sample], pan=[
        0.1, -0.1]),
    "stop, set, seek, release": lambda: (
        long_voice.set(gain=0.5, pan=0.1), long_voice.seek(0.1),
        sample.play().stop(), sample.play(env=ENV).release()),
    "a voice looked at": looked_at,
    "voice.wait": lambda: sample.play().wait(0),
    "cancel": lambda: (sample.play(at=engine.now + 9, tag=7),
                       engine.cancel(tag=7)),
    "engine.stop": lambda: (sample.play(), engine.stop()),
    "gain": lambda: setattr(engine, "gain", 1.0),
    "poll, wait": lambda: (sample.play(), engine.wait(0), engine.poll()),
    "stats, meters": lambda: (engine.stats(), engine.meters(), engine.now,
                              engine.frame, repr(engine), repr(sample)),
    "sample's facts": lambda: (sample.name, sample.frames, sample.duration,
                               sample.loop_start, sample.rate),
    "batch": batch,
    "batch that breaks": batch_broken,
    "on, off": callback,
    "called back": called_back,
    "callback raises": callback_raises,
    "views": views,
    "views of parts": views_of_parts,
    "a view in one piece": refuses(BufferError, array.array("f").frombytes,
                                   shaped),
    "a view of a stale sample": refuses(tabor.ClosedError, memoryview,
                                        stale_sample),
    "a sample by name": lambda: engine.sample("kept"),
    "a sample that is not there": refuses(LookupError, engine.sample, "none"),
    "load, unload": load_and_unload,
    "Audio": lambda: tabor.Audio(SOUND, rate=8000),
    "an unknown option": refuses(TypeError, sample.play, velosity=1),
    "a velocity of 127": refuses(ValueError, sample.play, velocity=127),
    "a word for a number": refuses(TypeError, sample.play, gain="loud"),
    "a word that is none": refuses(ValueError, sample.play, late="maybe"),
    "a loop that is none": refuses(ValueError, sample.play, loop=(1, 2, 3)),
    "an envelope that is none": refuses(TypeError, sample.play, env=3),
    "a stale sample": refuses(tabor.Error, stale_sample.play),
    "a closed engine": refuses(tabor.ClosedError, gone_sample.play),
    "a closed engine's poll": refuses(tabor.ClosedError, gone_engine.poll),
    "a full queue": refuses(tabor.QueueFull, full_sample.play),
    "a full batch": refuses(tabor.QueueFull, full_engine.play_many,
                            full_sample, velocity=[1.0] * 48),
    "play_many with a bad row": refuses(
        ValueError, engine.play_many, sample, velocity=[1, 2]),
    "play_many of two lengths": refuses(
        ValueError, engine.play_many, sample, velocity=[1, 1], pan=[0.0] * 3),
    "load of NaN": refuses(ValueError, engine.load, BAD),
    "load of nothing": refuses(TypeError, engine.load, 3),
    "an event that is none": refuses(TypeError, engine.on, int, print),
    "db": lambda: tabor.db(-6),
}

# What costs more, a tenth as often or less.
SLOW = {
    "ping": (10, engine.ping),
    "panic": (50, lambda: (engine.panic(), settle())),
    "open, attach, close": (100, opened),
    "open with a thread": (400, started),
    "fileno": (200, fileno),
    "await": (1, awaited),  # many, as asyncio caches a little
    "save": (100, lambda: audio.save(FILE)),
    "read, trusted": (50, lambda: tabor.read(FILE, trusted=True)),
    "read": (400, lambda: tabor.read(FILE)),
    "load of a file": (400, lambda: engine.load(FILE).unload("cut")),
    "read of no sound": (400, refuses(tabor.DecodeError, tabor.read, JUNK)),
    "read of nothing": (10, refuses(FileNotFoundError, tabor.read, "t-none")),
    "a driver that is none": (20, refuses(tabor.DeviceError, tabor.open,
                                    "ofline")),
    "a rate that is none": (10, refuses(ValueError, tabor.open, "offline",
                                        rate=1)),
    "drivers, kit": (400, lambda: (tabor.drivers(), tabor.kit())),
}


def references():
    count = getattr(sys, "gettotalrefcount", None)
    return count() if count else 0


def held():
    """Blocks and references, once all is settled."""
    settle()
    gc.collect()
    return sys.getallocatedblocks(), references()


def measure(name, times, function):
    """One kind. The first calls do not count, and of three goes the one that
    left least: a cache grows now and then, a leak always."""
    def rounds(count):
        for i in range(count):
            function()
            if i % 20 == 19:
                settle()
        return held()
    last = rounds(min(times, 40))
    gone = []
    for _ in range(GOES):
        before, last = last, rounds(times)
        gone.append([b - a for a, b in zip(before, last)])
    blocks, refs = map(min, zip(*gone))
    if not hasattr(sys, "gettotalrefcount"):
        refs = "-"
    print(f"{times}\t{blocks}\t{refs}\t{name}", flush=True)


def planted(function):
    """The function, and a reference to a voice that nobody gives back."""
    def call():
        function()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(sample.play()))
    return call


def main():
    times = int(sys.argv[1])
    kinds = {name: (1, function) for name, function in FAST.items()} | SLOW
    if len(sys.argv) > 2:
        share, function = kinds[sys.argv[2]]
        kinds = {sys.argv[2]: (share, planted(function))}
    fill()
    for _ in range(1000):  # asyncio fills caches for long
        awaited()
    settle()
    for name, (share, function) in kinds.items():
        measure(name, max(times // share, 20), function)


try:
    main()
finally:
    loop.close()
    os.unlink(FILE)
    os.unlink(JUNK)
