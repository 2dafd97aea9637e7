# SPDX-License-Identifier: MIT
"""include/tabor/tabor.h by ctypes, as far as tests need it: several clients
on one engine, and each call's status as it is.

Names are those of tabor.h without their prefix; a struct's fields have its
order. Struct sizes are checked by the library itself.
"""
import ctypes
import os
from ctypes import (POINTER, Structure, byref, c_char_p, c_double, c_float,
                    c_int, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p)

ASAP = NO_FRAME = TO_END = 2**64 - 1
FADE_AUTO = 2**32 - 1
OK, INVALID, FULL, STALE = 0, 1, 3, 10
EVENT_ENDED, EVENT_PONG, EVENT_LATE = 1, 2, 3
FLOAT32 = 2


class EngineConfig(Structure):
    _fields_ = [("struct_size", c_uint32), ("rate", c_uint32),
                ("channels", c_uint32), ("block", c_uint32),
                ("voices", c_uint32), ("driver", c_char_p),
                ("device", c_char_p), ("log", c_char_p), ("limiter", c_int),
                ("wake_poll", c_int), ("setting_count", c_size_t),
                ("settings", c_void_p), ("kernel", c_int)]


class ClientConfig(Structure):
    _fields_ = [("struct_size", c_uint32), ("queue", c_uint32),
                ("plays", c_uint32)]


class Env(Structure):
    _fields_ = [("attack", c_uint32), ("hold", c_uint32),
                ("decay", c_uint32), ("release", c_uint32),
                ("sustain", c_double)]


class PlayParams(Structure):
    _fields_ = [("struct_size", c_uint32), ("tag", c_uint32),
                ("at", c_uint64), ("offset", c_uint64), ("length", c_uint64),
                ("rate", c_double), ("pitch", c_double),
                ("velocity", c_double), ("gain", c_double),
                ("pan", c_double), ("late", c_int), ("loop", c_int),
                ("loop_start", c_uint64), ("loop_end", c_uint64),
                ("fade_in", c_uint32), ("fade_out", c_uint32),
                ("choke", c_uint32), ("env", POINTER(Env)),
                ("kernel", c_int), ("loop_fade", c_uint32),
                ("slice_start", c_uint64), ("slice_frames", c_uint64)]


class VoiceParams(Structure):
    _fields_ = [("struct_size", c_uint32), ("which", c_uint32),
                ("at", c_uint64), ("ramp_frames", c_uint32),
                ("gain", c_double), ("pan", c_double), ("rate", c_double),
                ("pitch", c_double)]


class Event(Structure):
    _fields_ = [("frame", c_uint64), ("handle", c_uint64),
                ("value", c_uint64), ("late", c_uint32), ("type", c_uint16),
                ("reason", c_uint16)]


class Full(Structure):
    _fields_ = [("needed", c_uint32), ("free", c_uint32),
                ("which", c_char_p)]


class Stats(Structure):
    _fields_ = [("frame", c_uint64), ("voices", c_uint32),
                ("queue_size", c_uint32), ("queue_high", c_uint32),
                ("refused", c_uint64), ("stale", c_uint64),
                ("late", c_uint64), ("late_max", c_uint64),
                ("stolen", c_uint64), ("unread_lost", c_uint64),
                ("xruns", c_uint64), ("unsound", c_uint64),
                ("blocks", c_uint64), ("load_mean", c_double),
                ("load_max", c_double), ("latency", c_double),
                ("realtime", c_int), ("hung", c_uint32),
                ("plays", c_uint32)]


def _library():
    build = os.environ.get("builddir")
    path = f"{build}/src/.libs/libtabor.so" if build else "libtabor.so.0"
    library = ctypes.CDLL(path)
    signatures = {
        "error": (c_char_p,),
        "full_info": (Full,),
        "audio_from_values": (c_int, c_void_p, c_int, c_uint64, c_uint32,
                              c_uint32, c_void_p),
        "audio_free": (None, c_void_p),
        "engine_open": (c_int, c_void_p, c_void_p),
        "engine_close": (None, c_void_p),
        "engine_frame": (c_uint64, c_void_p),
        "engine_render": (c_int, c_void_p, c_uint64, c_void_p),
        "engine_panic": (None, c_void_p),
        "engine_gain": (c_float, c_void_p),
        "client_open": (c_int, c_void_p, c_void_p, c_void_p),
        "client_close": (None, c_void_p),
        "sample_add": (c_int, c_void_p, c_void_p, c_char_p, c_void_p),
        "sample_unload": (c_int, c_void_p, c_uint64, c_int),
        "sample_release": (None, c_void_p, c_uint64),
        "play": (c_int, c_void_p, c_uint64, c_void_p, c_void_p),
        "voice_stop": (c_int, c_void_p, c_uint64, c_uint32, c_uint64),
        "voice_release": (c_int, c_void_p, c_uint64, c_uint64),
        "voice_set": (c_int, c_void_p, c_uint64, c_void_p),
        "voice_seek": (c_int, c_void_p, c_uint64, c_uint64, c_uint64),
        "voice_alive": (c_int, c_void_p, c_uint64),
        "stop": (c_int, c_void_p, c_uint32),
        "cancel": (c_int, c_void_p, c_uint32, c_uint64, c_uint64),
        "set_gain": (c_int, c_void_p, c_double, c_uint32),
        "batch_begin": (c_int, c_void_p),
        "batch_commit": (c_int, c_void_p),
        "batch_abandon": (None, c_void_p),
        "poll": (c_size_t, c_void_p, c_void_p, c_size_t),
        "ping_send": (c_int, c_void_p, c_void_p),
        "get_stats": (None, c_void_p, c_void_p),
    }
    for name, (result, *arguments) in signatures.items():
        function = getattr(library, "tabor_" + name)
        function.restype = result
        function.argtypes = arguments
    return library


lib = _library()


def _must(status):
    if status != OK:
        raise RuntimeError(lib.tabor_error().decode())


class Client:
    """One of an engine's clients. Calls return their status, and what they
    give besides."""

    def __init__(self, engine, queue, plays):
        config = ClientConfig(ctypes.sizeof(ClientConfig), queue, plays)
        self._pointer = c_void_p()
        self._events = (Event * 4096)()
        _must(lib.tabor_client_open(engine.pointer, byref(config),
                                    byref(self._pointer)))

    def _out(self, function, *arguments):
        out = c_uint64()
        status = function(self._pointer, *arguments, byref(out))
        return status, out.value

    def close(self):
        lib.tabor_client_close(self._pointer)

    def load(self, values, rate):
        """values: frames x channels, float32, contiguous"""
        audio = c_void_p()
        _must(lib.tabor_audio_from_values(
            values.ctypes.data, FLOAT32, len(values), values.shape[1], rate,
            byref(audio)))
        try:
            return self._out(lib.tabor_sample_add, audio, b"x")
        finally:
            lib.tabor_audio_free(audio)

    def unload(self, sample, how):
        return lib.tabor_sample_unload(self._pointer, sample, how)

    def release_sample(self, sample):
        lib.tabor_sample_release(self._pointer, sample)

    def play(self, sample, **fields):
        env = fields.pop("env", None)
        params = PlayParams(
            ctypes.sizeof(PlayParams), at=ASAP, length=TO_END, rate=1,
            velocity=1, gain=1, fade_in=FADE_AUTO, fade_out=FADE_AUTO)
        for name, value in fields.items():
            setattr(params, name, value)
        if env:
            params.env = ctypes.pointer(Env(*env))
        return self._out(lib.tabor_play, sample, byref(params))

    def stop_voice(self, voice, fade, at):
        return lib.tabor_voice_stop(self._pointer, voice, fade, at)

    def release(self, voice, at):
        return lib.tabor_voice_release(self._pointer, voice, at)

    def set(self, voice, which, at, ramp, gain, pan, rate, pitch):
        params = VoiceParams(ctypes.sizeof(VoiceParams), which, at, ramp,
                             gain, pan, rate, pitch)
        return lib.tabor_voice_set(self._pointer, voice, byref(params))

    def seek(self, voice, position, at):
        return lib.tabor_voice_seek(self._pointer, voice, position, at)

    def alive(self, voice):
        return lib.tabor_voice_alive(self._pointer, voice)

    def stop(self, fade):
        return lib.tabor_stop(self._pointer, fade)

    def cancel(self, tag, start=0, end=NO_FRAME):
        return lib.tabor_cancel(self._pointer, tag, start, end)

    def set_gain(self, gain, ramp):
        return lib.tabor_set_gain(self._pointer, gain, ramp)

    def begin(self):
        return lib.tabor_batch_begin(self._pointer)

    def commit(self):
        return lib.tabor_batch_commit(self._pointer)

    def abandon(self):
        lib.tabor_batch_abandon(self._pointer)

    def ping(self):
        return self._out(lib.tabor_ping_send)

    def poll(self, most):
        """At most `most` events, as tuples in the order of the fields."""
        n = lib.tabor_poll(self._pointer, self._events,
                           min(most, len(self._events)))
        return [(e.frame, e.handle, e.value, e.late, e.type, e.reason)
                for e in self._events[:n]]

    def stats(self):
        stats = Stats()
        lib.tabor_get_stats(self._pointer, byref(stats))
        return {name: getattr(stats, name) for name in
                ("frame", "voices", "queue_high", "refused", "stale", "late",
                 "late_max", "stolen", "unread_lost", "unsound")}


class Engine:
    def __init__(self, **fields):
        config = EngineConfig(ctypes.sizeof(EngineConfig), rate=48000,
                              channels=2, block=256, voices=256,
                              driver=b"offline")
        for name, value in fields.items():
            setattr(config, name, value)
        self.pointer = c_void_p()
        _must(lib.tabor_engine_open(byref(config), byref(self.pointer)))

    def close(self):
        lib.tabor_engine_close(self.pointer)

    def render(self, out):
        """out: frames x channels, float32, contiguous"""
        _must(lib.tabor_engine_render(self.pointer, len(out),
                                      out.ctypes.data))

    def panic(self):
        lib.tabor_engine_panic(self.pointer)

    def gain(self):
        return lib.tabor_engine_gain(self.pointer)


def refusal():
    """What was missing at the last FULL: (needed, free, which)."""
    info = lib.tabor_full_info()
    return info.needed, info.free, info.which.decode()
