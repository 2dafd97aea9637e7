# SPDX-License-Identifier: MIT
"""How a voice sounds, said the slow way: each level, position and tap is a
formula of the frame, written down from tabor.h and from the arithmetic that
src/rt/kernel.h fixes. numpy's float32 rounds each operation for itself, so
the bits are those of the engine.
"""
import copy
import math
import os
import re

import numpy as np

from capi import FADE_AUTO

F = np.float32
ONE = 1 << 32  # a frame of the sample: positions are 32.32 fixed point
PAD = 32  # frames of silence that stand around a sample
NEVER = 2**64 - 1
LINEAR, SINC16, SINC32 = 1, 2, 3
FINISHED, STOPPED, STOLEN, CANCELLED, LATE, UNLOADED, DETACHED = range(7)


# ------------------------------------------------------------------ levels --

def bend(share):
    """The share of the way for a share of the time."""
    return (share * share) * (F(3) - (share + share))


class Ramp:
    """A level that goes to target in frames from start on."""
    __slots__ = ("start", "frames", "origin", "target")

    def __init__(self, origin, target, start=0, frames=0):
        self.origin, self.target = F(origin), F(target)
        self.start, self.frames = start, frames

    def at(self, frame):
        passed = frame - self.start
        if passed >= self.frames:
            return self.target
        share = F(passed) * (F(1) / F(self.frames))
        return self.origin + (self.target - self.origin) * bend(share)

    def to(self, target, frame, frames):
        """Where it heads if a new target is set at frame."""
        return Ramp(self.at(frame), target, frame, frames)

    def over(self, first, count):
        """Its values on count frames: an array, or one number at rest."""
        passed = first - self.start
        if passed >= self.frames:
            return self.target
        share = np.arange(passed, passed + count, dtype=F)
        share *= F(1) / F(self.frames)
        values = self.origin + (self.target - self.origin) * bend(share)
        values[self.frames - passed:] = self.target
        return values


class Envelope:
    """Attack, hold, decay, sustain, release."""
    __slots__ = ("pieces", "release", "end", "released")

    def __init__(self, start, attack, hold, decay, release, sustain):
        top = start + attack
        down = top + hold
        self.pieces = [(start, Ramp(0, 1, start, attack)),
                       (down, Ramp(1, sustain, down, decay))]
        self.release = release
        self.end = down + decay if F(sustain) == 0 else NEVER
        self.released = False

    def at(self, frame):
        ramp = [r for start, r in self.pieces if start <= frame][-1]
        return ramp.at(frame)

    def let_go(self, frame):
        if self.released or frame >= self.end:
            return
        self.pieces.append((frame, Ramp(self.at(frame), 0, frame,
                                        self.release)))
        self.end = frame + self.release
        self.released = True

    def over(self, first, count):
        """Its values on count frames."""
        values = np.empty(count, F)
        last = first + count
        for start, ramp in self.pieces:
            begin = max(start, first)
            if begin < last:
                values[begin - first:] = ramp.over(begin, last - begin)
        return values


def pan_sides(pan, channels):
    """Constant power for one channel, balance for more."""
    pan = F(pan)
    if channels == 1:
        eighth = math.pi / 4
        return (F(math.sin((1 - float(pan)) * eighth)),
                F(math.sin((1 + float(pan)) * eighth)))
    return min(F(1), F(1) - pan), min(F(1), F(1) + pan)


# ---------------------------------------------------------------- position --

def grid_of(frames):
    """A moving rate changes on multiples of this: finer for short moves."""
    return next(g for g in (4, 8, 16, 32, 64)
                if g == 64 or 60 * g * g >= frames)


class Glide:
    """A step that moves: on each grid line it is where it will be halfway to
    the next one, and there it stays."""
    __slots__ = ("start", "frames", "origin", "target")

    def __init__(self, origin, target, start, frames):
        self.origin, self.target = origin, target
        self.start, self.frames = start, frames

    def over(self, first, count):
        frame = np.arange(first, first + count, dtype=np.int64)
        grid = grid_of(self.frames)
        line = frame // grid * grid
        share = (line - self.start + 0.5 * grid) / float(self.frames)
        share = np.minimum(share, 1.0)
        bent = (share * share) * (3.0 - (share + share))
        way = np.trunc(float(self.target - self.origin) * bent)
        steps = self.origin + way.astype(np.int64)
        steps[line < self.start] = self.origin
        steps[frame - self.start >= self.frames] = self.target
        return steps


# ------------------------------------------------------------------- sinc --

class Tables:
    """The sincs' rows, from the file that the build made for the engine."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            text = file.read()
        rows = {}
        for name, body in re.findall(
                r"const float (\w+)\[\] = \{(.*?)\};", text, re.S):
            rows[name] = np.array([float.fromhex(word.rstrip("f")) for word
                                   in body.replace(",", " ").split()], F)
        self.series = {}
        for kernel, name in ((SINC16, "sinc16"), (SINC32, "sinc32")):
            body = re.search(rf"series_{name}\[\] = \{{(.*?)\}};", text,
                             re.S).group(1)
            self.series[kernel] = [
                (int(step_max), rows[table].reshape(-1, 2, int(taps)))
                for step_max, table, taps in re.findall(
                    r"\{UINT64_C\((\d+)\), (\w+), (\d+)\}", body)]

    def rows_for(self, kernel, step):
        return next(rows for most, rows in self.series[kernel]
                    if step <= most)


def tables():
    """The tables of the build that is tested; read once."""
    if not hasattr(tables, "read"):
        tables.read = Tables(os.environ["builddir"] + "/src/control/sinc.c")
    return tables.read


def sum_taps(rows, share, taps):
    """share: n values; rows: n x 2 x taps; taps: n x taps frames."""
    product = (rows[:, 0] + rows[:, 1] * share[:, None]) * taps
    lanes = product[:, :16].copy()
    for j in range(16, product.shape[1], 8):
        low = j % 16
        lanes[:, low:low + 8] += product[:, j:j + 8]
    eight = lanes[:, :8] + lanes[:, 8:]
    half = eight[:, :4] + eight[:, 4:]
    pair = half[:, :2] + half[:, 2:]
    return pair[:, 0] + pair[:, 1]


# ------------------------------------------------------------------- voice --

class Sample:
    """values: frames x channels"""

    def __init__(self, handle, values):
        self.handle = handle
        self.frames, self.channels = values.shape
        self.padded = np.zeros((self.channels, self.frames + 2 * PAD), F)
        self.padded[:, PAD:-PAD] = values.T
        self.unloaded = False  # as a script sees it: it can't be played
        self.how = None  # as the engine knows it: what became of its voices

    def crossed(self, loop, fade):
        """The loop's last frames go over into those before its start."""
        if not fade:
            return self.padded
        start, end = loop
        bent = bend(np.arange(fade, dtype=F) * (F(1) / F(fade)))
        values = self.padded.copy()
        here = values[:, PAD + end - fade:PAD + end]
        here += (self.padded[:, PAD + start - fade:PAD + start] - here) * bent
        return values


class Voice:
    """A play that has started. Between commands it is planned as far as the
    block goes; a command cuts the plan at its frame."""

    def __init__(self, engine, play, frame, late, skip):
        self.engine, self.play, self.sample = engine, play, play.sample
        self.owner, self.late, self.started = play.owner, late, frame
        self.frame = frame
        self.kernel = play.kernel or engine.kernel
        self.stop_frame, self.reason = NEVER, FINISHED
        self.stealing = False  # it fades beside those that count
        self.is_ghost = False  # what a seek has left: no play ends with it
        self.out = []  # (first frame, engine channel, values), added so
        self.set_path(skip)
        self.set_levels()
        self.planned = None

    # what a play asks for

    def set_path(self, skip):
        play = self.play
        self.step, self.glide = play.step, None
        self.position = play.offset * ONE
        self.loop = play.loop
        self.turned = False
        self.padded = self.sample.crossed(self.loop, play.loop_fade)
        left = None if self.loop else self.sample.frames - play.offset
        if play.length is not None and (left is None or play.length < left):
            left = play.length
        self.left = None if left is None else left * ONE
        self.move_on(skip * self.step)

    def set_levels(self):
        play, frame = self.play, self.frame
        self.gain = Ramp(play.gain, play.gain)
        self.sides = [Ramp(s, s) for s in
                      pan_sides(play.pan, self.sample.channels)]
        fade_in, self.fade_out = self.find_fades()
        self.fade = Ramp(0 if fade_in else 1, 1, frame, fade_in)
        self.env = Envelope(frame, *play.env) if play.env else None
        self.entry = Ramp(1, 1)  # the rise after a seek
        self.ending = False  # its fade out has begun

    def find_fades(self):
        """As asked for, else so that nothing clicks in mid-sample: 5 ms, not
        longer than it sounds; two such ramps share what there is."""
        play = self.play
        edge = play.offset if play.on_edge else 0
        soft_in = (play.fade_in == FADE_AUTO
                   and self.position != edge * ONE)
        rest = self.sample.frames - play.offset
        cut_short = (self.left is not None if self.loop
                     else play.length is not None and play.length < rest)
        soft_out = (play.fade_out == FADE_AUTO and cut_short
                    and not play.to_edge)
        fade_in = 0 if play.fade_in == FADE_AUTO else play.fade_in
        fade_out = 0 if play.fade_out == FADE_AUTO else play.fade_out
        soft = self.engine.declick
        if self.left is not None:
            lasts = -(-self.left // self.step)
            if (soft_in or fade_in) and (soft_out or fade_out):
                lasts //= 2
            soft = min(soft, lasts)
        return soft if soft_in else fade_in, soft if soft_out else fade_out

    def move_on(self, way):
        self.position += way
        if self.left is not None:
            self.left = max(0, self.left - way)
        if self.loop:
            start, end = (x * ONE for x in self.loop)
            if self.position >= end:
                self.position = start + (self.position - start) % (end - start)
                self.turned = True

    # the plan

    def plan(self, until):
        """Where it is and what it sounds like up to until, or to its end."""
        n = until - self.frame
        if self.glide and self.frame >= self.glide.start + self.glide.frames:
            self.step, self.glide = self.glide.target, None
        if self.glide:
            self.steps = self.glide.over(self.frame, n + 1)
            self.way = np.zeros(n + 1, np.int64)
            np.cumsum(self.steps[:-1], out=self.way[1:])
        else:
            self.steps = None
            self.way = np.arange(n + 1, dtype=np.int64) * self.step
        count = min(n, self.stop_frame - self.frame)
        if self.env:
            count = min(count, self.env.end - self.frame)
        if self.left is not None:
            count = min(count, int(np.searchsorted(self.way, self.left)))
        self.planned = max(0, count)
        self.plan_fade_out()
        self.plan_sound()

    def plan_fade_out(self):
        """It begins where as many frames are left as it takes, or fewer."""
        self.fade_at = None
        if not self.fade_out or self.left is None or self.ending:
            return
        n = self.planned
        left = self.left - self.way[:n]
        steps = self.step if self.steps is None else self.steps[:n]
        frames = -(-left // steps)
        near = np.flatnonzero(frames <= self.fade_out)
        if len(near):
            self.fade_at = int(near[0])
            frame, last = self.frame + self.fade_at, int(frames[self.fade_at])
            if frame + last < self.stop_frame:
                self.late_fade = self.fade.to(0, frame, last)
            else:  # it is stopped before that
                self.late_fade = self.fade

    def is_over(self):
        """Is it silent for good where its plan ends, or, without one, now?"""
        n = self.planned or 0
        way = int(self.way[n]) if self.planned else 0
        return ((self.left is not None and self.left <= way)
                or self.stop_frame <= self.frame + n
                or (self.env is not None
                    and self.env.end <= self.frame + n))

    def cut(self, frame):
        """Forget the plan from frame on: something changes there."""
        k = frame - self.frame
        if self.planned is None:
            assert k == 0
            return
        assert 0 <= k <= self.planned
        self.out += [(self.frame, lane, x[:k]) for lane, x in self.sound]
        if self.fade_at is not None and self.fade_at < k:
            self.fade, self.ending = self.late_fade, True
        if self.glide:
            self.step = int(self.steps[k])
        self.move_on(int(self.way[k]))
        self.frame = frame
        self.planned = None

    # sound

    def fade_levels(self):
        values = self.fade.over(self.frame, self.planned)
        if self.fade_at is not None:
            values = np.broadcast_to(values, self.planned).copy()
            values[self.fade_at:] = self.late_fade.over(
                self.frame + self.fade_at, self.planned - self.fade_at)
        return values

    def plan_sound(self):
        self.sound = []
        if self.planned == 0:
            return
        both = (self.gain.over(self.frame, self.planned)
                * self.fade_levels())
        env = self.env and self.env.over(self.frame, self.planned)
        entry = self.entry.over(self.frame, self.planned)
        lanes = self.engine.channels
        values = self.read()
        for c, x in enumerate(values):
            if env is not None:
                x = x * env
            x = x * entry
            if len(values) == 1 and lanes > 1:
                for side in (0, 1):
                    self.sound.append((side, x * (both * self.side(side))))
            else:
                lane = c % lanes
                meet = len(range(lane, len(values), lanes))
                level = both * self.side(lane) * (F(1) / F(meet))
                self.sound.append((lane, x * level))

    def side(self, lane):
        if self.engine.channels == 1 or lane > 1:
            return F(1)
        return self.sides[lane].over(self.frame, self.planned)

    def read(self):
        """Its sample along its way: channels x frames."""
        at = self.position + self.way[:self.planned]
        fraction = at & (ONE - 1)
        first = at >> 32
        if self.steps is None and self.step == ONE and not fraction[0]:
            return self.frames_at(first, at)
        if self.kernel == LINEAR:
            x0, x1 = self.frames_at(first, at), self.frames_at(first + 1, at)
            share = (fraction >> 8).astype(F) * F(2**-24)
            return x0 + (x1 - x0) * share
        return self.read_sinc(at, first, fraction)

    def read_sinc(self, at, first, fraction):
        out = np.empty((self.sample.channels, self.planned), F)
        below = (fraction << 7) & (ONE - 1)
        share = (below >> 8).astype(F) * F(2**-24)
        row = fraction >> 25
        edges = [0, self.planned]
        if self.steps is not None:
            moves = np.flatnonzero(np.diff(self.steps[:self.planned])) + 1
            edges = [0, *moves.tolist(), self.planned]
        for a, b in zip(edges, edges[1:]):
            step = self.step if self.steps is None else int(self.steps[a])
            rows = tables().rows_for(self.kernel, step)
            taps = rows.shape[2]
            reach = np.arange(taps) - (taps // 2 - 1)
            x = self.frames_at(first[a:b, None] + reach, at[a:b, None])
            for c in range(self.sample.channels):
                out[c, a:b] = sum_taps(rows[row[a:b]], share[a:b], x[c])
        return out

    def frames_at(self, index, at):
        """The frames that are heard at an index beside a position: round the
        loop behind its end, and before its start once it has turned."""
        if self.loop:
            start, end = self.loop
            inside = start + (index - start) % (end - start)
            turned = self.turned | (at >= end * ONE) | (index >= end)
            index = np.where(turned, inside, index)
        return self.padded[:, index + PAD]

    # commands

    def level(self):
        """Of its louder side, compared with its sample."""
        left, right = (side.at(self.frame) for side in self.sides)
        level = self.gain.at(self.frame) * self.fade.at(self.frame)
        level *= max(left, right)
        level *= self.env.at(self.frame) if self.env else F(1)
        return level * self.entry.at(self.frame)

    def fades(self):
        """Is it on its way to silence?"""
        return bool(self.fade.target == 0
                    or (self.env and self.env.released))

    def fade_away(self, frame, fade_frames, reason):
        """Silence in fade_frames; a fade that is over earlier goes on."""
        end = frame + fade_frames
        if self.stop_frame <= end:
            return
        self.cut(frame)
        if self.fade.target != 0 or self.fade.start + self.fade.frames > end:
            self.fade = self.fade.to(0, frame, fade_frames)
        self.stop_frame = end
        self.reason = reason

    def let_go(self, frame):
        if not self.env:
            self.fade_away(frame, self.engine.declick, STOPPED)
            return
        self.cut(frame)
        self.env.let_go(frame)

    def change(self, frame, gain, pan, step, ramp):
        self.cut(frame)
        if gain is not None:
            self.gain = self.gain.to(gain, frame, ramp)
        if pan is not None:
            sides = pan_sides(pan, self.sample.channels)
            self.sides = [side.to(target, frame, ramp) for side, target
                          in zip(self.sides, sides)]
        if step is not None:
            if self.glide:
                self.step = int(self.glide.over(frame, 1)[0])
            if ramp:
                self.glide = Glide(self.step, step, frame, ramp)
            else:
                self.step, self.glide = step, None
            self.ending = False  # a fade out under way is planned anew

    def jump(self, frame, position):
        """On at another place; what sounded fades as a voice of its own."""
        self.cut(frame)
        if self.stealing or self.stop_frame <= frame or self.left == 0:
            return
        ghost = self.leave_ghost(frame)
        if ghost:
            self.engine.add_ghost(ghost)
        if not self.loop:
            end = self.position + self.left
            self.left = max(0, end - position * ONE)
        self.position, self.turned = position * ONE, False
        self.move_on(0)
        if self.ending and not self.loop and self.stop_frame == NEVER:
            self.fade, self.ending = Ramp(1, 1), False
        self.entry = Ramp(0, 1, frame, self.engine.declick)

    def leave_ghost(self, frame):
        """None if there is nothing to be heard of the old place. Decided:
        before a fade out's end it fades no longer than it has."""
        level = self.fade.at(frame) * self.entry.at(frame)
        fade = min(self.engine.declick, self.stop_frame - frame)
        if self.fade_out and self.left is not None:
            fade = min(fade, -(-self.left // self.step))
        if level == 0 or fade == 0 or self.started == frame:
            return None
        ghost = copy.copy(self)
        ghost.env = copy.deepcopy(self.env)
        ghost.out, ghost.stealing, ghost.is_ghost = [], True, True
        ghost.entry, ghost.ending = Ramp(1, 1), True
        ghost.fade = Ramp(level, 0, frame, fade)
        ghost.stop_frame = frame + fade
        return ghost
