#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Coverage of Tabor's sources, and whether it is enough.

    table.py EXPORT...    files that llvm-cov export has written, started
                          through pre-inst-env

For each floor and file: lines, branches (each condition has two ways), and the
conditions that were shown to decide by themselves (MC/DC). Then, by line, what
src/link and src/rt have left uncovered; tests/coverage/unreachable says of
what why nothing can reach it. Exits with 1 if something else is left there, or
another floor is below its least share of branches.
"""
import json
import os
import sys
from collections import defaultdict
from pathlib import Path

SRC = Path(os.environ['srcdir'])
FULL = ('src/link', 'src/rt')
LEAST = {'src/control': 79, 'backends': 65, 'bindings/lua': 75,
         'bindings/python': 75}
BRANCH, DECISION, CODE = (4, 6), 5, 0
# Counts are differences: of a process that forks one may come out negative.
NEGATIVE = 1 << 63


class File:
    """What was counted in one source, over all that included it."""

    def __init__(self):
        self.regions = defaultdict(int)
        self.branches = defaultdict(lambda: [0, 0])
        self.decisions = {}

    def add_branch(self, place, true, false):
        both = self.branches[place]
        both[0] += true if true < NEGATIVE else 0
        both[1] += false if false < NEGATIVE else 0

    def add_decision(self, place, shown):
        before = self.decisions.get(place, [False] * len(shown))
        self.decisions[place] = [a or b for a, b in zip(before, shown)]

    def lines(self):
        """(covered, all) lines: each as often as the innermost code there."""
        count = {}
        widest_first = sorted(self.regions.items(), key=lambda r: (
            r[0][0] - r[0][2], r[0][1] - r[0][3]))
        for (first, _, last, _), n in widest_first:
            for line in range(first, last + 1):
                began = line == first and line in count
                count[line] = max(count[line], n) if began else n
        return sum(1 for n in count.values() if n), len(count)

    def ways(self):
        taken = sum((a > 0) + (b > 0) for a, b in self.branches.values())
        return taken, 2 * len(self.branches)

    def conditions(self):
        shown = sum(sum(d) for d in self.decisions.values())
        return shown, sum(len(d) for d in self.decisions.values())


def gather(paths):
    files = defaultdict(File)
    for path in paths:
        for function in json.loads(Path(path).read_text())['data'][0][
                'functions']:
            gather_function(function, files)
    return files


def name_of(path):
    try:
        name = str(Path(path).relative_to(SRC))
    except ValueError:
        return None
    return name if name.startswith((*FULL, *LEAST)) else None


def gather_function(function, files):
    names = [name_of(f) for f in function['filenames']]
    for *place, n, file, _, kind in function['regions']:
        if kind == CODE and names[file]:
            files[names[file]].regions[tuple(place)] += min(n, 1)
    for *place, true, false, file, _, kind in function['branches']:
        if kind in BRANCH and names[file]:
            files[names[file]].add_branch(tuple(place), true, false)
    for *place, file, kind, shown in function['mcdc_records']:
        if kind == DECISION and names[file]:
            files[names[file]].add_decision(tuple(place), shown)


def floor_of(name):
    return next(f for f in (*FULL, *LEAST) if name.startswith(f + '/'))


def share(pair):
    return 100 * pair[0] / pair[1] if pair[1] else 100.0


def row(name, pairs):
    cells = (f'{a:6}/{b:<6}{share((a, b)):6.1f} %' for a, b in pairs)
    print(f'{name:34}', *cells)


def sums_of(files, floor):
    of_floor = [f for n, f in files.items() if floor_of(n) == floor]
    return [tuple(map(sum, zip(*(getattr(f, what)() for f in of_floor))))
            for what in ('lines', 'ways', 'conditions')]


def table(files):
    print(f'{"":34} {"lines":>15} {"branches":>22} {"MC/DC":>19}')
    for floor in (*FULL, *LEAST):
        if not any(floor_of(name) == floor for name in files):
            sys.exit(f'table.py: nothing of {floor} was compiled with '
                     'coverage, or none of its counts was found')
        row(floor, sums_of(files, floor))
        for name in sorted(files):
            file = files[name]
            if floor_of(name) == floor:
                row('  ' + name.removeprefix(floor + '/'),
                    (file.lines(), file.ways(), file.conditions()))


def clip(lines, place):
    first, start, last, end = place
    text = lines[first - 1][start - 1:end - 1 if last == first else None]
    return ' '.join(text.split())


def holes_of(name, file):
    """(line number, line, what) of all that is not covered."""
    lines = (SRC / name).read_text().split('\n')
    for place, ways in sorted(file.branches.items()):
        for never, n in zip(('true', 'false'), ways):
            if n == 0:
                yield (place[0], lines[place[0] - 1].strip(),
                       f'never {never}: {clip(lines, place)}')
    for place, shown in sorted(file.decisions.items()):
        for i, was in enumerate(shown, 1):
            if not was:
                yield (place[0], lines[place[0] - 1].strip(),
                       f'condition {i} never decided: {clip(lines, place)}')


def read_arguments():
    """{(file, line, what)} that tests/coverage/unreachable argues for."""
    argued = set()
    for line in (SRC / 'tests/coverage/unreachable').read_text().splitlines():
        if line and not line.startswith('#'):
            file, text, what, _ = (w.strip() for w in line.split(' | ', 3))
            argued.add((file, text, what))
    return argued


def check_full(files):
    """Report holes where none may be; returns how many are not argued."""
    argued, used, left = read_arguments(), set(), 0
    for name in sorted(n for n in files if floor_of(n) in FULL):
        for number, line, what in holes_of(name, files[name]):
            if (name, line, what) in argued:
                used.add((name, line, what))
                continue
            left += 1
            print(f'{name}:{number}: {what}')
    print(f'src/link and src/rt: {left} uncovered, and {len(used)} argued in '
          'tests/coverage/unreachable')
    for name, line, what in sorted(argued - used):
        print(f'tests/coverage/unreachable: {name} | {line} | {what}: is '
              'covered, or there no more: take it out')
    return left + len(argued - used)


def main(paths):
    files = gather(paths)
    table(files)
    failed = check_full(files)
    for floor, least in LEAST.items():
        ways = sums_of(files, floor)[1]
        if share(ways) < least:
            print(f'{floor}: {share(ways):.1f} % of the branches, but '
                  f'{least} % is the least')
            failed += 1
    return failed > 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
