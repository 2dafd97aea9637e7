# SPDX-License-Identifier: MIT
"""What a terminal's user sees: a screen that obeys what xterm obeys.

Only what libedit and the console send is known; anything else is an error, so
that no test passes because something was not understood.
"""
import re
import unicodedata

_CONTROL = re.compile(rb"\x1b\[([0-9;?]*)([A-Za-z@])")


class Screen:
    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.wraps = False  # the cursor stands behind the last column
        self.saved = 0, 0
        self.scrolled = []  # rows that have left at the top
        self.orders = 0     # control sequences obeyed
        self._rest = b""

    def feed(self, data):
        data = self._rest + data
        i = 0
        while i < len(data):
            step = self._feed_one(data, i)
            if step == 0:
                break
            i += step
        self._rest = data[i:]

    def _feed_one(self, data, i):
        """Obey or show what is at i; its length, 0 if that is to come."""
        if data[i] == 0x1b:
            return self._escape(data, i)
        if data[i] < 0x20:
            self._obey_byte(data[i])
            return 1
        length = 1 if data[i] < 0x80 else 2 if data[i] < 0xe0 else \
            3 if data[i] < 0xf0 else 4
        if len(data) < i + length:
            return 0
        self._show(data[i:i + length].decode())
        return length

    def _escape(self, data, i):
        if len(data) < i + 2:
            return 0
        if data[i + 1:i + 2] in b"78":
            if data[i + 1] == ord("7"):
                self.saved = self.row, self.column
            else:
                self.row, self.column = self.saved
            self.wraps = False
            return 2
        found = _CONTROL.match(data, i)
        if not found:
            if len(data) < i + 12 and re.fullmatch(rb"\x1b\[[0-9;?]*",
                                                   data[i:]):
                return 0
            raise ValueError(f"unknown to the screen: {data[i:i + 12]!r}")
        self.orders += 1
        self._control(found[1].decode(), found[2].decode())
        return len(found[0])

    def _control(self, given, kind):
        if kind in "hlm":
            return
        n = int(given or 0)
        many = max(n, 1)
        self.wraps = False
        if kind in "AB":
            step = many if kind == "B" else -many
            self.row = min(max(self.row + step, 0), self.rows - 1)
        elif kind in "CD":
            step = many if kind == "C" else -many
            self.column = min(max(self.column + step, 0), self.columns - 1)
        elif kind == "G":
            self.column = min(many, self.columns) - 1
        elif kind == "H" and not given:
            self.row = self.column = 0
        elif kind == "J" and n in (0, 2):
            self._erase_below(n)
        elif kind == "K" and n == 0:
            self._blank(self.row, self.column)
        elif kind == "M":
            for _ in range(many):
                del self.cells[self.row]
                self.cells.append([" "] * self.columns)
        elif kind in "P@":
            self._shift(many if kind == "@" else -many)
        else:
            raise ValueError(f"unknown to the screen: CSI {given}{kind}")

    def _erase_below(self, n):
        self._blank(0 if n else self.row, 0 if n else self.column)
        for row in range(0 if n else self.row + 1, self.rows):
            self._blank(row, 0)

    def _blank(self, row, start):
        self.cells[row][start:] = [" "] * (self.columns - start)

    def _shift(self, n):
        """Insert n blanks at the cursor, or delete -n characters."""
        cells = self.cells[self.row]
        rest = [" "] * n + cells[self.column:] if n > 0 else \
            cells[self.column - n:] + [" "] * -n
        cells[self.column:] = rest[:self.columns - self.column]

    def _obey_byte(self, byte):
        if byte == 0x0a:
            self._down()
        elif byte == 0x0d:
            self.column = 0
        elif byte == 0x08:
            self.column = max(self.column - 1, 0)
        elif byte == 0x09:
            self.column = min(self.column // 8 * 8 + 8, self.columns - 1)
        elif byte != 0x07:
            raise ValueError(f"unknown to the screen: byte {byte}")
        self.wraps = False

    def _down(self):
        if self.row + 1 < self.rows:
            self.row += 1
            return
        self.scrolled.append("".join(self.cells.pop(0)).rstrip())
        self.cells.append([" "] * self.columns)

    def _show(self, c):
        width = 2 if unicodedata.east_asian_width(c) in "WF" else 1
        if self.wraps or self.column + width > self.columns:
            self.column = 0
            self._down()
            self.wraps = False
        self.cells[self.row][self.column] = c
        if width == 2:
            self.cells[self.row][self.column + 1] = ""
        self.column += width
        if self.column == self.columns:
            self.column -= 1
            self.wraps = True

    def lines(self):
        """The rows down to the last that is not empty, or has the cursor."""
        rows = ["".join(row).rstrip() for row in self.cells]
        last = max([self.row] + [i for i, row in enumerate(rows) if row])
        return rows[:last + 1]

    def text(self):
        return "\n".join(self.scrolled + self.lines())
