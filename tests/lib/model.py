# SPDX-License-Identifier: MIT
"""The contract of an engine and its clients, as slow and plain as can be:
what is accepted, on which frame it takes effect and in which order, which
events come, and each value that is heard.

Written from tabor.h. Where that leaves something open and the engine has to
decide, the decision is stated here, at "Decided:". model_client.py is a
client's side of it, model_sound.py a voice's.
"""
import heapq
from itertools import count

import numpy as np

from capi import ASAP
from model_client import CATCH_UP, CUT, DROP, FADE, Client, Play
from model_sound import (CANCELLED, DETACHED, LATE, NEVER, STOLEN, STOPPED,
                         UNLOADED, F, Ramp, Voice)


class Engine:
    """The audio thread: blocks, spans, voices."""

    def __init__(self, rate, channels, block, voices, kernel, limiter):
        self.rate, self.channels, self.block = rate, channels, block
        self.limit, self.kernel, self.limiter = voices, kernel, limiter
        self.declick = rate // 200
        # Decided: as many voices again may fade for want of room, and 16
        self.places = 2 * voices + 16
        self.frame = 0
        self.masters = [(0, Ramp(1, 1))]  # of a block: from which frame on
        self.clients, self.samples = {}, {}
        self.generations = {}  # owner: the last of who had the number
        self.releases = []  # left behind while no other client was there
        self.voices = {}  # place: Voice
        self.heap, self.tie = [], count()
        self.panics = self.panics_done = 0
        self.told_voices = 0

    # clients

    def open_client(self, queue, plays):
        self.render(0)  # so that those who have left are gone
        owner = next(o for o in count(1) if o not in self.clients)
        client = Client(self, owner, queue, plays)
        client.generation = [self.generations.get(owner, 0)] * plays
        client.releases, self.releases = self.releases, []
        self.clients[owner] = client
        return client

    def close_client(self, client):
        client.abandon()
        client.flush_releases()
        client.closing = "asked"
        self.generations[client.owner] = max(client.generation)
        heirs = [self.clients[owner] for owner in sorted(self.clients)
                 if not self.clients[owner].closing]
        (heirs[0] if heirs else self).releases += client.releases
        client.releases = []

    def panic(self):
        self.panics += 1

    # blocks

    def render(self, frames):
        """frames x channels values; then unloads that were put off go."""
        blocks = []
        while True:
            n = min(frames, self.block)
            blocks.append(self.render_block(n))
            frames -= n
            if not frames:
                break
        for owner in sorted(self.clients):
            if self.clients[owner].closing == "gone":
                del self.clients[owner]
        for _, client in sorted(self.clients.items()):
            if not client.closing:
                client.flush_releases()
        return np.concatenate(blocks)

    def here(self):
        return [c for _, c in sorted(self.clients.items())
                if c.closing != "gone"]

    def render_block(self, n):
        end = self.frame + n
        self.first, self.heard = self.frame, []
        self.masters = [(self.frame, self.masters[-1][1])]
        self.obey_panic()
        for client in self.here():
            self.drain(client)
        self.apply_due()
        self.let_leave()
        while self.frame < end:
            until = min([end] + [key[0] for key in self.heap[:1]])
            for voice in self.voices.values():
                if voice.planned is None:
                    voice.plan(end)
            ends = [v.frame + v.planned for v in self.voices.values()
                    if v.is_over()]
            self.frame = min([until] + ends)
            self.retire()
            if self.frame < end:
                self.apply_due()
        for voice in self.voices.values():
            voice.cut(end)
        self.tell()
        return self.mix(n)

    def obey_panic(self):
        """Silence for all that was sent before; first in a block."""
        if self.panics == self.panics_done:
            return
        self.panics_done = self.panics
        for voice in self.sounding():
            voice.fade_away(self.frame, 0, STOPPED)
        for client in self.here():
            for play in client.by_slot():
                self.miss(play, CANCELLED)

    def drain(self, client):
        for command in client.ring:
            if isinstance(command, Play):
                if command.panics < self.panics_done:
                    self.refuse(command, CANCELLED)
                    continue
                if command.sample.how is not None:
                    self.refuse(command, UNLOADED)
                    continue
                client.scheduled[command.handle] = command
            due = self.frame
            if command.at != ASAP:
                due = max(due, command.at)
            heapq.heappush(self.heap, (due, client.owner, command.seq,
                                       next(self.tie), command))
        client.ring = []

    def refuse(self, play, reason):
        play.client.ended(play.handle, NEVER, 0, reason)
        play.client.done += play.places

    def let_leave(self):
        for client in self.here():
            if client.closing != "asked":
                continue
            for play in client.by_slot():
                self.miss(play, DETACHED)
            self.heap = [key for key in self.heap if key[1] != client.owner]
            heapq.heapify(self.heap)
            for voice in self.sounding():
                if voice.owner == client.owner:
                    voice.fade_away(self.frame, 4 * self.declick, DETACHED)
            client.closing = "leaving"

    def tell(self):
        for client in self.here():
            client.inbox += client.notes
            client.notes = []
            client.told_done = client.done
            if client.closing == "leaving" and not client.voices:
                client.closing = "gone"
        self.told_voices = self.counted()

    # commands

    def apply_due(self):
        while self.heap and self.heap[0][0] <= self.frame:
            command = heapq.heappop(self.heap)[-1]
            if isinstance(command, Play):
                if not command.over:
                    self.count_late(command.client, command)
                    self.start(command)
                continue
            self.count_late(command.client, command)
            command.do(self.frame, command)
            command.client.done += 1
        self.retire()

    def count_late(self, client, command):
        late = self.lateness(command)
        if late:
            client.counts["late"] += 1
            client.counts["late_max"] = max(client.counts["late_max"], late)

    def lateness(self, command):
        return 0 if command.at == ASAP else max(0, self.frame - command.at)

    def miss(self, play, reason):
        """A play that will not sound has its end too."""
        client = play.client
        play.over = True
        del client.scheduled[play.handle]
        client.ended(play.handle, NEVER, self.lateness(play), reason)
        client.done += play.places

    def start(self, play):
        client, late = play.client, self.lateness(play)
        if late and play.policy == DROP:
            self.miss(play, LATE)
            return
        if play.sample.how in (FADE, CUT):
            self.miss(play, UNLOADED)
            return
        if not self.make_room():
            self.miss(play, STOLEN)
            return
        skip = late if play.policy == CATCH_UP else 0
        voice = Voice(self, play, self.frame, late, skip)
        self.choke(voice)
        self.voices[self.find_place()] = voice
        del client.scheduled[play.handle]
        client.voices[play.handle] = play
        play.voice = voice
        client.done += play.places

    # voices

    def sounding(self):
        """Decided: the lowest free place is taken, and places are added up
        and end in their order."""
        return [voice for _, voice in sorted(self.voices.items())]

    def counted(self):
        return sum(not v.stealing for v in self.voices.values())

    def make_room(self):
        """Below the limit, if need be at the cost of another; False if all
        others began on this very frame too."""
        if self.counted() < self.limit:
            return True
        victims = [v for v in self.sounding()
                   if not v.stealing and v.started != self.frame]
        if not victims:
            return False
        for voice in victims:
            voice.cut(self.frame)
        victim = min(victims, key=self.worth)
        victim.fade_away(self.frame, self.declick, STOLEN)
        victim.stealing = True
        return True

    def worth(self, voice):
        """The least goes first: what fades, the quietest, the oldest."""
        return (not voice.fades(), voice.level(), voice.started,
                voice.play.handle)

    def find_place(self):
        """Decided: if there is none, the quietest of those that fade for
        want of room ends here and now."""
        free = next((i for i in range(self.places) if i not in self.voices),
                    None)
        if free is None:
            for voice in self.voices.values():
                voice.cut(self.frame)
            free, spare = min(
                ((i, v) for i, v in sorted(self.voices.items())
                 if v.stealing), key=lambda pair: pair[1].level())
            self.end(free, spare)
        return free

    def choke(self, voice):
        for other in self.sounding():
            if voice.play.choke and other.owner == voice.owner and \
                    other.play.choke == voice.play.choke and \
                    other.started != voice.started:
                other.fade_away(self.frame, self.declick, STOPPED)

    def retire(self):
        """Those that are over at this frame."""
        for place, voice in sorted(self.voices.items()):
            if voice.frame + (voice.planned or 0) == self.frame and \
                    voice.is_over():
                self.end(place, voice)

    def add_ghost(self, ghost):
        self.voices[self.find_place()] = ghost

    def end(self, place, voice):
        client, play = voice.play.client, voice.play
        voice.cut(self.frame)
        self.heard.append((place, voice.out))
        del self.voices[place]
        if voice.is_ghost:
            return
        del client.voices[play.handle]
        client.ended(play.handle, voice.started, voice.late, voice.reason)

    # sound

    def mix(self, n):
        bus = np.zeros((self.channels, n), F)
        self.heard += [(place, voice.out)
                       for place, voice in self.voices.items()]
        for _, out in sorted(self.heard, key=lambda entry: entry[0]):
            for first, lane, values in out:
                at = first - self.first
                bus[lane, at:at + len(values)] += values
        for voice in self.voices.values():
            voice.out = []
        raw = bus.copy()
        for first, ramp in self.masters:
            at = first - self.first
            bus[:, at:] = raw[:, at:] * ramp.over(first, n - at)
        if self.limiter:
            bus = limit(bus)
        return np.ascontiguousarray(bus.T)


def limit(x):
    """Bent above 0.75 so that it stays below 1."""
    size = np.abs(x)
    over = np.maximum(size - F(0.75), F(1e-30))
    bent = F(0.75) + F(0.25) / (F(1) + F(0.25) / over)
    return np.where(size <= F(0.75), x, np.copysign(bent, x))
