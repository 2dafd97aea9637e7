# SPDX-License-Identifier: MIT
"""The tools that judge the tests: a planted fault is found or it is said that
it was not, a branch that nothing took is told.

All of it: ./dev mutate, ./dev coverage.
"""
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

import tap

SRC = Path(os.environ['srcdir'])
TOOLS = SRC / 'tests' / 'coverage'
sys.path.insert(0, str(TOOLS))
import mutants  # noqa: E402

BODY = '''
int limits[] = {1, 2};
#define TWICE(x) (2 * (x))
/* if (a < b) */
static int
f(int *a, int n)
{
    __builtin_prefetch(a + 1);
    if (n < 3 && a[0]) {
        a[n] = g(n, "<");
        return 1;
    }
    return *a;
}
'''
WANT = {('condition', 'n < 3 && a[0]', '!(n < 3 && a[0])'),
        ('boundary', '<', '<='), ('reverse', '<', '>='),
        ('reverse', '&&', '||'), ('arguments', 'n, "<"', '"<", n'),
        ('constant', '3', '(3 + 1)'), ('constant', '3', '(3 - 1)'),
        ('constant', '0', '(0 + 1)'), ('constant', '1', '(1 + 1)'),
        ('constant', '1', '(1 - 1)'), ('statement', 'a[n] = g(n, "<")', '')}


def hunt(test):
    """(exit status, killed, tried, output) of ten mutants of the schedule."""
    run = subprocess.run(
        [sys.executable, '-B', TOOLS / 'mutate.py', '--only',
         'src/rt/schedule.c', '--count', '10', '--tests', test],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
    says = re.search(r'^(\d+) of (\d+) mutants killed', run.stdout, re.M)
    if not says:
        raise AssertionError(run.stdout + run.stderr)
    return run.returncode, int(says[1]), int(says[2]), run.stdout


def write_counts(path, branches):
    """As llvm-cov exports them: a function for each floor."""
    names = ('src/control/batch.c', 'backends/null.c', 'bindings/lua/audio.c',
             'bindings/python/audio.c', 'src/link/ring.h', 'src/rt/plays.c')
    functions = [{'filenames': [str(SRC / name)],
                  'regions': [[10, 1, 12, 2, 1, 0, 0, 0]],
                  'branches': [[11, 9, 11, 10, 1, 1, 0, 0, 4]],
                  'mcdc_records': []} for name in names]
    functions[-1]['branches'] = branches
    path.write_text(json.dumps({'data': [{'functions': functions}]}))


def table(branches):
    path = Path(f't-mutation.{os.getpid()}.json')
    write_counts(path, branches)
    run = subprocess.run([sys.executable, '-B', TOOLS / 'table.py', path],
                         capture_output=True, text=True, timeout=60)
    path.unlink()
    return run.stdout


def arguments():
    """(file, line) of tests/coverage/unreachable."""
    return [tuple(line.split(' | ')[:2]) for line in
            (TOOLS / 'unreachable').read_text().splitlines()
            if line and not line.startswith('#')]


class Mutants(unittest.TestCase):
    def test_places(self):
        """faults are planted in functions, each that there is, nowhere else"""
        found = [(m.rule, BODY[m.start:m.end], m.new)
                 for m in mutants.find(BODY)]
        self.assertEqual(set(found), WANT)
        self.assertEqual(len(found), len(WANT))

    def test_lines(self):
        """a fault moves no line"""
        lines = {m.apply(BODY).count('\n') for m in mutants.find(BODY)}
        self.assertEqual(lines, {BODY.count('\n')})

    def test_hunt(self):
        """a test kills faults in what it tests; one that asserts nothing of it
        lets all of them live, and that is told, with their lines"""
        _, killed, tried, _ = hunt('schedule')
        tap.comment(f'{killed} of {tried} killed')
        self.assertGreaterEqual(tried, 5)
        self.assertGreaterEqual(killed, tried - 2)
        status, killed, same, out = hunt('headers')
        self.assertEqual((status, killed, same), (1, 0, tried))
        told = re.findall(r'^survived src/rt/schedule\.c:\d+: ', out, re.M)
        self.assertEqual(len(told), tried)


class Table(unittest.TestCase):
    def test_whole(self):
        """a file of which every branch was taken has none to tell"""
        self.assertIn('src/link and src/rt: 0 uncovered, and 0 argued',
                      table([[25, 9, 25, 10, 3, 4, 0, 0, 4]]))

    def test_half(self):
        """a branch that was not taken is told, with its line"""
        out = table([[25, 9, 25, 10, 3, 0, 0, 0, 4]])
        self.assertRegex(out, r'(?m)^src/rt/plays\.c:25: never false')
        self.assertIn('src/link and src/rt: 1 uncovered', out)

    def test_arguments(self):
        """an argument for a line that has no hole is told; all that we have
        are for lines that stand there"""
        whole = table([[25, 9, 25, 10, 3, 4, 0, 0, 4]])
        self.assertGreater(len(arguments()), 0)
        for file, line in arguments():
            self.assertIn(f'unreachable: {file} | {line} | ', whole)
            self.assertIn(line, [text.strip() for text in
                                 (SRC / file).read_text().splitlines()])


if __name__ == '__main__':
    tap.main()
