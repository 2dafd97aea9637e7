# SPDX-License-Identifier: MIT
"""The call graph of C files, as gcc tells it, walked from some roots.

    graph = Graph(folder)            holds what -fcallgraph-info=su,da wrote
    report = graph.walk(roots, allowed, resolve)

What a walk finds wrong is in report.faults, as (kind, text); how much it
looked at in report.functions, calls and indirect; the deepest path in
report.stack (bytes) and report.path.
"""
import dataclasses
import pathlib
import re

NODE = re.compile(r'^node: \{ title: "([^"]*)" label: "([^"]*)"(.*)\}$')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"'
                  r'(?: label: "([^"]*)")? \}$')
INDIRECT = "__indirect_call"
RETURN_ADDRESS = 8  # bytes a call pushes, which no frame counts


@dataclasses.dataclass
class Function:
    name: str
    frame: int
    kind: str  # of the frame: static, dynamic or dynamic,bounded
    objects: int  # made by alloca, or of a length known at run time only
    calls: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Report:
    faults: list = dataclasses.field(default_factory=list)
    functions: int = 0
    calls: int = 0
    indirect: int = 0
    stack: int = 0
    path: list = dataclasses.field(default_factory=list)


class Graph:
    def __init__(self, folder):
        self.functions = {}
        for path in sorted(pathlib.Path(folder).glob("**/*.ci")):
            for line in path.read_text().splitlines():
                self._read(line)

    def _read(self, line):
        if match := NODE.match(line):
            name, label, _ = match.groups()
            words = label.split(r"\n")
            frame = [w for w in words if re.match(r"\d+ bytes \(", w)]
            if frame:  # else it is somebody else's
                size, kind = re.match(r"(\d+) bytes \((.*)\)",
                                      frame[0]).groups()
                objects = int(re.search(r"(\d+) dynamic objects",
                                        label).group(1))
                self.functions[name] = Function(name, int(size), kind,
                                                objects)
        elif match := EDGE.match(line):
            caller, callee, where = match.groups()
            self.functions[caller].calls.append((callee, where or ""))

    def named(self, name, file=None):
        """A function by its name in C; static ones carry their file's."""
        return [f for title, f in self.functions.items()
                if title.split(":")[-1].split(".")[0] == name
                and (file is None or f"{file}:" in title)]

    def walk(self, roots, allowed, resolve):
        """resolve(where): the functions that an indirect call may reach, or
        None if nobody has named it."""
        report = Report()
        self._depth = {}
        self._open = []
        for root in roots:
            found = self.named(root)
            if not found:
                report.faults.append(("root", f"no function {root}"))
            for function in found:
                depth, path = self._visit(function, allowed, resolve, report)
                if depth > report.stack:
                    report.stack, report.path = depth, path
        report.functions = len(self._depth)
        return report

    def _visit(self, function, allowed, resolve, report):
        name = function.name
        if name in self._open:
            loop = self._open[self._open.index(name):] + [name]
            report.faults.append(("recursion", " -> ".join(map(short, loop))))
            return 0, []
        if name in self._depth:
            return self._depth[name]
        if function.objects or function.kind != "static":
            report.faults.append(("dynamic stack", short(name)))
        self._open.append(name)
        deepest, path = 0, []
        for callee, where in function.calls:
            report.calls += 1
            for target in self._targets(name, callee, where, allowed,
                                        resolve, report):
                depth, below = self._visit(target, allowed, resolve, report)
                if depth > deepest:
                    deepest, path = depth, below
        self._open.pop()
        total = function.frame + RETURN_ADDRESS + deepest
        self._depth[name] = total, [(short(name), function.frame)] + path
        return self._depth[name]

    def _targets(self, caller, callee, where, allowed, resolve, report):
        if callee == INDIRECT:
            report.indirect += 1
            targets = resolve(where)
            if targets is None:
                report.faults.append(
                    ("indirect call", f"{short(caller)} at {where}"))
            return targets or []
        if callee in self.functions:
            return [self.functions[callee]]
        if callee not in allowed:
            report.faults.append(("outside", f"{short(caller)} -> {callee}"))
        return []


def short(title):
    return title.rsplit("/", 1)[-1]
