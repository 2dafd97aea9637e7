#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""player.py DO API SOUND [BLOCK [FORMAT [TAKE]]]: for tests on real servers.

    play   a line on stdin is waited for; then SOUND, once, on an exact frame
    hurry  the same, but at once: for a server that is faster than time
           (both say "lost" if the device was lost meanwhile)
    calm   SOUND for a second: how often was the device lost?
    leave  SOUND until the device is lost; then stop it and close
    stay   the same, but wait for the device's return before
    ping   a round trip through the audio thread

FORMAT is what the driver is given; with a TAKE it is dithered.
Tells each step in one line on stdout; status 0 if all went as it must.
player.lua does the same.
"""
import faulthandler
import sys
import time

import tabor


def say(*words):
    print(*words, flush=True)


def await_event(engine, kind, seconds):
    """Read events until one is of this class; None if none came in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in engine.wait(deadline - time.monotonic()):
            if isinstance(event, kind):
                return event
    return None


def hear_out(engine, voice, sample):
    engine.on(tabor.DeviceLost, lambda _: say("lost"))
    ended = voice.wait(30)
    time.sleep(0.5)  # until what was rendered has gone through the server
    engine.poll()
    assert ended.reason == "finished", ended
    assert ended.frame == ended.started + sample.frames, ended
    say("played", ended.frame - ended.started)
    return ended


def play(engine, sample):
    sys.stdin.readline()
    start = engine.frame + engine.rate // 2
    ended = hear_out(engine, sample.play(at_frame=start), sample)
    assert ended.started == start, ended


def hurry(engine, sample):
    sys.stdin.readline()
    hear_out(engine, sample.play(), sample)


def calm(engine, sample):
    voice = sample.play()
    lost = await_event(engine, tabor.DeviceLost, 1)
    assert voice.alive
    say("calm" if lost is None else "lost")


def leave(engine, sample, back=False):
    voice = sample.play()
    say("playing")
    lost = await_event(engine, tabor.DeviceLost, 3)
    assert lost is not None and lost.device == engine.device, lost
    say("lost")
    if back:
        returned = await_event(engine, tabor.DeviceBack, 6)
        assert returned is not None and engine.ping() < 1, returned
        say("back")
    voice.stop()
    ended = voice.wait(2)
    assert ended.reason == "stopped", ended
    assert ended.started <= ended.frame <= engine.frame, ended
    say("ended")


def stay(engine, sample):
    leave(engine, sample, back=True)


def ping(engine, _):
    assert 0 < engine.ping() < 1
    say("pong")


def main(what, api, sound, block=256, format="float32", take=None):
    faulthandler.enable()
    faulthandler.dump_traceback_later(40, exit=True)
    todo = {"play": play, "hurry": hurry, "calm": calm, "leave": leave,
            "stay": stay, "ping": ping}[what]
    with tabor.open(driver="rtaudio", api=api, block=int(block),
                    format=format, log=take, dither=bool(take)) as engine:
        sample = engine.load(sound)
        say("open", engine.block, engine.device)
        todo(engine, sample)
    say("closed")


main(*sys.argv[1:])
