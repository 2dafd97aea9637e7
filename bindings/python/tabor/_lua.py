# SPDX-License-Identifier: MIT
"""A Lua script beside Python, on one engine; Engine.lua() starts one.

libtabor-lua.so (bindings/lua/host) does it, on a thread of its own. It is
loaded when the first script is started, so import tabor needs no Lua.
"""
from __future__ import annotations

import collections
import functools
import itertools
import os
import pathlib
import struct
import time
import weakref
from typing import TYPE_CHECKING, Any

import _tabor

if TYPE_CHECKING:
    import ctypes

    from tabor._engine import Engine

_STATES = ("starts", "plays", "ended", "failed", "stopped")
_SLICE_S = 0.05  # between two looks for Ctrl-C
_ROOM = 4096
_numbers = itertools.count()


@functools.cache
def _library() -> ctypes.CDLL:
    """The functions, or Error that says why there are none."""
    import ctypes  # which most scripts need never

    path = _tabor._lua_path()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise _tabor.Error(
            f"no Lua beside this Python: {error}; build Tabor with Lua 5.4"
        ) from None
    one: list[Any] = [ctypes.c_void_p]
    text: list[Any] = [ctypes.c_char_p, ctypes.c_size_t]
    for name, result, arguments in (
            ("start", ctypes.c_void_p,
             [ctypes.c_uint32, *text, ctypes.c_char_p, ctypes.c_uint32,
              ctypes.c_char_p, ctypes.c_size_t]),
            ("get_state", ctypes.c_int, one),
            ("wait", ctypes.c_int, [*one, ctypes.c_uint64]),
            ("step", ctypes.c_int,
             [*one, ctypes.c_uint64, ctypes.c_uint64]),
            ("stop", None, one),
            ("free", None, one),
            ("report", ctypes.c_size_t, [*one, *text]),
            ("receive", ctypes.c_size_t, [*one, *text]),
            ("send", ctypes.c_int, [*one, *text])):
        function = getattr(library, "tabor_lua_" + name)
        function.restype = result
        function.argtypes = arguments
    return library


def _room(size: int) -> ctypes.Array[ctypes.c_char]:
    import ctypes

    return ctypes.create_string_buffer(size)


# -------------------------------------------------------------- messages --

def _pack(value: object, depth: int = 0) -> bytes:
    if depth > 32:
        raise ValueError("send(): nested more than 32 deep, or in itself")
    if value is None:
        return b"n"
    if value is True or value is False:
        return b"t" if value else b"f"
    if isinstance(value, int):
        if not -2**63 <= value < 2**63:
            raise OverflowError(f"send(): {value} has more than 64 bits")
        return struct.pack("<cq", b"i", value)
    if isinstance(value, float):
        return struct.pack("<cd", b"d", value)
    if isinstance(value, (str, bytes)):
        raw = value.encode() if isinstance(value, str) else value
        return struct.pack("<cI", b"s", len(raw)) + raw
    if isinstance(value, (list, tuple)):
        return struct.pack("<cI", b"[", len(value)) + b"".join(
            _pack(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return struct.pack("<cI", b"{", len(value)) + b"".join(
            _pack(key, depth + 1) + _pack(item, depth + 1)
            for key, item in value.items())
    raise TypeError(
        f"send(): a {type(value).__name__} can't be sent, only None, bool, "
        "int, float, str, bytes, and lists, tuples and dicts of them")


def _unpack(raw: bytes, at: int) -> tuple[Any, int]:
    kind = raw[at:at + 1]
    at += 1
    if kind == b"i" or kind == b"d":
        code = "<q" if kind == b"i" else "<d"
        return struct.unpack_from(code, raw, at)[0], at + 8
    if kind in b"ntf":
        return {b"n": None, b"t": True, b"f": False}[kind], at
    count = struct.unpack_from("<I", raw, at)[0]
    at += 4
    if kind == b"s":
        piece = raw[at:at + count]
        try:
            return piece.decode(), at + count
        except UnicodeDecodeError:
            return piece, at + count
    items = []
    for _ in range(count if kind == b"[" else 2 * count):
        item, at = _unpack(raw, at)
        items.append(item)
    if kind == b"[":
        return items, at
    return dict(zip(items[::2], items[1::2])), at


# ----------------------------------------------------------------- script --

class Lua:
    """A Lua script that plays on an engine of Python's.

    It has a thread, a ring, a clock and an interpreter of its own: it plays on
    while Python is busy, and Python while it is. In it engine, clock, play,
    send and receive are at hand. Dropping the object stops it; the engine's
    close() does too.
    """

    def __init__(self, engine: Engine, code: str | bytes, name: str,
                 mem: int) -> None:
        raw = code.encode() if isinstance(code, str) else code
        library = _library()
        why = _room(256)
        self._engine = engine
        self._handle = library.tabor_lua_start(
            engine.id, raw, len(raw), os.fsencode(name), mem, why, len(why))
        if not self._handle:
            raise _tabor.Error(why.value.decode())
        self.number = next(_numbers)  # steps go in this order
        self._errors: collections.deque[str] = collections.deque(maxlen=100)
        self._name = name
        self._free = weakref.finalize(self, library.tabor_lua_free,
                                      self._handle)

    def __repr__(self) -> str:
        return f"<tabor.Lua {self._name[1:]}: {self.state}>"

    def __enter__(self) -> Lua:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, name: str, *args: Any) -> Any:
        return getattr(_library(), "tabor_lua_" + name)(self._handle, *args)

    @property
    def state(self) -> str:
        """"starts" while its main part runs, then "plays"; "ended", "failed"
        if its main part or a task of it did, or "stopped"."""
        return _STATES[self._call("get_state")]

    @property
    def alive(self) -> bool:
        """Does it run, wait, or sound?"""
        return self.state in ("starts", "plays")

    def _copy_out(self, name: str) -> bytes | None:
        """The next text or message, or None."""
        room = _ROOM
        while True:
            buffer = _room(room)
            length: int = self._call(name, buffer, room)
            if length <= room:
                return buffer.raw[:length] if length else None
            room = length

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong in it, each with its traceback, the newest last."""
        while (text := self._copy_out("report")) is not None:
            self._errors.append(text.rstrip(b"\0").decode(errors="replace"))
        return tuple(self._errors)

    def send(self, *values: object) -> None:
        """A message that receive() in Lua returns. QueueFull if 10,000 wait
        to be received."""
        raw = struct.pack("<I", len(values)) + b"".join(map(_pack, values))
        if not self._call("send", raw, len(raw)):
            raise _tabor.Error("10,000 messages wait to be received by Lua "
                               "already")

    def receive(self, timeout: float = 0.0) -> tuple[Any, ...] | None:
        """The values of the next message that Lua has sent, a tuple; None if
        none comes within timeout seconds."""
        end = time.monotonic() + timeout
        while (raw := self._copy_out("receive")) is None:
            left = end - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(left, 0.005))
        values, at = [], 4
        for _ in range(struct.unpack_from("<I", raw)[0]):
            value, at = _unpack(raw, at)
            values.append(value)
        return tuple(values)

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is over, or timeout seconds: is it?"""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _SLICE_S if end is None else end - time.monotonic()
            slice_ns = int(max(0, min(left, _SLICE_S)) * 1e9)
            if self._call("wait", slice_ns):
                return True
            if end is not None and left <= 0:
                return False

    def stop(self, timeout: float = 1.0) -> bool:
        """Stop it wherever it is, also in a loop that has no end; what it
        plays fades. Is it over within timeout seconds?"""
        self._call("stop")
        return self.wait(timeout)

    def _step(self, frame: int) -> None:
        """Before the engine renders on: what is due up to this frame."""
        while not self._call("step", frame, int(_SLICE_S * 1e9)):
            pass  # Ctrl-C is raised here

    def _close(self) -> None:
        self._call("stop")
        self._free()


def start(engine: Engine, script: str | os.PathLike[str], mem: int) -> Lua:
    """What Engine.lua() does."""
    if isinstance(script, str) and (
            "\n" in script or not script.endswith(".lua")):
        return Lua(engine, script, "=(python)", mem)
    code = pathlib.Path(script).read_bytes()
    return Lua(engine, code, "@" + os.fspath(script), mem)
