# SPDX-License-Identifier: MIT
"""Mutants of C: one small fault each, as text.

find(text) yields every fault that these rules can plant in the bodies of a
file's functions:

    boundary   <  to <=, > to >=, and back
    reverse    <  to >=, == to !=, && to ||, + to -, * to /, << to >>, ...
    constant   a number one greater, and one less
    condition  of an if or a while, negated
    statement  an assignment, call, break, continue or return left out
    arguments  the first two of a call in each other's place

What only helps the processor (prefetching) is left alone, and so are the
orders of atomics, which tests/order weakens one by one.
"""
import re
from typing import NamedTuple

TOKEN = re.compile(r'''
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.)*$)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<number>0[xX][0-9a-fA-F.]+(?:[pP][+-]?\d+)?[uUlLfF]*
             |\d+\.?\d*(?:[eE][+-]?\d+)?[uUlLfF]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
''', re.X | re.S | re.M)

SWAPS = {
    '<': ('<=', '>='), '<=': ('<', '>'), '>': ('>=', '<='), '>=': ('>', '<'),
    '==': ('!=',), '!=': ('==',), '&&': ('||',), '||': ('&&',),
    '+': ('-',), '-': ('+',), '*': ('/',), '/': ('*',), '%': ('/',),
    '&': ('|',), '|': ('&',), '^': ('&',), '<<': ('>>',), '>>': ('<<',),
    '++': ('--',), '--': ('++',), '+=': ('-=',), '-=': ('+=',),
    '*=': ('/=',), '/=': ('*=',), '|=': ('&=',), '&=': ('|=',),
    '<<=': ('>>=',), '>>=': ('<<=',),
}
BINARY = set('+-*/%&|^') | {'<', '>', '<<', '>>'}
KEYWORDS = set('''if else for while do switch case default goto static const
    struct union enum return sizeof typedef int float double char void unsigned
    volatile _Atomic'''.split())
# What has no effect that could be seen.
HELPERS = {'__builtin_prefetch', 'assert', 'static_assert', 'TABOR_ORDER'}
TYPE = re.compile(r'(?:\w+_t|float|double|char|int|void|unsigned|tabor_\w+'
                  r'|lanes|row|slope|group|measure)$')


class Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


class Mutant(NamedTuple):
    rule: str
    start: int
    end: int
    new: str

    def apply(self, text):
        """The file with the fault, on as many lines as before."""
        lines = text[self.start:self.end].count('\n')
        missing = max(0, lines - self.new.count('\n'))
        return (text[:self.start] + self.new + '\n' * missing
                + text[self.end:])


def tokens_of(text):
    return [Token(m.lastgroup, m.group(), m.start())
            for m in TOKEN.finditer(text) if m.lastgroup != 'skip']


def pairs_of(tokens):
    """For each opening bracket's index the closing one's."""
    pairs, stack = {}, []
    for i, token in enumerate(tokens):
        if token.kind == 'mark' and token.text in '([{':
            stack.append(i)
        elif token.kind == 'mark' and token.text in ')]}' and stack:
            pairs[stack.pop()] = i
    return pairs


def bodies(tokens, pairs):
    """The ranges of indices that are inside of functions."""
    i = 0
    while i < len(tokens):
        if tokens[i].text == '{' and i in pairs:
            if tokens[i - 1].text == ')':
                yield i + 1, pairs[i]
            i = pairs[i]
        i += 1


def helped(tokens, pairs):
    """Indices inside of calls that are left alone."""
    inside = set()
    for i, token in enumerate(tokens[:-1]):
        if token.text in HELPERS and i + 1 in pairs:
            inside.update(range(i, pairs[i + 1] + 1))
    return inside


def is_operand_before(tokens, i):
    before = tokens[i - 1]
    if before.kind == 'name':
        return before.text not in KEYWORDS
    return before.kind == 'number' or before.text in (')', ']')


def is_declarator(tokens, i):
    """Is this * part of a type?"""
    return tokens[i].text == '*' and (
        TYPE.match(tokens[i - 1].text) or tokens[i + 1].text in (')', 'const',
                                                                 'restrict'))


def operators(tokens, i):
    token = tokens[i]
    for new in SWAPS.get(token.text, ()):
        if token.text in BINARY and (not is_operand_before(tokens, i)
                                     or is_declarator(tokens, i)):
            continue
        rule = 'boundary' if {new, token.text} in (
            {'<', '<='}, {'>', '>='}) else 'reverse'
        yield Mutant(rule, token.start, token.end, new)


def numbers(tokens, i):
    token = tokens[i]
    if token.kind != 'number':
        return
    yield Mutant('constant', token.start, token.end, f'({token.text} + 1)')
    if not re.match(r'0[.0]*[fFuUlL]*$', token.text):
        yield Mutant('constant', token.start, token.end, f'({token.text} - 1)')


def conditions(text, tokens, pairs, i):
    if tokens[i].text not in ('if', 'while') or i + 1 not in pairs:
        return
    start, end = tokens[i + 1].end, tokens[pairs[i + 1]].start
    yield Mutant('condition', start, end, f'!({text[start:end]})')


def arguments(text, tokens, pairs, i):
    if (tokens[i].kind != 'name' or tokens[i].text in KEYWORDS
            or i + 1 not in pairs or tokens[i + 1].text != '('):
        return
    cuts, depth = [], 0
    for k in range(i + 1, pairs[i + 1] + 1):
        depth += (tokens[k].text in '([{') - (tokens[k].text in ')]}')
        if tokens[k].text == ',' and depth == 1:
            cuts.append(tokens[k].start)
    if not cuts:
        return
    cuts.append(tokens[pairs[i + 1]].start)
    start = tokens[i + 1].end
    first = text[start:cuts[0]].strip()
    second = text[cuts[0] + 1:cuts[1]].strip()
    if first != second:
        yield Mutant('arguments', start, cuts[1], f'{second}, {first}')


def is_effect(words):
    """Is this statement one that can be left out?"""
    if words[0] in ('break', 'continue') or words == ['return']:
        return True
    if words[0] in KEYWORDS or words[0] == '(':
        return False
    if words[0] in ('*', '++', '--') or len(words) < 2:
        return True
    return words[1] != '*' and not re.match(r'[A-Za-z_]', words[1])


def statements(tokens, pairs, low, high):
    start, i = low, low
    while i < high:
        text = tokens[i].text
        if text == '(' or text == '[':
            i = pairs.get(i, i)
        elif text in ('{', '}', 'else', 'do') or (
                text == ':' and tokens[start].text in ('case', 'default')):
            start = i + 1
        elif text == ';':
            words = [t.text for t in tokens[start:i]]
            if words and is_effect(words):
                yield start, Mutant('statement', tokens[start].start,
                                    tokens[i].start, '')
            start = i + 1
        elif tokens[i - 1].text == ')' and tokens[start].text in (
                'if', 'for', 'while', 'switch'):
            start = i
        i += 1


def find(text):
    """Every mutant of a file, in the order of their places."""
    tokens = tokens_of(text)
    pairs = pairs_of(tokens)
    alone = helped(tokens, pairs)
    for low, high in bodies(tokens, pairs):
        found = [m for i, m in statements(tokens, pairs, low, high)
                 if i not in alone]
        for i in range(low, high):
            if i in alone:
                continue
            found += operators(tokens, i)
            found += numbers(tokens, i)
            found += conditions(text, tokens, pairs, i)
            found += arguments(text, tokens, pairs, i)
        yield from sorted(set(found), key=lambda m: (m.start, m.end, m.new))
