#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the engine tells: three ways to learn that a sound has ended."""
import asyncio

import tabor


def by_function(engine, sound):
    """A function for each event; it runs inside wait() or poll()."""
    def tell(event):
        print("function:", event.reason)

    engine.on(tabor.Ended, tell)
    sound.play()
    engine.wait(5)
    engine.off(tabor.Ended, tell)


def by_class(engine, sound):
    """Events as they come, told apart by their class."""
    voice = sound.play()
    voice.stop(fade=0.02, at=engine.now + 0.1)
    ended = None
    while ended is not voice:
        for event in engine.wait(5):
            match event:
                case tabor.Ended(voice=ended, reason=reason):
                    heard = event.frame - event.started
                    print(f"class: {reason} after {heard} frames")
                case tabor.DeviceLost(device=device):
                    print(f"class: {device} has gone; the clock runs on")


async def by_awaiting(engine, sounds):
    """A voice is awaited like anything else that takes its time."""
    ended = await asyncio.gather(*[sound.play() for sound in sounds])
    print("await:", ", ".join(event.reason for event in ended))


def main():
    with tabor.open() as engine:
        kit = tabor.kit()
        kick, clap = engine.load(kit["kick"]), engine.load(kit["clap"])
        by_function(engine, kick)
        by_class(engine, kick)
        asyncio.run(by_awaiting(engine, [kick, clap]))


if __name__ == "__main__":
    main()
