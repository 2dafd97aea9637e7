# SPDX-License-Identifier: MIT
"""What a notebook shows, and how far something has come."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

_BAR = 30  # characters

# Of Stats: what is told, and how; those with a mark are faults if not 0.
_ROWS: tuple[tuple[str, Callable[[Any], str], bool], ...] = (
    ("time", lambda s: f"frame {s.frame:,}", False),
    ("voices", lambda s: f"{s.voices}, {s.stolen} stolen so far", False),
    ("load", lambda s: f"{s.load_mean:.1%}, at most {s.load_max:.1%}", False),
    ("latency", lambda s: f"{s.latency * 1000:.1f} ms", False),
    ("queue", lambda s: f"at most {s.queue_high} of {s.queue_size}", False),
    ("real time", lambda s: "yes" if s.realtime else "no priority", False),
    ("xruns", lambda s: f"{s.xruns}", True),
    ("late", lambda s: f"{s.late}, at most {s.late_max} frames", True),
    ("refused", lambda s: f"{s.refused}", True),
    ("events lost", lambda s: f"{s.unread_lost}", True),
    ("unsound", lambda s: f"{s.unsound} values that were no numbers", True),
    ("hung", lambda s: f"{s.hung} calls of the driver", True),
)


def waveform(audio: Any, width: int, height: int) -> str:
    """An SVG of the least and greatest values, column by column."""
    middle = height / 2
    points = audio._peaks(width)
    upper = [f"{x},{middle * (1 - high):.1f}"
             for x, (_, high) in enumerate(points)]
    lower = [f"{x},{middle * (1 - low):.1f}"
             for x, (low, _) in enumerate(points)]
    outline = " ".join(upper + lower[::-1])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">'
        f"<title>{audio.duration:.3f} s, {audio.channels} channels, "
        f"{audio.rate} Hz</title>"
        f'<path d="M0 {middle}H{width}" stroke="#999"/>'
        f'<polygon points="{outline}" fill="#37c" stroke="#37c"/></svg>'
    )


def _faults(text: str) -> bool:
    """Does a row begin with a number above 0?"""
    return int(text.split(",")[0].split()[0]) > 0


def card(stats: Any) -> str:
    """Stats as an HTML table; what went wrong is red and bold."""
    rows = []
    for word, tell, is_fault in _ROWS:
        text = tell(stats)
        if is_fault and not _faults(text):
            continue
        style = ' style="color:#b00;font-weight:bold"' if is_fault else ""
        rows.append(f'<tr><th style="text-align:left">{word}</th>'
                    f"<td{style}>{text}</td></tr>")
    if not any(is_fault and _faults(tell(stats))
               for _, tell, is_fault in _ROWS):
        rows.append('<tr><th style="text-align:left">faults</th>'
                    "<td>none</td></tr>")
    return f"<table>{''.join(rows)}</table>"


# --------------------------------------------------------------- progress --

class _Html:
    """What IPython asks for, as it shows an object or shows it again."""

    def __init__(self, html: str, text: str) -> None:
        self._html = html
        self._text = text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


def _notebook() -> Any:
    """IPython's display() if a notebook is listening, else None."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return ipython.display.display


def progress_bar(word: str, total: int) -> Callable[[int], None]:
    """A function to be called with how many of total are done: it shows that
    in a notebook, in a terminal, or, once all are done, as a line."""
    if total == 0:
        return lambda done: None
    display = _notebook()
    if display is not None:
        return _NotebookBar(display, word, total).tell
    if sys.stderr is not None and sys.stderr.isatty():
        return lambda done: _terminal_bar(word, done, total)
    return lambda done: _last_line(word, done, total)


class _NotebookBar:
    def __init__(self, display: Any, word: str, total: int) -> None:
        self._word = word
        self._total = total
        self._handle = display(self._shown(0), display_id=True)

    def _shown(self, done: int) -> _Html:
        text = f"{self._word} {done} of {self._total}"
        return _Html(f'<progress max="{self._total}" value="{done}">'
                     f"</progress> {text}", text)

    def tell(self, done: int) -> None:
        self._handle.update(self._shown(done))


def _terminal_bar(word: str, done: int, total: int) -> None:
    full = _BAR * done // total
    print(f"\r[{'#' * full}{'.' * (_BAR - full)}] {word} {done} of {total}",
          end="\n" if done == total else "", file=sys.stderr, flush=True)


def _last_line(word: str, done: int, total: int) -> None:
    if done == total and sys.stderr is not None:
        print(f"{word} {done} of {total}", file=sys.stderr, flush=True)
