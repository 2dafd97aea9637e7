# SPDX-License-Identifier: MIT
"""What is compared with what, and where the bars are."""
from dataclasses import dataclass, field

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
    extra: list = field(default_factory=list)


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
    "copy": ("mono, rate 1", {name: 0.2 for name in MIXES}),
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


PARTS = {part.__name__: part for part in (ring, mix)}
