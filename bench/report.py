# SPDX-License-Identifier: MIT
"""From rounds to a table: ratios, their medians and spread, the verdict."""
import os
import platform
import shlex
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    """One line of the table: our number, another's, and how they compare.

    ours, theirs are (peer, case, key); without theirs the bar is on our own
    number.
    """
    what: str
    ours: tuple
    theirs: tuple = None
    bar: float = None
    least: bool = False  # the bar is the least, not the most, that is good
    alike: str = ""      # a key that both rounds must have about the same
    unit: str = ""
    label: str = ""      # what is beside ours, if it isn't a library's


@dataclass
class Figures:
    """What the rounds gave for a row."""
    row: Row
    ours: list
    theirs: list
    ratios: list  # or our own numbers, if there are no others
    unlike: int = 0  # rounds that could not be compared

    @property
    def verdict(self):
        row = self.row
        if not self.ratios:
            return "no figures"
        if row.bar is None:
            return ""
        got = statistics.median(self.ratios)
        if (got >= row.bar) if row.least else (got <= row.bar):
            return "met"
        worse = row.bar / got if row.least else got / row.bar
        return f"missed, {worse:.2f} x off"


# How far apart two rounds' "alike" figures may be.
ALIKE = 1.5


def figures(row, rounds):
    """rounds: one dict a round, (peer, case) -> {key: number}."""
    ours, theirs, ratios, unlike = [], [], [], 0
    for values in rounds:
        mine = values.get(row.ours[:2], {})
        if row.ours[2] not in mine:
            continue
        if row.theirs is None:
            ours.append(mine[row.ours[2]])
            ratios.append(mine[row.ours[2]])
            continue
        other = values.get(row.theirs[:2], {})
        if row.theirs[2] not in other:
            continue
        if row.alike:
            pair = sorted((mine[row.alike], other[row.alike]))
            if pair[1] > ALIKE * pair[0]:
                unlike += 1
                continue
        ours.append(mine[row.ours[2]])
        theirs.append(other[row.theirs[2]])
        ratios.append(ours[-1] / theirs[-1])
    return Figures(row, ours, theirs, ratios, unlike)


def others(rows, rounds):
    """Rows for the figures that no row asks for, without a bar."""
    asked = {at for row in rows for at in (row.ours, row.theirs)}
    found = {(*run, key): None for values in rounds
             for run, figures in values.items() for key in figures}
    return [Row(at[2], at) for at in found if at not in asked]


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def number(value):
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


LINE = "{:36.36} {:>8} {:>8}  {:24.24} {:>6}  {:13} {:>8}  {}"


def line(found, peers):
    row = found.row
    bar = "" if row.bar is None else \
        f"{'>=' if row.least else '<='} {row.bar:g}"
    if not found.ratios:
        peer = peers.get((row.theirs or row.ours)[0])
        return LINE.format(row.what, "", "", row.label or peer.title(), "", "",
                           bar, "see below" if peer.error else "no figures")
    ours = number(statistics.median(found.ours))
    low, high = quartiles(found.ratios)
    spread = f"{number(low)}..{number(high)}" if row.theirs is None else \
        f"{low:.2f}..{high:.2f}"
    if row.theirs is None:
        return LINE.format(row.what, ours, "", "", "", spread, bar,
                           found.verdict)
    peer = peers[row.theirs[0]]
    return LINE.format(
        row.what, ours, number(statistics.median(found.theirs)),
        row.label or peer.title(),
        f"{statistics.median(found.ratios):.2f}", spread, bar,
        found.verdict)


def show(part, peers, all_figures, count):
    print(f"\n{part.title} ({count} rounds)")
    print(LINE.format("", "ours", "theirs", "peer", "ratio", "quartiles",
                      "bar", "").rstrip())
    for found in all_figures:
        print(line(found, peers).rstrip())
    unlike = sum(found.unlike for found in all_figures)
    if unlike:
        print(f"  {unlike} pairs of rounds not compared: between the two, "
              f"the machine moved the cores")
    for peer in peers.values():
        if peer.error:
            print(f"  {peer.title()}: {peer.error}")
        elif peer.all_settings:
            print(f"  {peer.title()}: {' | '.join(peer.all_settings)}")


# -------------------------------------------------------------- machine --

def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout.splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def cpu_model():
    try:
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def machine():
    compiler = shlex.split(os.environ.get("CC") or "cc")
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "compiler": first_line([*compiler, "--version"]),
        "flags": os.environ.get("BENCH_CFLAGS", "unknown"),
        "commit": first_line(["git", "-C", os.path.dirname(__file__),
                              "describe", "--always", "--dirty"]),
    }


def as_json(part, peers, all_figures, rounds):
    rows = []
    for found in all_figures:
        row = found.row
        entry = {"what": row.what, "unit": row.unit, "ours": row.ours,
                 "theirs": row.theirs, "bar": row.bar,
                 "sense": "least" if row.least else "most",
                 "verdict": found.verdict, "rounds": len(found.ratios),
                 "not_compared": found.unlike}
        if found.ratios:
            low, high = quartiles(found.ratios)
            entry.update(median=statistics.median(found.ratios), q1=low,
                         q3=high, ours_median=statistics.median(found.ours))
        if found.theirs:
            entry["theirs_median"] = statistics.median(found.theirs)
        rows.append(entry)
    return {
        "title": part.title,
        "peers": {name: {"library": peer.library, "version": peer.found,
                         "settings": peer.all_settings,
                         "error": peer.error}
                  for name, peer in peers.items()},
        "rows": rows,
        "rounds": [{f"{peer} {case}".strip(): values
                    for (peer, case), values in one.items()}
                   for one in rounds],
    }
