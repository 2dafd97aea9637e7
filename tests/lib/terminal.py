#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Talk to a program on a pseudo terminal.

    terminal.py PROGRAM ARGUMENT... <STEPS

One step a line, with Python's escapes: "expect TEXT" waits for it (in what
came after the last one), "send TEXT" types it, "pause" lets the program get
on, "end STATUS" waits for its end. What it printed goes to stdout; the step
that failed to stderr, with status 1.
"""
import os
import pty
import select
import sys
import time

LIMIT = 15  # seconds a step


class Terminal:
    def __init__(self, command):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(command[0], command)

    def read(self, seconds):
        """One more piece of output; False at its end or after a time."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.fd, 4096)
        except OSError:  # how Linux says that the program has gone
            piece = b""
        sys.stdout.buffer.write(piece)
        self.seen += piece
        return bool(piece)

    def expect(self, text):
        end = time.monotonic() + LIMIT
        while text not in self.seen:
            if time.monotonic() > end:
                return False
            if not self.read(0.1) and self.has_ended():
                return False
        self.seen = self.seen.split(text, 1)[1]
        return True

    def has_ended(self):
        return os.waitid(os.P_PID, self.pid,
                         os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def send(self, text):
        os.write(self.fd, text)
        return True

    def pause(self, _):
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            self.read(0.05)
        return True

    def end(self, status):
        finish = time.monotonic() + LIMIT
        while not self.has_ended() and time.monotonic() < finish:
            self.read(0.1)
        if not self.has_ended():
            os.kill(self.pid, 9)
        while self.read(0.1):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) \
            == int(status)


def main():
    terminal = Terminal(sys.argv[1:])
    for line in sys.stdin:
        verb, _, text = line.rstrip("\n").partition(" ")
        text = text.encode().decode("unicode_escape").encode()
        if not getattr(terminal, verb)(text):
            sys.stderr.write(f"failed: {line}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
