# SPDX-License-Identifier: MIT
"""A client as the contract has it: its calls, what it is refused for want of
room, and the order in which events reach it. See model.py.
"""
import math
from collections import deque

from capi import (ASAP, EVENT_ENDED, EVENT_LATE, EVENT_PONG, FADE_AUTO,
                  FULL, INVALID, NO_FRAME, OK, STALE, TO_END)
from model_sound import CANCELLED, STOLEN, STOPPED, UNLOADED, F, Sample

SCHEDULE = 4096  # commands of a client that are on their way or wait
KEPT = 16  # places that only stop, cancel and unload may take
PINGS = 64
PLAY_NOW, CATCH_UP, DROP = 0, 1, 2
RING, FADE, CUT = 0, 1, 2
LOOP_NONE, LOOP_SAMPLE, LOOP_POINTS = 0, 1, 2
SET_GAIN, SET_PAN, SET_RATE = 1, 2, 4


class Command:
    """What a client has sent: do(frame, command) is what it does when due.
    sample: the one that it unloads."""
    places = 1

    def __init__(self, client, at, do, sample=None):
        self.client, self.owner = client, client.owner
        self.at, self.do, self.sample = at, do, sample


class Play:
    """A play that was accepted, until its voice sounds."""

    def __init__(self, client, handle, sample, panics, **fields):
        self.client, self.handle, self.sample = client, handle, sample
        self.owner, self.panics = client.owner, panics
        self.__dict__.update(fields)
        # a loop, a fade, an envelope or a group is a second command
        fades = {self.fade_in, self.fade_out} - {0, FADE_AUTO}
        self.places = 2 if (self.loop or fades or self.choke
                            or self.env) else 1
        self.voice = None
        self.over = False


class Client:
    """A producer: its calls, its credits, its events."""

    def __init__(self, engine, owner, queue, plays):
        self.engine, self.owner, self.queue = engine, owner, queue
        self.ring = []  # sent, not seen by the audio thread
        self.sent = self.told_done = self.done = 0  # places of the schedule
        self.batch = None
        self.free = deque(range(plays))  # a slot rests before it is reused
        self.generation = [0] * plays
        self.playing = {}  # handle: velocity
        self.bounds = {}  # handle: where in the sample seeks count
        self.notes = []  # of this block, not published
        self.inbox, self.backlog = [], deque()  # published; taken
        self.pings, self.last_cookie = {}, 0  # cookie: answered
        self.releases = []
        self.scheduled, self.voices = {}, {}  # handle: Play
        self.closing = None
        self.told_late = 0
        self.counts = dict(refused=0, stale=0, late=0, late_max=0, stolen=0,
                           queue_high=0)
        self.missing = None  # needed, free, which: of the last refusal

    # credit

    def refuse(self, needed, free, which):
        self.counts["refused"] += 1
        self.missing = needed, max(free, 0), which
        return FULL

    def most(self):
        return min(self.queue, SCHEDULE) - KEPT

    def reserve_now(self, n, urgent=False):
        kept = 0 if urgent else KEPT
        free = self.queue - sum(c.places for c in self.ring)
        if free < n + kept:
            return self.refuse(n, free - kept, "queue")
        free = SCHEDULE - (self.sent - self.told_done)
        if free < n + kept:
            return self.refuse(n, free - kept, "schedule")
        return OK

    def reserve(self, n, urgent=False):
        if self.batch is None:
            return self.reserve_now(n, urgent)
        free = self.most() - sum(c.places for c in self.batch)
        return OK if free >= n else self.refuse(n, free, "batch")

    def send_now(self, commands):
        self.ring += commands
        for command in commands:
            self.sent += command.places
            command.seq = self.sent
        used = sum(c.places for c in self.ring)
        self.counts["queue_high"] = max(self.counts["queue_high"], used)

    def send(self, at, do, urgent=False, sample=None):
        status = self.reserve(1, urgent)
        if status == OK:
            self.pass_on(Command(self, at, do, sample))
        return status

    def pass_on(self, command):
        if self.batch is None:
            self.send_now([command])
        else:
            self.batch.append(command)

    # samples

    def load(self, values, _rate, handle):
        """handle: what the engine called it, if it took it"""
        sample = Sample(handle, values)
        status = self.reserve_now(1)
        if status == OK:
            self.engine.samples[handle] = sample
            self.send_now([Command(self, ASAP, self.announce(sample))])
        return status

    def announce(self, sample):
        def do(_frame, _command):
            self.counts["stale"] += sample.how is not None
        return do

    def unload(self, handle, how):
        sample = self.engine.samples[handle]
        if sample.unloaded:
            return STALE
        status = self.send(ASAP, self.retire(sample, how), True, sample)
        if status == OK:
            sample.unloaded = True
        return status

    def retire(self, sample, how):
        def do(frame, _command):
            sample.how = how
            for voice in self.engine.sounding():
                if voice.sample is sample and how != RING:
                    voice.fade_away(
                        frame, self.engine.declick if how == FADE else 0,
                        UNLOADED)
        return do

    def release_sample(self, handle):
        """Can't fail: if there is no room it is sent after a render.
        Decided: of several the last goes first."""
        sample = self.engine.samples[handle]
        if sample.unloaded:
            return
        sample.unloaded = True
        self.releases.append(sample)
        if len(self.releases) == 1:
            self.flush_releases()

    def flush_releases(self):
        refused = self.counts["refused"]
        while self.releases and self.batch is None and \
                self.reserve_now(1, urgent=True) == OK:
            sample = self.releases.pop()
            self.send_now([Command(self, ASAP, self.retire(sample, RING))])
        self.counts["refused"] = refused

    # plays

    def play(self, handle, **given):
        p = dict(tag=0, at=ASAP, offset=0, length=TO_END, rate=1, pitch=0,
                 velocity=1, gain=1, pan=0, late=PLAY_NOW, loop=LOOP_NONE,
                 loop_start=0, loop_end=0, loop_fade=0, fade_in=FADE_AUTO,
                 fade_out=FADE_AUTO, choke=0, env=None, kernel=0,
                 slice_start=0, slice_frames=0)
        p.update(given)
        sample = self.engine.samples[handle]
        if sample.unloaded:
            return STALE, 0
        if not 0 <= p["velocity"] <= 1 or p["offset"] > sample.frames:
            return INVALID, 0
        first, frames = p["slice_start"], p["slice_frames"]
        if first + frames > sample.frames:
            return INVALID, 0
        loop = None
        if p["loop"] == LOOP_SAMPLE:
            loop = 0, sample.frames
        elif p["loop"] == LOOP_POINTS:
            loop = p["loop_start"], p["loop_end"]
            if not loop[0] < loop[1] <= sample.frames:
                return INVALID, 0
        if loop and p["offset"] >= loop[1]:
            return INVALID, 0
        start, end = loop or (0, 0)
        if p["loop_fade"] > min(start, end - start):
            return INVALID, 0
        play = Play(
            self, None, sample, self.engine.panics, at=p["at"], tag=p["tag"],
            offset=p["offset"], step=step_of(p["rate"], p["pitch"]),
            length=None if p["length"] == TO_END else p["length"],
            gain=F(p["velocity"] * p["gain"]), pan=p["pan"], policy=p["late"],
            loop=loop, loop_fade=p["loop_fade"],
            fade_in=p["fade_in"], fade_out=p["fade_out"],
            choke=p["choke"], env=p["env"], kernel=p["kernel"],
            on_edge=bool(frames) and p["offset"] == first,
            to_edge=bool(frames) and not loop
            and p["offset"] + p["length"] == first + frames)
        status = self.reserve(play.places)
        if status == OK and not self.free:
            self.collect()
            if not self.free:
                status = self.refuse(1, 0, "plays")
        if status != OK:
            return status, 0
        play.handle = self.take_handle()
        self.playing[play.handle] = F(p["velocity"])
        self.bounds[play.handle] = first, frames or sample.frames
        self.pass_on(play)
        return OK, play.handle

    def take_handle(self):
        slot = self.free.popleft()
        self.generation[slot] += 1
        return 1 << 56 | self.owner << 48 | slot << 32 | self.generation[slot]

    def free_handle(self, handle):
        del self.playing[handle], self.bounds[handle]
        self.free.append(handle >> 32 & 0xffff)

    def to_voice(self, handle, at, waiting, sounding, urgent=True):
        """A command that finds a play waiting, or sounding, or gone."""
        if handle not in self.playing:
            return STALE

        def do(frame, _command):
            if handle in self.scheduled:
                waiting(self.scheduled[handle])
            elif handle in self.voices:
                sounding(self.voices[handle].voice, frame)
            else:
                self.counts["stale"] += 1
        return self.send(at, do, urgent)

    def withdraw(self, play, reason=CANCELLED):
        self.engine.miss(play, reason)

    def stop_voice(self, handle, fade, at):
        return self.to_voice(
            handle, at, self.withdraw,
            lambda voice, frame: voice.fade_away(frame, fade, STOPPED))

    def release(self, handle, at):
        return self.to_voice(handle, at, self.withdraw,
                             lambda voice, frame: voice.let_go(frame))

    def set(self, handle, which, at, ramp, gain, pan, rate, pitch):
        step = step_of(rate, pitch) if which & SET_RATE else None
        pan = pan if which & SET_PAN else None
        gain = (F(gain) * self.playing.get(handle, F(0))
                if which & SET_GAIN else None)

        def waiting(play):
            play.gain = play.gain if gain is None else gain
            play.pan = play.pan if pan is None else pan
            play.step = play.step if step is None else step
        return self.to_voice(
            handle, at, waiting, lambda voice, frame:
            voice.change(frame, gain, pan, step, ramp), urgent=False)

    def alive(self, handle):
        self.collect()
        return int(handle in self.playing)

    def seek(self, handle, position, at):
        if handle in self.bounds:
            first, frames = self.bounds[handle]
            if position > frames:
                return INVALID
            position += first

        def waiting(play):
            if play.length is not None and not play.loop:
                end = play.offset + play.length
                play.length = max(0, end - position)
            play.offset, play.on_edge = position, False
        return self.to_voice(
            handle, at, waiting, lambda voice, frame:
            voice.jump(frame, position), urgent=False)

    def stop(self, fade):
        def do(frame, _command):
            for voice in self.engine.sounding():
                if voice.owner == self.owner:
                    voice.fade_away(frame, fade, STOPPED)
        return self.send(ASAP, do, urgent=True)

    def cancel(self, tag, start=0, end=NO_FRAME):
        if start > end:
            return INVALID

        def do(_frame, command):
            for play in self.by_slot():
                if play.seq < command.seq and tag in (0, play.tag) and \
                        start <= play.at < end:
                    self.withdraw(play)
        return self.send(ASAP, do, urgent=True)

    def by_slot(self):
        """Decided: plays that go together go in the order of their
        handles' slots."""
        return sorted(self.scheduled.values(),
                      key=lambda play: play.handle >> 32 & 0xffff)

    def set_gain(self, gain, ramp):
        def do(frame, _command):
            self.engine.masters.append(
                (frame, self.engine.masters[-1][1].to(gain, frame, ramp)))
        return self.send(ASAP, do)

    # batches

    def begin(self):
        if self.batch is not None:
            return INVALID
        self.batch = []
        return OK

    def commit(self):
        if self.batch is None:
            return INVALID
        n = sum(c.places for c in self.batch)
        status = self.reserve_now(n) if n else OK
        if status == OK:
            self.send_now(self.batch)
            self.batch = None
        return status

    def abandon(self):
        for command in self.batch or ():
            if isinstance(command, Play):
                self.free_handle(command.handle)
            elif command.sample:
                self.releases.append(command.sample)
        self.batch = None

    # events

    def ended(self, handle, started, late, reason):
        self.notes.append((self.engine.frame, handle, started, late,
                           EVENT_ENDED, reason))
        self.counts["stolen"] += reason == STOLEN

    def collect(self):
        for note in self.inbox:
            if note[4] == EVENT_ENDED:
                self.free_handle(note[1])
            else:
                self.pings[note[1]] = True
            self.backlog.append(note)
        self.inbox = []

    def poll(self, most):
        self.collect()
        taken = [self.backlog.popleft()
                 for _ in range(min(most, len(self.backlog)))]
        late = self.counts["late"] - self.told_late
        if late and len(taken) < most:
            taken.append((self.engine.frame, 0, late,
                          self.counts["late_max"], EVENT_LATE, 0))
            self.told_late = self.counts["late"]
        return taken

    def ping(self):
        self.collect()
        if len(self.pings) == PINGS and not any(self.pings.values()):
            return self.refuse(1, 0, "pings"), 0
        status = self.reserve_now(1)
        if status != OK:
            return status, 0
        if len(self.pings) == PINGS:
            del self.pings[next(c for c, done in self.pings.items() if done)]
        self.last_cookie += 1
        cookie = self.last_cookie
        self.pings[cookie] = False
        self.send_now([Command(self, ASAP, lambda frame, _command:
                               self.notes.append((frame, cookie, 0, 0,
                                                  EVENT_PONG, 0)))])
        return OK, cookie

    def stats(self):
        return dict(self.counts, frame=self.engine.frame, unread_lost=0,
                    unsound=0, voices=self.engine.told_voices)


def step_of(rate, pitch):
    product = rate if pitch == 0 else rate * math.exp2(pitch / 12)
    return int(math.floor(product * 2.0**32 + 0.5))
