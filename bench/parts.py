# SPDX-License-Identifier: MIT
"""What is compared with what, and where the bars are."""
from dataclasses import dataclass

import peers
from report import Row


@dataclass
class Part:
    name: str
    title: str
    peers: list
    runs: list  # (peer, case, arguments)
    rows: list
    rounds: int = 9
    derive: callable = None  # adds to a round's values what follows from them
    shows_all: bool = False  # also the figures that no row asks for


def ring():
    def row(what, key, other, bar=None, least=False, unit="M/s"):
        return Row(what, ("tabor", "", key), (other, "", key), bar, least,
                   "probe", unit)
    rows = [
        row("one by one, M/s", "one", "rtrb", 1.1, True),
        row("one by one, M/s", "one", "boost", 1.5, True),
        row("one by one, M/s", "one", "jack", 4, True),
    ]
    for other in ("rtrb", "boost", "jack"):
        rows.append(row("sent one by one, drained, M/s", "drain", other,
                        least=True))
    rows += [
        row("round trip p50, ns", "p50", "bare", 1.25, unit="ns"),
        row("round trip p50, ns", "p50", "rtrb", 1, unit="ns"),
        row("round trip p99.9, ns", "p99.9", "bare", unit="ns"),
        row("round trip p99.9, ns", "p99.9", "rtrb", unit="ns"),
    ]
    # any argument tells the bare words that they carry nothing
    runs = [(p.name, "", ["bare"] if p.name == "bare" else [])
            for p in peers.RINGS]
    return Part("ring", "ring: messages of 64 bytes from core to core",
                peers.RINGS, runs, rows, 15)


# The cases that each mixer has: mix-peer.h.
MIXES = {
    "tabor": ("copy", "stereo", "linear", "sinc", "finer"),
    "openal": ("copy", "stereo", "linear", "sinc", "finer"),
    "sdl": ("copy", "stereo"),
    "fluidsynth": ("copy", "linear", "sinc"),
    "csound": ("copy", "linear"),
    "miniaudio": ("copy", "stereo", "linear"),
    "soloud": ("copy", "stereo", "linear"),
}

# A bar against a fifth of the fastest is met if it is against everybody.
MIX_BARS = {
    "copy": ("mono, rate 1", dict.fromkeys(MIXES, 0.2)),
    "linear": ("mono, pitched, linear", {"openal": 0.4, "soloud": 0.4}),
    "stereo": ("stereo, rate 1", {"sdl": 0.4}),
    "sinc": ("mono, pitched, sinc16", {"openal": 0.4, "fluidsynth": 0.4}),
    "finer": ("mono, pitched, sinc32", {}),
}


def mix():
    rows, runs = [], []
    for case, (what, bars) in MIX_BARS.items():
        for name, cases in MIXES.items():
            if case in cases:
                runs.append((name, case, [case, "256", "256"]))
                if name != "tabor":
                    rows.append(Row(what, ("tabor", case, case),
                                    (name, case, case), bars.get(name),
                                    unit="ns a voice and frame"))
    return Part("mix", "mix: 256 voices into stereo, blocks of 256, "
                "ns a voice and frame", peers.MIXERS, runs, rows, 9)


def voice_costs(values):
    """What a voice costs a block beside its frames: of two block sizes."""
    found = values.get(("tabor", ""), {})
    for read in ("copy", "linear"):
        small = found.get(f"{read} mono voices 256 block 64")
        large = found.get(f"{read} mono voices 256 block 1024")
        if small and large:
            found[f"{read} a block"] = (small - large) / (1 / 64 - 1 / 1024)


def voices():
    def key(read, voices=256, block=256):
        return ("tabor", "", f"{read} mono voices {voices} block {block}")

    def ratio(what, ours, theirs, label, bar):
        return Row(what, ours, theirs, bar, unit="ns a voice and frame",
                   label=label)
    rows = []
    for read in ("copy", "linear"):
        rows += [
            ratio(f"{read}, block 64", key(read, block=64),
                  key(read, block=1024), "block 1024", 1.6),
            Row(f"{read}, a voice a block, ns", ("tabor", "",
                                                f"{read} a block"), bar=10),
        ]
    for read in ("copy", "linear", "sinc16", "sinc32"):
        rows.append(ratio(f"{read}, 4096 voices", key(read, 4096),
                          key(read, 32), "32 voices", 1.6))
    rows.append(ratio("copy, 256 voices", key("copy"),
                      ("tabor", "", "bare copy mono pass 1"),
                      "bare kernel", 1.5))
    return Part("voices", "voices: what one costs, by their number and the "
                "block, ns a voice and frame", peers.VOICES,
                [("tabor", "", [])], rows, 3, voice_costs, True)


def schedule():
    def row(what, key, bar=None):
        return Row(what, ("tabor", "", key), bar=bar)
    rows = [
        row("pop and push, ns", "hold", 250),
        row("4096 changes in a block, ms", "sets_ms", 1),
        row("4096 plays in a block, ms", "plays_ms", 1),
        row("4096 taken from rings, ms", "take_ms"),
        row("a block without any, ms", "empty_ms"),
    ]
    return Part("schedule", "schedule: 4096 commands pending",
                peers.SCHEDULE, [("tabor", "", [])], rows)


def offline():
    rows = [Row(f"demo piece, block {block}",
                ("tabor", "", f"render_{block}"), bar=500, least=True)
            for block in (64, 256, 1024)]
    rows.append(Row("with loading and playing", ("tabor", "", "script")))
    return Part("offline", "offline: seconds rendered in one of CPU time",
                peers.OFFLINE, [("tabor", "", [])], rows, 7)


def decode():
    rows = [Row(f"read {kind}, ms", ("tabor", "", kind),
                ("tabor", "", f"{kind}_bare"), label="bare libsndfile")
            for kind in ("wav", "flac", "ogg")]
    rows += [Row("load flac, ms", ("tabor", "", "load"),
                 ("tabor", "", "flac_bare"), label="bare libsndfile"),
             Row("load flac of 44,100, ms", ("tabor", "", "load_44100"))]
    return Part("decode", "decode: ten seconds of stereo",
                peers.DECODE, [("tabor", "", [])], rows, 7)


def share_pygame(values):
    """calls.py measures pygame too."""
    found = values.get(("python", ""), {})
    theirs = [found.pop(key) for key in list(found)
              if key.startswith("pygame_")]
    if theirs:
        values["pygame", ""] = {"play": min(theirs)}


def calls():
    def beside(what, key, bar):
        return Row(what, ("python", "", key),
                   ("pygame", "", "play"), bar, unit="ns")

    def alone(what, name, key, bar=None):
        return Row(what, (name, "", key), bar=bar, unit="ns")
    rows = [
        beside("Python engine.play(s), ns", "py_play", 0.5),
        beside("Python play(s, velocity=, at_frame=), ns",
               "py_play_at_frame", None),
        beside("Python play, 4 keywords, ns", "py_play_4_options", 1),
        beside("Python sample.play(), ns", "py_sample_play", None),
        alone("Python play_many, a play, ns", "python", "py_play_many", 10),
        alone("Lua sample:play(), ns", "lua", "lua_sample_play", 400),
        alone("Lua play, 4 options, ns", "lua",
              "lua_sample_play_4_options", 1000),
        alone("Lua, a table of 4 options alone, ns", "lua",
              "lua_table_of_4"),
    ]
    runs = [("python", "", ["--rounds", "60"]), ("lua", "", ["--rounds",
                                                            "60"])]
    return Part("calls", "calls: what a script's call costs, ns",
                peers.CALLS, runs, rows, 5, share_pygame, True)


PARTS = {part.__name__: part for part in (ring, mix, voices, schedule, calls,
                                          offline, decode)}
