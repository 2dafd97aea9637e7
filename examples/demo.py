#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Eight bars on Tabor's own kit; demo.lua plays the same notes.

demo.py            play them
demo.py FILE.wav   render them to a file, faster than real time
"""
import sys

import tabor

BPM = 112
STEP = 60 / BPM / 4  # a sixteenth, in seconds
BARS = 8
LENGTH = (BARS * 16 + 16) * STEP  # with room for the last chord to ring

# Sixteen steps a bar: 1 to 9 is how hard, a dot is a rest. A track with fewer
# bars than the piece starts over.
DRUMS = [
    ("kick", 0.9, 0.0, ["9.....4.9......."] * 3 + ["9.....4.9..3..6."]),
    ("snare", 0.7, 0.1, ["....8.......8..."] * 3 + ["....8.......8.35"]),
    ("clap", 0.6, 0.0, ["................"] * 4 + ["....7.......7..."] * 4),
    ("hat", 0.5, -0.25, ["6.384.385.384.3.", "6.384.385.38...."]),
    ("openhat", 0.35, -0.25, ["................", ".............6.."]),
    ("tom", 0.6, 0.3, ["................"] * 7 + ["..........7.5..8"]),
]

# Semitones from A: where the bass stands, and the chord above it.
CHORDS = [
    (0, (0, 3, 7)),    # A minor
    (-4, (-4, 0, 3)),  # F
    (3, (-2, 3, 7)),   # C
    (-2, (-2, 2, 5)),  # G
    (0, (0, 3, 7)),    # A minor
    (-4, (-4, 0, 3)),  # F
    (3, (-2, 3, 7)),   # C
    (-5, (-1, 2, 7)),  # E
]

# Sixteen steps again: semitones above the chord's bass, and which note of the
# chord (3 is the first, an octave up).
BASS = ["0 . . 0 . . 12 . 0 . . . 7 . 12 .",
        "0 . . 0 . . 12 . 0 . . 7 . . 10 ."]
ARPEGGIO = ["0 . 1 . 2 . 3 . 2 . 1 . 2 . 1 .",
            "0 . 1 2 . 3 . 2 . 1 . 2 3 . 2 1"]

# Eight steps a bar, semitones from the A above.
MELODY = [
    ". . . . . . . .", ". . . . . . . .",
    "-5 . . -2 . . -5 .", "-7 . . . -10 . . .",
    "0 . . -2 . -5 . .", "-4 . . -5 . -9 . .",
    "-5 . . -2 . 3 . .", "2 . . -1 . . -5 .",
]


def play_drums(play, bar):
    for name, gain, pan, bars in DRUMS:
        for step, hard in enumerate(bars[bar % len(bars)]):
            if hard != ".":
                play(name, bar * 16 + step, velocity=int(hard) / 9,
                     gain=gain, pan=pan)


def play_tones(play, bar):
    root, chord = CHORDS[bar]
    for step, token in enumerate(BASS[bar % 2].split()):
        if token != ".":
            play("bass", bar * 16 + step, gain=0.6, pitch=root + int(token))
    tones = [*chord, chord[0] + 12]
    for step, token in enumerate(ARPEGGIO[bar // 4].split()):
        if token != ".":
            play("pluck", bar * 16 + step, gain=0.6, pan=0.5 - step % 4 / 3,
                 pitch=tones[int(token)] + 12)
    for step, token in enumerate(MELODY[bar].split()):
        if token != ".":
            play("bell", bar * 16 + step * 2, gain=0.4, pan=-0.1,
                 pitch=int(token))


def play_pad(play, step, chord, steps):
    """A chord that is let go after so many steps."""
    for semitones in chord:
        voice = play("pad", step, gain=0.22, pitch=semitones)
        voice.stop(fade=0.4, at=(step + steps) * STEP + play.start)


def play_end(play):
    """The beat after the last bar: home to A minor."""
    last = BARS * 16
    play("kick", last, gain=0.9)
    play("openhat", last, gain=0.3, pan=-0.25)
    play("bass", last, gain=0.6)
    play("bell", last, gain=0.4, pan=-0.1)
    play_pad(play, last, (-12, 0, 3, 7), 8)


class Player:
    """Plays a sound of the kit at a step of the piece."""

    def __init__(self, engine, start):
        self.start = start
        self.voices = []
        self.sounds = {name: engine.load(path)
                       for name, path in tabor.kit().items()}

    def __call__(self, name, step, **how):
        voice = self.sounds[name].play(at=step * STEP + self.start, **how)
        self.voices.append(voice)
        return voice


def play_piece(engine, start):
    """Send every note, the first at start seconds; all their voices."""
    play = Player(engine, start)
    for bar in range(BARS):
        play_drums(play, bar)
        play_tones(play, bar)
        play_pad(play, bar * 16, CHORDS[bar][1], 16)
    play_end(play)
    return play.voices


def main():
    if len(sys.argv) > 1:
        with tabor.open(driver="offline") as engine:
            play_piece(engine, 0.0)
            engine.render(LENGTH).save(sys.argv[1])
        return
    with tabor.open() as engine:
        print(f"playing on {engine.driver}: {engine.device}")
        for voice in play_piece(engine, engine.now + 0.3):
            voice.wait(LENGTH + 5)


if __name__ == "__main__":
    main()
