# SPDX-License-Identifier: MIT
# Python decides, Lua plays: this half walks through the chords of a tune and
# sends one a bar; duet.lua turns whatever chord it has into a groove. Hear it:
#   tabor --python examples/duet.py examples/duet.lua
import random

random.seed(7)  # the same tune each time

# Where each chord may go, in semitones above the tune's own note.
STEPS = {
    0: [(5, "maj"), (9, "min"), (7, "maj")],
    5: [(0, "maj"), (7, "maj"), (2, "min")],
    7: [(0, "maj"), (9, "min")],
    9: [(5, "maj"), (2, "min")],
    2: [(7, "maj")],
}
SHAPES = {"maj": (0, 4, 7), "min": (0, 3, 7)}
BARS = 8

clock = engine.clock(bpm=112)


def walk():
    root, shape = 0, "maj"
    for bar in range(BARS):
        notes = [root + note for note in SHAPES[shape]]
        lua.send("chord", notes, {"bar": bar, "last": bar == BARS - 1})
        root, shape = random.choice(STEPS[root])
        clock.wait(4)


clock.run(walk)
