#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- What play() and its options do, frame by frame against closed forms.
local tap = require "tap"
local tabor = require "tabor"

local like = tap.like

local RATE = 8000
local HALF = math.sqrt(0.5)   -- what a mono sample has on each side at pan 0
local FLOAT = 1e-6            -- a few roundings of float32 values up to 1

local function open(options)
  options = options or {}
  options.driver, options.rate = "offline", RATE
  options.kernel = "linear" -- straight lines are easy to reckon
  return assert(tabor.open(options))
end

local function ones(frames)
  local values = {}
  for i = 1, frames do
    values[i] = 1
  end
  return values
end

local function ramp(frames)
  local values = {}
  for i = 1, frames do
    values[i] = (i - 1) / frames
  end
  return values
end

local function within(first, frames, gain)
  return function(frame)
    return (frame >= first and frame < first + frames) and gain or 0
  end
end

-- One play of so many ones, and the render of 100 frames.
local function render(options, frames)
  local engine <close> = open()
  local sample = assert(engine:load(ones(frames or 50)))
  assert(sample:play(options))
  return engine:render { frames = 100 }
end

like(render(), 0, within(0, 50, HALF), FLOAT,
  "a play without options starts with the next frame")
like(render(), 1, within(0, 50, HALF), FLOAT, "on both sides")
like(render { at_frame = 17 }, 0, within(17, 50, HALF), FLOAT,
  "at_frame is the first frame that sounds")
like(render { at = 17 / RATE }, 0, within(17, 50, HALF), FLOAT,
  "at is the same in seconds")
like(render { at = 17.4 / RATE }, 0, within(17, 50, HALF), FLOAT,
  "at is rounded to the nearest frame")
like(render { velocity = 0.5, gain = 3 }, 0, within(0, 50, 1.5 * HALF),
  2 * FLOAT, "velocity times gain is the level")
like(render { pan = -1 }, 0, within(0, 50, 1), FLOAT,
  "pan -1 is all on the left")
like(render { pan = -1 }, 1, within(0, 50, 0), FLOAT, "nothing on the right")
like(render { pan = 0.5 }, 0, within(0, 50, math.cos(math.pi * 3 / 8)), FLOAT,
  "pan keeps the power: the left is cos")
like(render { pan = 0.5 }, 1, within(0, 50, math.sin(math.pi * 3 / 8)), FLOAT,
  "the right is sin")
like(render { duration = 20 / RATE, fade_out = 0 }, 0, within(0, 20, HALF),
  FLOAT, "duration ends it early")
like(render { offset = 20 / RATE, fade_in = 0 }, 0, within(0, 30, HALF), FLOAT,
  "offset begins inside")
like(render { offset = 20 / RATE, duration = 10 / RATE, at_frame = 5,
              fade_in = 0, fade_out = 0 }, 0,
  within(5, 10, HALF), FLOAT, "offset and duration go together")

-- A straight line stays one under linear interpolation, so its rate shows.
do
  local engine <close> = open()
  local line = assert(engine:load(ramp(64)))
  line:play { rate = 2, pan = -1 }
  like(engine:render { frames = 31 }, 0, function(f) return 2 * f / 64 end,
    FLOAT, "rate 2 goes twice as fast")
  engine:render { frames = 100 }
  line:play { rate = 0.5, pan = -1 }
  like(engine:render { frames = 126 }, 0, function(f) return f / 2 / 64 end,
    FLOAT, "rate 0.5 half as fast")
  engine:render { frames = 100 }
  line:play { pitch = 12, pan = -1 }
  like(engine:render { frames = 31 }, 0, function(f) return 2 * f / 64 end,
    FLOAT, "12 semitones are rate 2")
end

-- Stereo: bit for bit, and balanced by pan.
do
  local left, right = {}, {}
  for i = 1, 40 do
    left[i], right[i] = math.sin(i), math.cos(i)
  end
  local function stereo(options)
    local engine <close> = open()
    assert(engine:load({ left, right }):play(options))
    return engine:render { frames = 40 }
  end
  local function single(x)
    return (string.unpack("f", string.pack("f", x)))
  end
  local audio = stereo()
  like(audio, 0, function(f) return single(left[f + 1]) end, 0,
    "a stereo sample at pan 0 is what it was, bit for bit")
  like(audio, 1, function(f) return single(right[f + 1]) end, 0,
    "the right channel too")
  audio = stereo { pan = 1 }
  like(audio, 0, function() return 0 end, FLOAT, "pan 1 takes the left away")
  like(audio, 1, function(f) return right[f + 1] end, FLOAT,
    "and leaves the right")
end

-- Many voices are their sum.
do
  local engine <close> = open()
  local sample = assert(engine:load(ones(10)))
  for i = 0, 63 do
    assert(engine:play(sample, { at_frame = i, gain = 1 / 64, pan = -1 }))
  end
  like(engine:render { frames = 100 }, 0, function(f)
    local first, last = math.max(0, f - 9), math.min(f, 63)
    return math.max(0, last - first + 1) / 64
  end, FLOAT, "64 voices are the sum of 64 voices")
  local ended = engine:poll()
  tap.is(#ended, 64, "each of them ends")
  local exact = 0
  for _, event in ipairs(ended) do
    exact = exact + (event.frame == event.started + 10 and 1 or 0)
  end
  tap.is(exact, 64, "each at its start plus its length")
end

-- Stop, set, cancel.
do
  local engine <close> = open()
  local sample = assert(engine:load(ones(400)))
  local voice = sample:play { pan = -1 }
  tap.is(voice:stop { fade = 100 / RATE, at_frame = 50 }, true,
    "a voice can be stopped ahead of time")
  like(engine:render { frames = 200 }, 0, function(f)
    return 1 - tap.bend((f - 50) / 100)
  end, 1e-6, "with a fade on its curve")
  tap.is(voice.ended.reason, "stopped", "then it has been stopped")
  tap.is(voice.ended.frame, 150, "at the end of the fade")
  tap.is(voice:stop(), false, "a voice that has ended can't be stopped")
  tap.is(voice:set { gain = 1 }, false, "nor set")

  voice = sample:play { pan = -1 }
  voice:stop(0)
  engine:render { frames = 1 }
  tap.is(voice.ended and voice.ended.frame - (voice.ended.started or 200), 0,
    "stopped on its first frame without a fade, it is not heard")

  local start = engine:frame()
  voice = sample:play { pan = -1, gain = 0.5 }
  tap.is(voice:set { gain = 0.25, ramp = 0, at_frame = start + 100 }, true,
    "a voice can be changed")
  like(engine:render { frames = 200 }, 0, function(f)
    return f < 100 and 0.5 or 0.25
  end, FLOAT, "on the frame that was asked for")
  voice:set { pan = 1, ramp = 0 }
  like(engine:render { frames = 100 }, 1, within(0, 100, 0.25), FLOAT,
    "pan too")
  engine:stop { fade = 0 }
  like(engine:render { frames = 50 }, 1, within(0, 50, 0), 0,
    "stop() ends all voices")
  tap.is(voice.ended.reason, "stopped", "and says so")
end

do
  local engine <close> = open()
  local line = assert(engine:load(ramp(64)))
  local voice = line:play { pan = -1, rate = 0.5 }
  voice:set { pitch = 12, ramp = 0, at_frame = 10 }
  like(engine:render { frames = 50 }, 0, function(f)
    return (f < 10 and f / 2 or 5 + (f - 10)) / 64
  end, FLOAT, "pitch multiplies the rate that the voice has")
end

do
  local engine <close> = open()
  local sample = assert(engine:load(ones(10)))
  local one = sample:play { at_frame = 50, tag = 1 }
  local two = sample:play { at_frame = 50, tag = 2, pan = -1 }
  tap.is(engine:cancel { tag = 1 }, true, "scheduled plays can be withdrawn")
  like(engine:render { frames = 100 }, 0, within(50, 10, 1), FLOAT,
    "by their tag, and the others play")
  tap.is(one.ended.reason, "cancelled", "the one says cancelled")
  tap.is(one.ended.started, nil, "and never started")
  tap.is(two.ended.reason, "finished", "the other finished")
  one, two = sample:play { at_frame = 150 }, sample:play { at_frame = 150 }
  engine:cancel()
  like(engine:render { frames = 100 }, 0, within(0, 100, 0), 0,
    "without a tag all of them")
  tap.is(one.ended.reason .. " " .. two.ended.reason, "cancelled cancelled",
    "and all say so")
  local function left(options)
    local now, voices = engine:frame(), {}
    for i = 0, 5 do
      voices[i] = sample:play { at_frame = now + 100 + i * 10, tag = 1 + i % 2 }
    end
    for _, name in ipairs { "after", "before" } do
      local frame = options[name .. "_frame"]
      options[name .. "_frame"] = frame and now + frame
      options[name] = options[name] and (now + options[name]) / RATE
    end
    tap.is(engine:cancel(options), true, "a range of time can be withdrawn")
    local later = sample:play { at_frame = now + 120 }
    engine:render { frames = 300 }
    local rest = ""
    for i = 0, 5 do
      rest = rest .. (voices[i].ended.reason == "finished" and i or "")
    end
    return rest .. " " .. later.ended.reason
  end
  tap.is(left { after_frame = 120, before_frame = 140 }, "0145 finished",
    "in frames, the second one excluded, and only what was sent before")
  tap.is(left { after = 120, before = 140 }, "0145 finished", "or in seconds")
  tap.is(left { after = 120, tag = 2 }, "0124 finished", "with a tag too")
  tap.raises(function() engine:cancel { after = 1, after_frame = 1 } end,
    "after and after_frame are both given", "a time is given once")
  tap.raises(function() engine:cancel { after = 2, before = 1 } end,
    "cancel goes from", "what goes back is refused")
  local voices = { sample:play(), sample:play { at_frame = 1000 } }
  engine:render { frames = 1 }
  engine:panic()
  like(engine:render { frames = 900 }, 0, within(0, 900, 0), 0,
    "panic is silence, now and later")
  tap.ok(voices[1].ended and voices[2].ended, "and ends all voices")
end

-- Late plays.
do
  local function late(word)
    local engine <close> = open()
    local line = assert(engine:load(ramp(512)))
    engine:render { frames = 100 }
    local voice = assert(line:play { at_frame = 90, late = word, pan = -1 })
    return engine:render { frames = 600 }, voice.ended
  end
  local audio, ended = late "play"
  like(audio, 0, function(f) return f < 512 and f / 512 or 0 end, FLOAT,
    "a late play starts now")
  tap.is(ended.late, 10, "and tells how late")
  tap.is(ended.started, 100, "and when it started")
  audio, ended = late "catch_up"
  like(audio, 0, function(f)
    local fade_in = math.min(f / 40, 1) -- 5 ms: no click in mid-sound
    return f < 502 and fade_in * (f + 10) / 512 or 0
  end, 1.5 / 40, "one that catches up starts inside, in phase")
  tap.is(ended.frame, 602, "and ends when it would have")
  audio, ended = late "drop"
  like(audio, 0, function() return 0 end, 0, "one that is dropped is silent")
  tap.is(ended.reason, "late", "and says why")
end

-- The master volume.
do
  local engine <close> = open()
  local sample = assert(engine:load(ones(100)))
  engine:gain(0.5, 0)
  sample:play { pan = -1 }
  like(engine:render { frames = 50 }, 0, within(0, 50, 0.5), FLOAT,
    "the master volume scales all")
end

-- Misuse.
do
  local engine <close> = open()
  local other <close> = open()
  local sample = assert(engine:load(ones(10)))
  local bad = {
    { { velocity = 100 }, { "velocity", "127" }, "velocity 100 is MIDI's" },
    { { velocity = -0.1 }, { "velocity" }, "a negative velocity" },
    { { gian = 1 }, { "lua-play.lua:", "'gian'", "'gain'" },
      "a misspelt option, at the caller's line," },
    { { zzz = 1 }, { "'zzz'" }, "an unknown option" },
    { { "loud" }, { "1" }, "an option without a name" },
    { { gain = "loud" }, { "gain", "number", "string" }, "a gain in words" },
    { { gain = 17 }, { "gain" }, "a gain above 16" },
    { { gain = 0 / 0 }, { "gain" }, "a gain that is no number" },
    { { gain = math.huge }, { "gain" }, "an infinite gain" },
    { { pan = 2 }, { "pan" }, "a pan beyond 1" },
    { { rate = 0 }, { "rate" }, "rate 0" },
    { { rate = 1000 }, { "rate" }, "rate 1000" },
    { { at = -1 }, { "at", "-1" }, "a negative time" },
    { { at_frame = 1.5 }, { "at_frame", "1.5" }, "half a frame" },
    { { at = 1, at_frame = 1 }, { "at", "at_frame" }, "two times" },
    { { late = "never" }, { "late", "never", "'drop'" }, "an unknown policy" },
    { { tag = -1 }, { "tag" }, "a negative tag" },
    { { duration = -1 }, { "duration" }, "a negative duration" },
    { { offset = 1 / 0 }, { "offset" }, "an infinite offset" },
    { 5, { "table" }, "a number for a table" },
  }
  for _, case in ipairs(bad) do
    tap.raises(function() sample:play(case[1]) end, case[2],
      case[3] .. " is an error that names it")
  end
  tap.raises(function() engine:play("kick") end, { "tabor.Sample" },
    "play needs a sample")
  tap.raises(function() other:play(sample) end, { "another engine" },
    "of the same engine")
  local voice = sample:play()
  tap.raises(function() voice:set {} end, { "gain" }, "set needs something")
  tap.raises(function() voice:set { volume = 1 } end, { "'volume'" },
    "that it knows")
  tap.raises(function() voice:stop { fade = -1 } end, { "fade" },
    "a fade is not negative")
  tap.raises(function() voice.gain = 1 end, {}, "fields can't be set")
  sample:unload()
  tap.fails("closed", { "unloaded" }, "an unloaded sample is a failure",
    sample:play())
  engine:render { frames = 100 }
  tap.is(voice.ended.reason, "finished", "and the engine plays on")
end

tap.done()
