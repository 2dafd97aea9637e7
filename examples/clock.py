# SPDX-License-Identifier: MIT
"""Tasks on the audio clock: a bar's pattern, a loop that is replaced while it
goes, and a tempo that grows. Plays live; into a file, faster, with

    python3 -m tabor render examples/clock.py clock.wav
"""
import tabor

NOTES = (0, 3, 7, 10, 12, 10, 7, 3)

with tabor.open() as engine, engine.clock(bpm=110) as clock:
    kit = {name: engine.load(path) for name, path in tabor.kit().items()}

    def hats(gain, length):
        async def body():
            kit["hat"].play(gain=gain, pan=-0.3)
            await clock.wait(length)
        return body

    def drums():  # a function is a thread
        for bar in range(8):
            if bar == 4:
                clock.loop("hat", hats(0.3, 1 / 4))  # from its next call on
                clock.tempo(150, 16)  # over 16 beats
            for beat in range(4):
                kit["snare" if beat % 2 else "kick"].play()
                clock.wait(1)
        clock.loop("hat", None)
        kit["bell"].play()

    async def tune():  # an async function is none: they may be thousands
        for i in range(64):
            kit["pluck"].play(pitch=NOTES[i % 8], gain=0.5, pan=0.3)
            await clock.sync(1 / 2)

    clock.loop("hat", hats(0.4, 1 / 2))
    clock.run(drums)
    clock.run(tune)
