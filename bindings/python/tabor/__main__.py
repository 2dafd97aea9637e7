# SPDX-License-Identifier: MIT
"""python -m tabor COMMAND"""
from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

import tabor
from tabor import _duet, _explain, _render, _torture

FAILED, INTERRUPTED = 1, 130


def seconds(text: str) -> float:
    number = float(text)
    if not 0.1 <= number <= 3600:
        raise argparse.ArgumentTypeError("goes from 0.1 to 3600")
    return number


# --------------------------------------------------------------- commands --

def devices(options: Any) -> int:
    found = 0
    for driver in tabor.drivers():
        if options.driver not in (None, driver.name):
            continue
        found += 1
        print(f"{driver.name}: {driver.title}"
              + ("" if driver.available else f"; not here: {driver.why}"))
        if not driver.available:
            continue
        for device in tabor.devices(driver.name):
            print(f"  {device.name!r}{', the default' * device.default}: "
                  f"{device.outputs} outputs, {device.inputs} inputs"
                  + ("; " + ", ".join(map(str, device.rates)) + " Hz"
                     if device.rates else ""))
    if not found:
        print(f"there is no driver {options.driver!r}", file=sys.stderr)
    return 0 if found else FAILED


def play(options: Any) -> int:
    with tabor.open(options.driver, options.device) as engine:
        for path in options.files:
            try:
                sample = engine.load(path)
            except (OSError, tabor.Error) as error:
                print(f"{path}: {error}", file=sys.stderr)
                return FAILED
            print(f"{path}: {sample.duration:.3f} s, {sample.channels} "
                  f"channels, through {engine.driver}", flush=True)
            voice = sample.play(gain=tabor.db(options.db))
            try:
                voice.wait()
            except KeyboardInterrupt:
                voice.stop(0.02)
                voice.wait(1)
                return INTERRUPTED
            sample.unload()
    return 0


def render(options: Any) -> int:
    return _render.render(options.script, options.words, options.file,
                          options.seconds, options.bits)


def duet(options: Any) -> int:
    return _duet.run(options.python, options.lua, options.driver,
                     options.render, options.seconds, options.bits)


def torture(options: Any) -> int:
    if options.inside:
        return _torture.play(options.driver, options.seconds, options.inside)
    return _torture.run(options.driver, options.seconds)


def explain(options: Any) -> int:
    with tabor.open(options.driver, options.device,
                    block=options.block) as engine:
        pings, away = _explain.watch(engine, options.seconds)
        for sentence in _explain.explain(engine, engine.stats(), pings, away):
            print(sentence)
    return 0


# -------------------------------------------------------------- arguments --

def add_devices(commands: Any) -> None:
    command = commands.add_parser(
        "devices", help="what could be opened",
        description="Lists the drivers, why one does not open, and devices.")
    command.add_argument("--driver", metavar="NAME", help="of this one only")
    command.set_defaults(run=devices)


def add_driver(command: Any) -> None:
    command.add_argument("--driver", default="auto", metavar="NAME",
                         help="the audio driver (auto)")
    command.add_argument("--device", metavar="NAME",
                         help="a name that 'devices' lists")


def add_play(commands: Any) -> None:
    command = commands.add_parser(
        "play", help="play sound files",
        description="Plays sound files, one after the other.")
    command.add_argument("files", nargs="+", metavar="FILE")
    add_driver(command)
    command.add_argument("--db", type=float, default=0.0, metavar="N",
                         help="louder or softer by so many decibels (0)")
    command.set_defaults(run=play)


def add_render(commands: Any) -> None:
    command = commands.add_parser(
        "render", help="a script that plays, into a file",
        description="Runs a Python script and saves what it plays, faster "
        "than real time and the same each time: its first engine plays into "
        "the file, and time moves on while it waits for voices, events or a "
        "clock. Without --seconds until the script and its sounds end.")
    command.add_argument("script", metavar="SCRIPT")
    command.add_argument("file", metavar="FILE",
                         help=".wav, .aiff, .flac or .ogg")
    command.add_argument("words", nargs="*", metavar="WORD",
                         help="for the script")
    command.add_argument("--seconds", type=seconds, metavar="N",
                         help="end after so long")
    command.add_argument("--bits", type=int, choices=(16, 24, 32),
                         help="of a value in the file")
    command.set_defaults(run=render)


def add_duet(commands: Any) -> None:
    command = commands.add_parser(
        "duet", help="a Python and a Lua script on one engine",
        description="Runs both scripts beside each other until both are over. "
        "Python's finds engine and lua, Lua's engine, clock, play, send and "
        "receive.")
    command.add_argument("python", metavar="PYTHON")
    command.add_argument("lua", metavar="LUA")
    command.add_argument("--driver", default="auto", metavar="NAME",
                         help="the audio driver (auto)")
    command.add_argument("--render", metavar="FILE",
                         help="into a file, faster than real time")
    command.add_argument("--seconds", type=seconds, metavar="N",
                         help="of the file")
    command.add_argument("--bits", type=int, choices=(16, 24, 32),
                         help="of a value in the file")
    command.set_defaults(run=duet)


def add_torture(commands: Any) -> None:
    command = commands.add_parser(
        "torture", help="does sound wait for Python here?",
        description="Plays 1000 voices while Python is busy, with a checker "
        "of the audio thread loaded, and says what was found. Status 0: "
        "nothing; 1: something; 2: it could not be tried.")
    command.add_argument("--seconds", type=seconds, default=3.0, metavar="N",
                         help="play for so long (3)")
    command.add_argument("--driver", default="auto", metavar="NAME",
                         help="the audio driver (auto)")
    command.add_argument("--inside", metavar="FILE", help=argparse.SUPPRESS)
    command.set_defaults(run=torture)


def add_explain(commands: Any) -> None:
    command = commands.add_parser(
        "explain", help="latency and glitches in words",
        description="Opens a device, watches it for a while, and says what "
        "its latency is made of and what went wrong.")
    add_driver(command)
    command.add_argument("--block", type=int, default=256, metavar="N",
                         help="frames that the device should ask for (256)")
    command.add_argument("--seconds", type=seconds, default=2.0, metavar="N",
                         help="watch for so long (2)")
    command.set_defaults(run=explain)


def main() -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(
        prog="python -m tabor", description="Tabor's tools in Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    for add in (add_devices, add_play, add_render, add_duet, add_torture,
                add_explain):
        add(commands)
    options = parser.parse_args()
    try:
        status: int = options.run(options)
        return status
    except tabor.DeviceError as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
