#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Eight bars on recorded sounds; sonicpi.lua plays the same notes.

The sounds are Sonic Pi's, which Debian packages as sonic-pi-samples
(SONICPI_SAMPLES names another folder).

sonicpi.py            play them
sonicpi.py FILE.wav   render them to a file, faster than real time
"""
import os
import sys

import tabor

FOLDER = os.environ.get("SONICPI_SAMPLES", "/usr/share/sonic-pi/samples")
BPM = 84
STEP = 60 / BPM / 4  # a sixteenth, in seconds
SWING = 0.18         # how late every second sixteenth is, in steps
BARS = 8
LENGTH = (BARS * 16 + 20) * STEP

# Sixteen steps a bar: 1 to 9 is how hard, a dot is a rest. A track with fewer
# bars than the piece starts over.
DRUMS = [
    ("bd_haus", 0.55, 0.0, ["9......5..8.....", "9......5..8....3"]),
    ("sn_dolf", 0.5, 0.05, ["....8.......8..1", "....8..2....8..."]),
    ("drum_cymbal_closed", 0.6, -0.3, ["5.73553757355.73"]),
    ("drum_cymbal_open", 0.18, -0.3, ["..............6."]),
    ("perc_snap", 0.3, 0.4,
     ["................"] * 4 + ["....6.......6.4."] * 4),
    ("tabla_na", 0.35, 0.5,
     ["................"] * 2 + ["...4..6...3.5..4"] * 2),
    ("tabla_ghe3", 0.35, -0.5,
     ["................"] * 2 + ["7.....4.......6."] * 2),
]

# What lies under it: bar, sound, gain, pan.
LAYERS = [
    (0, "vinyl_hiss", 0.25, 0.0), (0, "guit_em9", 0.5, 0.0),
    (0, "drum_splash_soft", 0.5, 0.3), (0, "ambi_lunar_land", 0.5, 0.0),
    (2, "guit_harmonics", 0.6, -0.5), (3, "vinyl_hiss", 0.25, 0.0),
    (4, "guit_em9", 0.5, 0.0), (4, "drum_splash_soft", 0.5, 0.3),
    (4, "ambi_lunar_land", 0.5, 0.0), (6, "vinyl_hiss", 0.25, 0.0),
    (6, "guit_harmonics", 0.6, 0.5), (8, "perc_bell", 0.5, 0.0),
    (8, "guit_harmonics", 0.7, 0.0),
]

# Semitones from C, and after the colon for how many steps.
BASS = [
    "4:6 . . . . . . 4:2 . . 4:3 . . 7:2 . .",
    "4:6 . . . . . . 4:2 . . 2:3 . . -1:2 . .",
    "0:6 . . . . . . 0:2 . . 0:3 . . 4:2 . .",
    "2:6 . . . . . . 2:2 . . 2:3 . . -1:3 . .",
    "4:6 . . . . . . 4:2 . . 4:3 . . 2:2 . .",
    "-5:6 . . . . . . -5:2 . . -5:3 . . 2:2 . .",
    "0:6 . . . . . . 0:2 . . 0:3 . . 0:2 . .",
    "-1:6 . . . . . . -1:2 . . 2:3 . . 3:2 . .",
    "4:12",
]

# Eight steps a bar, semitones from A.
MELODY = [
    ". . . . . . . .", ". . . . . . . .", "2 . . 0 . . -2 .",
    "-5 . . . . -7 . .", "-5 . -2 . 0 . 2 .", "5 . 2 . . 0 -2 .",
    "2 . . 0 . . -2 .", "-3 . . -7 . . . .", "-5",
]


class Player:
    """Plays a sound at a step of the piece."""

    def __init__(self, engine, start):
        self.engine = engine
        self.start = start
        self.voices = []
        self.sounds = {}

    def sound(self, name):
        if name not in self.sounds:
            path = os.path.join(FOLDER, name + ".flac")
            self.sounds[name] = self.engine.load(path)
        return self.sounds[name]

    def time(self, step):
        return (step + step % 2 * SWING) * STEP + self.start

    def __call__(self, name, step, **how):
        voice = self.sound(name).play(at=self.time(step), **how)
        self.voices.append(voice)
        return voice


def play_drums(play, bar):
    for name, gain, pan, bars in DRUMS:
        for step, hard in enumerate(bars[bar % len(bars)]):
            if hard != ".":
                play(name, bar * 16 + step, velocity=int(hard) / 9,
                     gain=gain, pan=pan)


def play_bass(play, bar):
    for step, token in enumerate(BASS[bar].split()):
        if token != ".":
            first = bar * 16 + step
            pitch, steps = token.split(":")
            voice = play("bass_woodsy_c", first, gain=0.3, pitch=int(pitch))
            voice.stop(fade=0.05, at=play.time(first + int(steps)))


def play_melody(play, bar):
    """Each note, and a quieter one three steps behind on the other side."""
    for step, token in enumerate(MELODY[bar].split()):
        if token != ".":
            first = bar * 16 + step * 2
            play("elec_ping", first, gain=0.5, pan=-0.3, pitch=int(token))
            play("elec_ping", first + 3, gain=0.2, pan=0.6, pitch=int(token))


def play_piece(engine, start):
    """Send every note, the first at start seconds; all their voices."""
    play = Player(engine, start)
    for bar in range(BARS + 1):
        if bar < BARS:
            play_drums(play, bar)
        play_bass(play, bar)
        play_melody(play, bar)
    for bar, name, gain, pan in LAYERS:
        play(name, bar * 16, gain=gain, pan=pan)
    return play.voices


def main():
    if not os.path.exists(os.path.join(FOLDER, "bd_haus.flac")):
        sys.exit(f"{FOLDER} does not hold Sonic Pi's samples: install the "
                 "package sonic-pi-samples, or set SONICPI_SAMPLES")
    if len(sys.argv) > 1:
        with tabor.open(driver="offline") as engine:
            play_piece(engine, 0.0)
            engine.render(LENGTH).save(sys.argv[1])
        return
    with tabor.open() as engine:
        print(f"playing on {engine.driver}: {engine.device}")
        for voice in play_piece(engine, engine.now + 0.3):
            voice.wait(LENGTH + 10)


if __name__ == "__main__":
    main()
