#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench: Tabor beside its peers, in one run.

run.py [--rounds N] [PART...]

In each round every program runs once, one after the other, so that what else
the machine does falls on all of them; a ratio is formed within its round. The
table has the ratios' medians and quartiles. bench.json, in the build folder,
has every number of every round, and the machine's facts.
"""
import argparse
import json
import os
import subprocess
import sys
import time

import report
from parts import PARTS
from peers import BUILD, WORK, Failed, Missing, command_of, run

SECONDS = 120  # for a program's round


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int,
                        default=int(os.environ.get("BENCH_ROUNDS") or 0),
                        help="how often, instead of each part's own number")
    chosen = parser.parse_args()
    for name in chosen.part:
        if name not in PARTS:
            parser.error(f"no part {name!r}; there are {', '.join(PARTS)}")
    return chosen


def build(peers):
    """All that can be; the others know why not."""
    WORK.mkdir(exist_ok=True)
    for peer in peers:
        peer.error = ""
        try:
            peer.build()
        except (Missing, Failed) as error:
            peer.error = str(error)


def read(output, peer):
    """{key: number} of a program's lines; "# version<TAB>settings" too."""
    values = {}
    for text in output.splitlines():
        name, _, value = text.partition("\t")
        if name.startswith("#"):
            peer.found = name[1:].strip()
            if value not in peer.all_settings:
                peer.all_settings.append(value)
        elif value:
            values[name] = float(value)
    return values


def measure(peer, words):
    """One program's round; a failure is the peer's error from then on."""
    try:
        done = run([*command_of(peer), *words], timeout=SECONDS, cwd=WORK)
    except subprocess.TimeoutExpired:
        peer.error = f"hangs: no answer in {SECONDS} s"
        return {}
    except OSError as error:
        peer.error = f"does not start: {error}"
        return {}
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [""]
        peer.error = f"status {done.returncode}: {last[0]}"
        return {}
    return read(done.stdout, peer)


def play_rounds(part, peers, count):
    rounds = []
    for turn in range(count):
        values = {}
        start = turn % len(part.runs)  # nobody is always after the same one
        for name, case, words in part.runs[start:] + part.runs[:start]:
            peer = peers[name]
            if not peer.error:
                values[name, case] = measure(peer, words)
        if part.derive:
            part.derive(values)
        rounds.append(values)
    return rounds


def main():
    chosen = arguments()
    began = time.monotonic()
    facts = report.machine()
    print("{cpu}, {cores} cores, load {load:.2f}; {compiler}".format(**facts))
    result = {"machine": facts, "parts": {}}
    verdicts = []
    for name in chosen.part or PARTS:
        part = PARTS[name]()
        build(part.peers)
        peers = {peer.name: peer for peer in part.peers}
        count = chosen.rounds or part.rounds
        rounds = play_rounds(part, peers, count)
        if part.shows_all:
            part.rows += report.others(part.rows, rounds)
        found = [report.figures(row, rounds) for row in part.rows]
        report.show(part, peers, found, count)
        verdicts += [f.verdict for f in found]
        result["parts"][name] = report.as_json(part, peers, found, rounds)
    facts["load_after"] = os.getloadavg()[0]
    facts["seconds"] = time.monotonic() - began
    (BUILD / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    met = verdicts.count("met")
    missed = sum(v.startswith("missed") for v in verdicts)
    print(f"\n{met} bars met, {missed} missed, "
          f"{verdicts.count('no figures')} not measured; all numbers are in "
          f"bench.json ({facts['seconds']:.0f} s)")
    return 0 if met + missed else 1


if __name__ == "__main__":
    sys.exit(main())
