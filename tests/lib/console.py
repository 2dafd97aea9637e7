# SPDX-License-Identifier: MIT
"""A console on a pseudo terminal, and what its user sees."""
import fcntl
import os
import pty
import select
import signal
import struct
import tempfile
import termios
import time

import vt

LIMIT = 10  # seconds for anything to be seen
UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"


class Console:
    def __init__(self, *arguments, rows=24, columns=80, state=None,
                 driver="null", banner=False):
        self.screen = vt.Screen(rows, columns)
        self.raw = b""
        self.folder = state or tempfile.TemporaryDirectory(
            prefix="console-", dir=".")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(
                TERM="xterm", TABOR_DRIVER=driver, LC_ALL="C.UTF-8",
                XDG_STATE_HOME=os.path.abspath(self.folder.name))
            # The size is there before the console asks for it.
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, columns, 0, 0))
            quiet = [] if banner else ["--quiet"]
            os.execvp("tabor", ["tabor", *quiet, *arguments])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, seconds=0.05):
        """Take in what there is; False once the console has gone."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            piece = b""
        self.raw += piece
        self.screen.feed(piece)
        return bool(piece)

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, what):
        """Until what(screen) is true; fails with the screen after LIMIT."""
        end = time.monotonic() + LIMIT
        while not what(self.screen):
            if time.monotonic() > end or not self.read():
                raise AssertionError("never seen; the screen is\n"
                                     + self.screen.text())

    def wait_lines(self, *lines):
        """Until these are the screen's last lines."""
        self.wait(lambda s: s.lines()[-len(lines):] == list(lines))

    def wait_text(self, text):
        self.wait(lambda s: text in s.text())

    def run(self, line, *lines):
        """Type a line; lines are the last that are seen, before a prompt."""
        self.type(line + "\n")
        self.wait_lines(*lines, ">")

    def leave(self):
        """Ctrl-D; the status it ended with."""
        self.type("\x04")
        while self.read():
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        return status
