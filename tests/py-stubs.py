#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The stubs say what the package is: names, signatures, fields."""
import ast
import dataclasses
import inspect
import pathlib
import unittest

import tabor
import tap

STUB = pathlib.Path(tabor.__file__).with_name("__init__.pyi")
KINDS = {"posonlyargs": inspect.Parameter.POSITIONAL_ONLY,
         "args": inspect.Parameter.POSITIONAL_OR_KEYWORD,
         "kwonlyargs": inspect.Parameter.KEYWORD_ONLY}
NO_DEFAULT = inspect.Parameter.empty


def read_stub():
    """The stub's public top-level names, with their nodes."""
    names = {}
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names[node.name] = node
        elif isinstance(node, ast.AnnAssign):
            names[node.target.id] = node
    return {name: node for name, node in names.items() if name[0] != "_"}


def decorators(node):
    return {ast.unparse(decorator) for decorator in node.decorator_list}


def stub_parameters(node):
    """[(name, kind, default)] without self."""
    found = []
    spec = node.args
    positional = spec.posonlyargs + spec.args
    defaults = [None] * (len(positional) - len(spec.defaults))
    defaults += spec.defaults
    for kind, arguments, values in (
        ("posonlyargs", spec.posonlyargs, defaults),
        ("args", spec.args, defaults[len(spec.posonlyargs):]),
        ("kwonlyargs", spec.kwonlyargs, spec.kw_defaults),
    ):
        for argument, value in zip(arguments, values):
            default = NO_DEFAULT if value is None else ast.literal_eval(value)
            found.append((argument.arg, KINDS[kind], default))
    if spec.vararg:
        found.append((spec.vararg.arg, inspect.Parameter.VAR_POSITIONAL,
                      NO_DEFAULT))
    if spec.kwarg:
        found.append((spec.kwarg.arg, inspect.Parameter.VAR_KEYWORD,
                      NO_DEFAULT))
    return [item for item in found if item[0] not in ("self", "cls")]


def real_parameters(function):
    return [(p.name, p.kind, p.default)
            for p in inspect.signature(function).parameters.values()
            if p.name != "self"]


class Stubs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = read_stub()

    def classes(self):
        return {name: (node, getattr(tabor, name))
                for name, node in self.names.items()
                if isinstance(node, ast.ClassDef)}

    def test_marked(self):
        """the package is marked as typed"""
        self.assertTrue(STUB.with_name("py.typed").is_file())

    def test_names(self):
        """stub and package have the same names"""
        self.assertEqual(set(self.names), set(tabor.__all__))
        self.assertEqual(len(set(tabor.__all__)), len(tabor.__all__))
        loose = {name for name in vars(tabor) if name[0] != "_"
                 and not inspect.ismodule(getattr(tabor, name))}
        self.assertEqual(loose, set(tabor.__all__))

    def test_modules(self):
        """all of them say that they are tabor's"""
        for name in set(tabor.__all__) - {"Event"}:
            module = getattr(tabor, name).__module__
            self.assertEqual(
                module, "_tabor" if name in ("read", "replay") else "tabor")

    def test_functions(self):
        """functions have the stub's parameters and defaults"""
        count = 0
        for name, node in self.names.items():
            if isinstance(node, ast.FunctionDef):
                count += 1
                with self.subTest(function=name):
                    self.assertEqual(real_parameters(getattr(tabor, name)),
                                     stub_parameters(node))
        self.assertGreaterEqual(count, 7)

    def test_methods(self):
        """methods have the stub's parameters and defaults"""
        count = 0
        for name, (node, kind) in self.classes().items():
            for item in node.body:
                if (not isinstance(item, ast.FunctionDef)
                        or item.name.startswith("__")
                        or "property" in decorators(item)):
                    continue
                count += 1
                with self.subTest(method=f"{name}.{item.name}"):
                    self.assertEqual(
                        real_parameters(getattr(kind, item.name)),
                        stub_parameters(item))
        self.assertGreaterEqual(count, 20)

    def test_members(self):
        """classes have the members that the stub gives them, no others"""
        for name, (node, kind) in self.classes().items():
            if issubclass(kind, BaseException):
                continue  # their members are set on each error
            stub = {item.name for item in node.body
                    if isinstance(item, ast.FunctionDef)}
            stub |= {item.target.id for item in node.body
                     if isinstance(item, ast.AnnAssign)}
            real = {member for member in dir(kind) if member[0] != "_"}
            with self.subTest(kind=name):
                self.assertEqual({m for m in stub if m[0] != "_"}, real)
                for member in stub - {"__buffer__"}:
                    self.assertTrue(hasattr(kind, member), member)

    def test_readonly(self):
        """the stub's properties can't be set, and gain can"""
        with tabor.open("offline") as engine:
            sample = engine.load(memoryview(b"\0" * 8).cast("f"))
            voice, audio = sample.play(), engine.render(frames=1)
            things = {"Engine": engine, "Sample": sample, "Voice": voice,
                      "Audio": audio}
            count = 0
            for name, thing in things.items():
                for item in self.names[name].body:
                    if (isinstance(item, ast.FunctionDef)
                            and "property" in decorators(item)):
                        count += 1
                        getattr(thing, item.name)
                        with self.assertRaises(AttributeError):
                            setattr(thing, item.name, 1)
            engine.gain = 0.5
            with self.assertRaises(AttributeError):
                engine.gian = 0.5
        self.assertGreaterEqual(count, 20)

    def test_bases(self):
        """errors derive from what the stub says"""
        count = 0
        for name, (node, kind) in self.classes().items():
            for base in node.bases:
                count += 1
                base = ast.unparse(base)
                wanted = getattr(tabor, base, None) or getattr(
                    __builtins__, base)
                self.assertTrue(issubclass(kind, wanted), (name, base))
        self.assertGreaterEqual(count, 10)

    def test_dataclasses(self):
        """dataclasses have the stub's fields, in order, and are frozen"""
        count = 0
        for name, (node, kind) in self.classes().items():
            marks = decorators(node)
            self.assertEqual(any("dataclass" in mark for mark in marks),
                             dataclasses.is_dataclass(kind), name)
            if not dataclasses.is_dataclass(kind):
                continue
            count += 1
            self.assertIn("dataclass(frozen=True, slots=True)", marks)
            self.assertTrue(kind.__dataclass_params__.frozen, name)
            self.assertEqual(
                [field.name for field in dataclasses.fields(kind)],
                [item.target.id for item in node.body
                 if isinstance(item, ast.AnnAssign)])
        self.assertEqual(count, 12)

    def test_documented(self):
        """every function, class and public method has words for help()"""
        count = 0
        for name in tabor.__all__:
            thing = getattr(tabor, name)
            if name == "Event":
                continue
            count += 1
            self.assertTrue(inspect.getdoc(thing), name)
            if inspect.isclass(thing) and thing in (
                    tabor.Engine, tabor.Sample, tabor.Voice, tabor.Audio,
                    tabor.Clock, tabor.Task):
                for member in dir(thing):
                    if member[0] != "_" and callable(getattr(thing, member)):
                        count += 1
                        self.assertTrue(
                            inspect.getdoc(getattr(thing, member)),
                            f"{name}.{member}")
        self.assertGreaterEqual(count, 40)


if __name__ == "__main__":
    tap.main()
