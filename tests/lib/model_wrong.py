# SPDX-License-Identifier: MIT
"""Models that are wrong in one thing each: who compares the right one with the
engine must be able to tell every one of these from it.

WRONG holds (what is wrong, owner, name, make): owner.name is to be replaced by
make(what it is). The first QUICK of them are for a quick run.
"""
import model
import model_client
import model_sound
from model_sound import F, Ramp, Voice


def stealing(_right):
    return lambda self, voice: -voice.started


def late_ramp(right):
    return lambda self, target, frame, frames: right(
        self, target, frame + (frames > 0), frames)


def order(right):
    """Items are (frame, owner, number of the command, tie, command)."""
    return lambda heap, key: right(heap, (key[0], key[3], *key[2:]))


def late_fade(right):
    def plan(self):
        right(self)
        if self.fade_at is not None and self.fade_at + 1 < self.planned:
            self.fade_at += 1
            fade = self.late_fade
            self.late_fade = Ramp(fade.origin, 0, fade.start + 1, fade.frames)
    return plan


def ends_backwards(_right):
    def retire(self):
        for place, voice in sorted(self.voices.items(), reverse=True):
            if voice.frame + (voice.planned or 0) == self.frame and \
                    voice.is_over():
                self.end(place, voice)
    return retire


def batch_backwards(right):
    def commit(self):
        if self.batch:
            self.batch.reverse()
        return right(self)
    return commit


def held_glide(right):
    def change(self, frame, gain, pan, step, ramp):
        if self.glide and step is not None:
            self.cut(frame)
            before = max(frame - 1, self.glide.start)
            self.step = int(self.glide.over(before, 1)[0])
            self.glide = None
        return right(self, frame, gain, pan, step, ramp)
    return change


def lateness(_right):
    def count(self, command):
        if command.at == model_client.ASAP:
            return 0
        late = max(0, self.frame - command.at)
        return late - (late > 1)
    return count


def other_way_round(right):
    def frames_at(self, index, at):
        loop, self.loop = self.loop, None
        try:
            if loop:
                start, end = loop
                index = model_sound.np.where(
                    index >= end, start + (index - start) % (end - start),
                    index)
            return right(self, index, at)
        finally:
            self.loop = loop
    return frames_at


def lifo(_right):
    def free_handle(self, handle):
        del self.playing[handle]
        self.free.appendleft(handle >> 32 & 0xffff)
    return free_handle


def quick_leave(right):
    def let_leave(self):
        declick, self.declick = self.declick, self.declick // 2
        right(self)
        self.declick = declick
    return let_leave


def few_places(right):
    def init(self, *arguments, **options):
        right(self, *arguments, **options)
        self.places = self.limit + 1
    return init


def deaf_panic(_right):
    def obey(self):
        self.panics_done = self.panics
    return obey


def first_fade_wins(right):
    def fade_away(self, frame, fade_frames, reason):
        if self.stop_frame == model_sound.NEVER:
            right(self, frame, fade_frames, reason)
    return fade_away


def hard_edges(_right):
    def find_fades(self):
        fades = self.play.fade_in, self.play.fade_out
        return [0 if fade == model_sound.FADE_AUTO else fade
                for fade in fades]
    return find_fades


def loud_ghosts(right):
    def leave_ghost(self, frame):
        ghost = right(self, frame)
        if ghost:
            ghost.fade = Ramp(1, 0, frame, ghost.fade.frames)
        return ghost
    return leave_ghost


QUICK = 7
WRONG = [
    ("the newest voice is stolen", model.Engine, "worth", stealing),
    ("ramps are a frame late", Ramp, "to", late_ramp),
    ("a frame's commands go by time alone", model.heapq, "heappush", order),
    ("15 places are kept for stop, not 16", model_client, "KEPT",
     lambda _: 15),
    ("a fade out is a frame late", Voice, "plan_fade_out", late_fade),
    ("ends of a frame come backwards", model.Engine, "retire",
     ends_backwards),
    ("a batch is sent backwards", model_client.Client, "commit",
     batch_backwards),
    ("a glide goes on from the frame before", Voice, "change", held_glide),
    ("a glide moves on each frame", model_sound, "grid_of",
     lambda _: lambda frames: 1),
    ("a release begins at 1", model_sound.Envelope, "at",
     lambda _: lambda self, frame: F(1)),
    ("a release is a frame late", model_sound.Envelope, "let_go",
     lambda right: lambda self, frame: right(self, frame + 1)),
    ("a cancel hits all tags", model_client.Client, "cancel",
     lambda right: lambda self, tag, *rest: right(self, 0, *rest)),
    ("one channel is balanced", model_sound, "pan_sides",
     lambda right: lambda pan, _channels: right(pan, 2)),
    ("nothing is choked", model.Engine, "choke",
     lambda _: lambda self, voice: None),
    ("what catches up is a frame ahead", Voice, "set_path",
     lambda right: lambda self, skip: right(self, skip + (skip > 0))),
    ("lateness is a frame short", model.Engine, "lateness", lateness),
    ("a panic does nothing", model.Engine, "obey_panic", deaf_panic),
    ("unload='cut' leaves what waits", model, "CUT", lambda _: 9),
    ("slots are reused at once", model_client.Client, "free_handle", lifo),
    ("who leaves fades in 10 ms", model.Engine, "let_leave", quick_leave),
    ("few places for the stolen", model.Engine, "__init__", few_places),
    ("a loop has a start to look behind", Voice, "frames_at",
     other_way_round),
    ("there is no limiter", model, "limit", lambda _: lambda values: values),
    ("unloads that are put off never go", model_client.Client,
     "flush_releases", lambda _: lambda self: None),
    ("a shorter fade does not win", Voice, "fade_away", first_fade_wins),
    ("ramps are straight", model_sound, "bend",
     lambda _: lambda share: share),
    ("the loudest voice is stolen", Voice, "level",
     lambda right: lambda self: -right(self)),
    ("what fades already is not stolen first", Voice, "fades",
     lambda _: lambda self: False),
    ("nothing ramps in mid-sample", Voice, "find_fades", hard_edges),
    ("a loop does not cross its seam", model_sound.Sample, "crossed",
     lambda _: lambda self, loop, fade: self.padded),
    ("a seek leaves nothing", Voice, "leave_ghost",
     lambda _: lambda self, frame: None),
    ("what a seek leaves is not as faded", Voice, "leave_ghost",
     loud_ghosts),
    ("a cancel hits all frames", model_client.Client, "cancel",
     lambda right: lambda self, tag, *_: right(self, tag)),
]
