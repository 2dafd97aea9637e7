#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants faults into src/link and src/rt and counts the tests' kills.

    mutate.py [--count N] [--seed S] [--all] [--only FILE] [--tests A,B]

Started through pre-inst-env in a build tree whose tests are built. A mutant is
one fault of tests/coverage/mutants.py. What includes it is compiled anew and
goes in front of the tree's archive into each test until one fails, is killed
by a signal, or takes too long: then the mutant is killed.

Not counted are mutants that do not compile, and those that compile to the same
code. tests/coverage/equivalent lists survivors with the argument that no test
can tell them from the original.
"""
import argparse
import fnmatch
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import mutants

SRC = Path(os.environ['srcdir'])
BUILD = Path(os.environ['builddir'])
# Those of src/link and src/rt, and what else is quick and looks at sound.
TESTS = '''batch between client convert edges fault-wrap full fuzz-ring
    kernels limits link many meet mix onsets output render ring sample
    schedule seek shape steal take wire'''.split()
# What takes seconds runs where it has something to say only.
ONLY_FOR = {'convert': 'convert|process', 'kernels': 'kernel|ramp'}
FLOOR = 90
MEMORY = 4 << 30


class Killed(Exception):
    """A test has noticed."""


def setting(name):
    text = (BUILD / 'Makefile').read_text()
    return re.search(rf'^{name} *=(.*)$', text, re.M).group(1).split()


def includes(path, seen):
    """What a file of ours includes of src, and so on."""
    for name in re.findall(r'^#include "([\w/.]+)"', path.read_text(), re.M):
        for folder in (SRC / 'src', SRC / 'tests' / 'lib', path.parent):
            if (folder / name).exists() and folder / name not in seen:
                seen.add(folder / name)
                includes(folder / name, seen)
    return seen


class Workshop:
    """Compiles and links mutants in a folder of its own."""

    def __init__(self, folder, tests):
        self.folder = folder
        self.overlay = folder / 'src'
        self.compiler = os.environ['CC'].split()
        self.libraries = (setting('SNDFILE_LIBS') + setting('SOXR_LIBS')
                          + setting('LIBS') + ['-lm'])
        self.tests = tests
        self.units = {p: includes(p, {p}) for p in self.sources()}
        self.originals = {}
        shutil.copytree(SRC / 'src', self.overlay)

    def sources(self):
        yield from sorted((SRC / 'src').glob('rt/*.c'))
        yield from sorted(p for p in (SRC / 'src').glob('control/*.c')
                          if p.stem not in ('make-tables', 'tabor-decode',
                                            'jail'))
        for test in self.tests:
            yield SRC / 'tests' / f'{test}.c'

    def flags(self, path):
        level = re.search(r'kernel_(sse2|avx2)\.c$', path.name)
        paths = re.findall(r'-D(TABOR_\w+)=',
                           (SRC / 'src' / 'local.mk').read_text())
        # types still tell most arguments apart, as warnings of the build do
        return (['-std=gnu11', '-O1', '-fPIC', '-DHAVE_CONFIG_H',
                 '-Werror=int-conversion',
                 '-Werror=incompatible-pointer-types',
                 f'-I{BUILD}', f'-I{SRC}/include', f'-I{self.overlay}',
                 f'-I{SRC}/tests/lib', f'-I{SRC}/tests']
                + [f'-D{name}="/nowhere"' for name in paths]
                + setting('RT_CFLAGS') + setting('SNDFILE_CFLAGS')
                + setting('SOXR_CFLAGS')
                + (setting(level.group(1).upper() + '_CFLAGS')
                   if level else []))

    def compile(self, path):
        """The object's bytes, or None if the compiler refuses."""
        source = path
        if path.is_relative_to(SRC / 'src'):
            source = self.overlay / path.relative_to(SRC / 'src')
        out = self.folder / f'{path.parent.name}-{path.stem}.o'
        done = subprocess.run(
            [*self.compiler, *self.flags(path), '-c', source, '-o', out],
            cwd=self.folder, stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        return out.read_bytes() if done.returncode == 0 else None

    def original(self, path):
        if path not in self.originals:
            self.originals[path] = self.compile(path)
            if self.originals[path] is None:
                sys.exit(f'mutate.py: {path} does not compile: is the tree '
                         'built, with the tests?')
        return self.originals[path]

    def touched(self, file):
        """The sources that include a file: the audio thread's, and others."""
        units = [p for p, all_of in self.units.items() if file in all_of]
        ours = [p for p in units if p.parent == SRC / 'src/rt']
        return ours, [p for p in units if p not in ours]

    def rebuild(self, file, text, touched):
        """Those whose objects differ from the original's, or None if one does
        not compile."""
        for path in touched:
            self.original(path)
        place = self.overlay / file.relative_to(SRC / 'src')
        place.write_text(text)
        changed = []
        try:
            for path in touched:
                code = self.compile(path)
                if code is None:
                    return None
                if code != self.originals[path]:
                    changed.append(path)
        finally:
            shutil.copyfile(file, place)
        return changed

    def link(self, test, changed):
        """A test program in which what is changed stands before the tree's
        archive, whose members of the same names are then not wanted."""
        program = self.folder / 'program'
        objects = [self.folder / f'{p.parent.name}-{p.stem}.o'
                   for p in changed if p.parent != SRC / 'tests']
        own = SRC / 'tests' / f'{test}.c'
        first = self.folder / f'tests-{test}.o'
        if own not in changed:
            name = f'{test.replace("-", "_")}-{test}.o'
            first = next((BUILD / 'tests').glob(f'*{name}'))
        subprocess.run([*self.compiler, '-o', program, first, *objects,
                        BUILD / 'src' / '.libs' / 'libtabor-all.a',
                        *self.libraries], check=True, stdin=subprocess.DEVNULL)
        return program


def limits(seconds):
    def set_limits():
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return set_limits


def run(program, folder, seconds):
    """Run a test; returns the processor time it took, or raises Killed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(
        [program], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        preexec_fn=limits(seconds))
    try:
        out, _ = child.communicate(timeout=20 * seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise Killed('time') from None
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise Killed('time')
    if child.returncode < 0:
        raise Killed('signal')
    if child.returncode or re.search(rb'^(not ok|Bail)', out, re.M):
        raise Killed('test')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime
            - before.ru_stime)


class Hunt:
    """Runs the tests on mutants, those that have killed most first."""

    def __init__(self, workshop):
        self.workshop = workshop
        self.seconds = {}  # of processor time, on the original
        self.kills = dict.fromkeys(workshop.tests, 1)
        self.where = workshop.folder / 'run'
        self.where.mkdir()

    def prove(self):
        """Every test passes on the original; how long each may take."""
        for test in self.workshop.tests:
            try:
                self.seconds[test] = run(self.workshop.link(test, []),
                                         self.where, 120)
            except Killed as why:
                sys.exit(f'mutate.py: {test} fails on the original: {why}')

    def judge(self, file, changed):
        """(how, by which test), or None if the mutant lives."""
        for test in sorted(self.kills, reverse=True, key=lambda test:
                           self.kills[test] / (self.seconds[test] + 0.1)):
            if not re.search(ONLY_FOR.get(test, '.'), file.stem):
                continue
            try:
                run(self.workshop.link(test, changed), self.where,
                    int(3 * self.seconds[test] + 2))
            except Killed as how:
                self.kills[test] += 1
                return str(how), test
        return None


def all_mutants(only):
    """(file, its text, mutant), of all that is compiled for this machine."""
    for file in sorted([*(SRC / 'src/link').glob('*.h'),
                        *(SRC / 'src/rt').glob('*.[ch]')]):
        name = str(file.relative_to(SRC))
        if file.stem == 'kernel_neon' or not fnmatch.fnmatch(name, only):
            continue
        text = file.read_text()
        for mutant in mutants.find(text):
            yield file, text, mutant


def line_of(text, mutant):
    start = text.rfind('\n', 0, mutant.start) + 1
    return text[start:text.find('\n', start)].strip()


def describe(file, text, mutant):
    old = ' '.join(text[mutant.start:mutant.end].split())
    new = ' '.join(mutant.new.split()) or 'nothing'
    number = text.count('\n', 0, mutant.start) + 1
    return (f'{file.relative_to(SRC)}:{number}: {mutant.rule}: {old} -> {new}'
            f'\n    in: {line_of(text, mutant)}')


class Arguments:
    """tests/coverage/equivalent: file | line | change | why."""

    def __init__(self, path):
        self.lines = []
        for line in path.read_text().splitlines():
            if line and not line.startswith('#'):
                file, where, change, _ = (w.strip() for w in
                                          line.split(' | ', 3))
                self.lines.append((file, where, change))

    def excuse(self, file, text, mutant):
        old = ' '.join(text[mutant.start:mutant.end].split())
        change = f'{old} -> {" ".join(mutant.new.split()) or "nothing"}'
        name, line = str(file.relative_to(SRC)), line_of(text, mutant)
        return any(fnmatch.fnmatchcase(name, f) and line == w
                   and (c == '*' or c == change) for f, w, c in self.lines)


def fate(file, text, mutant, hunter, excuses):
    """What becomes of a mutant, and by which test."""
    changed, new = [], mutant.apply(text)
    # most faults in a header are seen in the audio thread's code already
    for touched in hunter.workshop.touched(file):
        differ = hunter.workshop.rebuild(file, new, touched)
        if differ is None:
            return 'refused', None
        changed += differ
        if not differ:
            continue
        if excuses.excuse(file, text, mutant):
            return 'argued', None
        verdict = hunter.judge(file, changed)
        if verdict:
            return verdict
    return ('alive' if changed else 'same'), None


def hunt(chosen, hunter, excuses):
    """Count what becomes of each mutant, of all until Ctrl-C or a TERM."""
    counts, by, done = Counter(), Counter(), 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for file, text, mutant in chosen:
            how, test = fate(file, text, mutant, hunter, excuses)
            counts[how] += 1
            by[test] += test is not None
            done += 1
            if how == 'alive':
                print('survived ' + describe(file, text, mutant), flush=True)
            if done % 25 == 0:
                print(f'{done} of {len(chosen)}', file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print('interrupted')
    return counts, +by, done


def report(counts, by, done, found):
    killed = counts['test'] + counts['signal'] + counts['time']
    tried = killed + counts['alive']
    print('killed by: ' + ', '.join(
        f'{test} {n}' for test, n in by.most_common()))
    print(f'{killed} of {tried} mutants killed '
          f'({100 * killed / max(tried, 1):.1f} %): {counts["test"]} by a '
          f'line of TAP, {counts["signal"]} by a signal, {counts["time"]} by '
          f'time; {counts["alive"]} survived. Not counted: '
          f'{counts["argued"]} argued, {counts["same"]} the same code, '
          f'{counts["refused"]} not compiled; {done} of {found} were tried.')
    return tried, killed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--count', type=int, default=300)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--only', default='*')
    parser.add_argument('--tests', default=','.join(TESTS))
    parser.add_argument('--floor', type=float, default=FLOOR)
    options = parser.parse_args()
    chosen = list(all_mutants(options.only))
    found = len(chosen)
    if not options.all and options.count < found:
        chosen = random.Random(options.seed).sample(chosen, options.count)
    folder = Path.cwd() / f't-mutate.{os.getpid()}'
    folder.mkdir()
    try:
        hunter = Hunt(Workshop(folder, options.tests.split(',')))
        hunter.prove()
        began = time.monotonic()
        excuses = Arguments(SRC / 'tests/coverage/equivalent')
        tried, killed = report(*hunt(chosen, hunter, excuses), found)
        print(f'seed {options.seed}, {time.monotonic() - began:.0f} s')
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tried == 0 or 100 * killed < options.floor * tried


if __name__ == '__main__':
    sys.exit(main())
