#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Loops, fades, envelopes, choke groups and slices, frame by frame against
-- closed forms.
local tap = require "tap"
local tabor = require "tabor"

local like, bend = tap.like, tap.bend

local RATE = 8000
local DECLICK = 40  -- frames of the 5 ms that a stop takes unless told
local FLOAT = 1e-6  -- a few roundings of float32 values up to 1

local function open()
  -- straight lines are easy to reckon
  return assert(tabor.open { driver = "offline", rate = RATE,
    kernel = "linear" })
end

local function table_of(frames, value)
  local values = {}
  for i = 1, frames do
    values[i] = value(i - 1)
  end
  return values
end

local function ones(frames)
  return table_of(frames, function() return 1 end)
end

-- Exact in float32 if frames is a power of two.
local function ramp(frames)
  return table_of(frames, function(i) return i / frames end)
end

-- Play values on an engine of their own; the render of so many frames, and
-- what became of the voice.
local function render(values, options, frames)
  local engine <close> = open()
  options.pan = -1
  local voice = assert(assert(engine:load(values)):play(options))
  local audio = engine:render { frames = frames or 200 }
  return audio, voice.ended
end

-- Loops.
do
  local function looped(first, last)
    return function(f)
      return (f < last and f or first + (f - last) % (last - first)) / 64
    end
  end
  local audio, ended = render(ramp(64), { loop = { 20 / RATE, 50 / RATE } })
  like(audio, 0, looped(20, 50), 0,
    "a loop goes round between its points, bit for bit")
  tap.is(ended, nil, "and has no end")
  like(render(ramp(64), { loop = true }), 0, looped(0, 64), 0,
    "loop = true is all of a sample that has no loop of its own")
  like(render(ramp(64), { loop = false }), 0,
    function(f) return f < 64 and f / 64 or 0 end, 0,
    "loop = false is no loop")
  like(render(ramp(64), { loop = { 0.0025, 0.00625 }, offset = 30 / RATE,
                             fade_in = 0 }), 0,
    function(f) return looped(20, 50)(f + 30) end, 0,
    "a loop can be begun in its middle")
  audio, ended = render(ramp(64),
    { loop = true, duration = 150 / RATE, fade_out = 0 })
  like(audio, 0, function(f) return f < 150 and f % 64 / 64 or 0 end, 0,
    "duration counts each turn")
  tap.is(ended.reason .. " " .. ended.frame, "finished 150", "and ends it")

  -- Straight lines miss a sine of 80 frames by at most (2 pi / 80)^2 / 8.
  local sine = table_of(240, function(i) return math.sin(i * math.pi / 40) end)
  audio = render(sine, { rate = 1.37, loop = { 0.01, 0.02 } }, 2000)
  like(audio, 0, function(f) return math.sin(f * 1.37 * math.pi / 40) end,
    8e-4, "a pitched loop of a whole period has no seam")

  like(render(ramp(64), { loop = { 0.0025, 0.00625 }, loop_fade = 10 / RATE }),
    0, function(f)
      f = f < 50 and f or 20 + (f - 50) % 30
      return (f - 30 * bend((f - 40) / 10)) / 64
    end, FLOAT, "loop_fade crosses a loop's end into what is before it")

  local engine <close> = open()
  local sample = assert(engine:load(ramp(64)))
  local function refused(options, words, name, from)
    tap.raises(function() (from or sample):play(options) end, words, name)
  end
  refused({ loop_fade = 0.001 }, "there is no loop", "it needs a loop")
  refused({ loop = { 0.0025, 0.00625 }, loop_fade = 21 / RATE },
    "20 before the loop's start", "and frames before it")
  local slice = sample:slice(10 / RATE)
  refused({ loop = { 0.0025, 0.00625 }, loop_fade = 21 / RATE },
    "the slice has 20 before the loop's start", "in a slice its own", slice)
  refused({ loop = { 0, 0.005 }, loop_fade = 1 / RATE },
    "the slice has 0 before", "even where the sample has more", slice)

  local voice = sample:play { loop = true }
  engine:render(1)
  tap.is(voice.alive, true, "a loop goes on")
  voice:stop()
  engine:render { frames = DECLICK + 1 }
  tap.is(voice.ended.reason, "stopped", "until it is stopped")
end

-- The loop that a file tells of: in WAV, first and last frame.
do
  local data = string.pack("<" .. ("i2"):rep(16), table.unpack(
    table_of(16, function(i) return i * 2048 end)))
  local smpl = string.pack("<" .. ("I4"):rep(15), 0, 0, 0, 60, 0, 0, 0, 1, 0,
    0, 0, 4, 11, 0, 0)
  local chunks = "WAVEfmt " ..
    string.pack("<I4I2I2I4I4I2I2", 16, 1, 1, RATE, RATE * 2, 2, 16) ..
    "data" .. string.pack("<s4", data) .. "smpl" .. string.pack("<s4", smpl)
  local path = tap.write("loop.wav", "RIFF" .. string.pack("<s4", chunks))
  local engine <close> = open()
  local sample = assert(engine:load(path))
  tap.is(sample.loop_start, 4 / RATE, "a sample tells where its loop begins")
  tap.is(sample.loop_end, 12 / RATE, "and where it ends, in seconds")
  sample:play { loop = true, pan = -1 }
  like(engine:render { frames = 100 }, 0, function(f)
    return (f < 12 and f or 4 + (f - 12) % 8) / 16
  end, 0, "loop = true is that loop")
  local plain = assert(engine:load(ramp(64)))
  tap.ok(plain.loop_start == nil and plain.loop_end == nil,
    "a sample without a loop tells of none")
  tap.ok(sample:slice(0).loop_start == nil, "nor does a slice")
end

-- Fades.
do
  local audio, ended = render(ones(100),
    { fade_in = 20 / RATE, fade_out = 40 / RATE })
  like(audio, 0, function(f)
    return bend(f / 20) * bend((100 - f) / 40)
  end, FLOAT, "fades go in and out on their curve")
  tap.is(ended.frame, 100, "and end with the sample")
  like(render(ones(100), { fade_out = 40 / RATE, duration = 60 / RATE }), 0,
    function(f) return bend((60 - f) / 40) end, FLOAT,
    "or with the duration")
  like(render(ones(100), { fade_out = 20 / RATE, rate = 2 }), 0,
    function(f) return bend((50 - f) / 20) end, FLOAT,
    "fades are timed in what is heard, whatever the rate")
  like(render(ones(64), { loop = true, fade_in = 100 / RATE }), 0,
    function(f) return bend(f / 100) end, FLOAT,
    "a fade goes on over a loop")
end

-- Ramps where a play starts or ends in mid-sample.
do
  local function soft(options, frames, starts, ends, name)
    local fade = math.min(DECLICK, starts and ends and frames // 2 or frames)
    like(render(ones(200), options, 300), 0, function(f)
      return f >= frames and 0 or (starts and bend(f / fade) or 1) *
        (ends and bend((frames - f) / fade) or 1)
    end, FLOAT, name)
  end
  local offset, duration = 20 / RATE, 100 / RATE
  soft({}, 200, false, false, "a whole sample has no ramps")
  soft({ offset = offset }, 180, true, false, "begun in its middle it ramps")
  soft({ duration = duration }, 100, false, true, "cut short it ramps too")
  soft({ offset = offset, duration = 30 / RATE }, 30, true, true,
    "for half its time if that is short")
  soft({ offset = offset, duration = duration, fade_in = 0, fade_out = 0 },
    100, false, false, "a fade of 0 is none")
  soft({ loop = true, duration = 250 / RATE }, 250, false, true,
    "a loop's duration ends in one")
  local engine <close> = open()
  local slice = assert(engine:load(ones(200))):slice(20 / RATE, 120 / RATE)
  slice:play { pan = -1 }
  like(engine:render { frames = 150 }, 0, function(f)
    return f < 100 and 1 or 0
  end, 0, "a slice's own edges need none")
  slice:play { pan = -1, offset = 10 / RATE }
  like(engine:render { frames = 150 }, 0, function(f)
    return f < 90 and bend(f / DECLICK) or 0
  end, FLOAT, "its middle does")
end

-- Envelopes.
do
  local times = { attack = 20 / RATE, hold = 10 / RATE, decay = 40 / RATE,
                  sustain = 0.25, release = 50 / RATE }
  local function held(f)
    return bend(f / 20) - 0.75 * bend((f - 30) / 40)
  end
  like(render(ones(500), { env = times }), 0, held, FLOAT,
    "an envelope attacks, holds, decays and sustains")
  like(render(ones(500), { env = tabor.adsr(times) }), 0, held, FLOAT,
    "adsr() makes the same of the same times")
  like(render(ones(64), { env = times, loop = true }), 0, held, FLOAT,
    "over a loop too")
  local audio, ended = render(ones(500),
    { env = { attack = 20 / RATE, decay = 80 / RATE, sustain = 0 } })
  like(audio, 0, function(f)
    return bend(f / 20) - bend((f - 20) / 80)
  end, FLOAT, "what sustains nothing dies away")
  tap.is(ended.reason .. " " .. ended.frame, "finished 100",
    "and ends by itself")
  like(render(ones(500), { env = {} }), 0, function() return 1 end, FLOAT,
    "an envelope without times is there at once")

  local env = tabor.adsr { decay = 0.1 }
  tap.is(env.decay, 0.1, "adsr() gives the times back")
  tap.ok(env.attack == 0 and env.hold == 0 and env.sustain == 1 and
    env.release == 0.005, "and what was left out")

  -- Release: from the sustain, from the attack, before the start.
  local engine <close> = open()
  local sample = assert(engine:load(ones(800)))
  local voice = sample:play { env = times, pan = -1 }
  tap.is(voice:release { at_frame = 100 }, true,
    "a voice can be released ahead of time")
  like(engine:render { frames = 200 }, 0, function(f)
    return held(f) * bend((150 - f) / 50)
  end, FLOAT, "then it goes from where it is to nothing")
  tap.is(voice.ended.reason .. " " .. voice.ended.frame, "finished 150",
    "and has finished")
  tap.is(voice:release(), false, "once")
  voice = sample:play { env = times, pan = -1 }
  voice:release { at = 210 / RATE }
  like(engine:render { frames = 100 }, 0, function(f)
    return bend(math.min(f, 10) / 20) * bend((60 - f) / 50)
  end, FLOAT, "released in the attack, it goes from there")
  voice = sample:play { env = times, at_frame = 1000 }
  voice:release()
  like(engine:render { frames = 900 }, 0, function() return 0 end, 0,
    "released before its start, it is not heard")
  tap.is(voice.ended.reason, "cancelled", "but withdrawn")
  voice = sample:play { pan = -1 }
  engine:render { frames = 100 }
  voice:release()
  like(engine:render { frames = 100 }, 0,
    function(f) return 1 - bend(f / DECLICK) end, FLOAT,
    "without an envelope a release is a stop")
  tap.is(voice.ended.reason, "stopped", "and says so")
end

-- Choke groups.
do
  local engine <close> = open()
  local sample = assert(engine:load(ones(800)))
  local hat = sample:play { choke = 1, pan = -1 }
  local other = sample:play { choke = 2, pan = 1 }
  local closed = sample:play { choke = 1, gain = 0, at_frame = 100 }
  local audio = engine:render { frames = 300 }
  like(audio, 0, function(f)
    return 1 - bend((f - 100) / DECLICK)
  end, FLOAT, "a voice silences the others of its choke group")
  like(audio, 1, function() return 1 end, FLOAT, "and no other one")
  tap.is(hat.ended.reason, "stopped", "which is told")
  tap.ok(other.alive and closed.alive, "the others go on")
  local first = sample:play { choke = 3 }
  local second = sample:play { choke = 3 }
  engine:render { frames = 100 }
  tap.ok(first.alive and second.alive, "a chord does not choke itself")
end

-- Slices.
do
  local engine <close> = open()
  local line = assert(engine:load(ramp(64), { name = "line" }))
  local slice = assert(line:slice(16 / RATE, 48 / RATE))
  tap.is(slice.frames, 32, "a slice tells its own frames")
  tap.is(slice.duration, 32 / RATE, "and its own duration")
  tap.is(slice.name, "line", "its sample's name")
  tap.ok(slice.rate == RATE and slice.channels == 1, "rate and channels")
  tap.ok(tostring(slice):find("line", 1, true), "and its text has the name")

  -- The slice as heard: so many frames from first on, then silence.
  local function heard(options, first, frames, name)
    options.pan = -1
    slice:play(options)
    like(engine:render { frames = 100 }, 0, function(f)
      return f < frames and (first + f) / 64 or 0
    end, 0, name)
  end
  heard({}, 16, 32, "a slice plays what it is cut from, and no more")
  heard({ offset = 10 / RATE, fade_in = 0 }, 26, 22,
    "an offset counts within it")
  heard({ duration = 10 / RATE, fade_out = 0 }, 16, 10, "a duration too")
  heard({ duration = 1 }, 16, 32, "a longer one ends with it")
  heard({ offset = 32 / RATE }, 0, 0, "an offset at its end is silence")

  local function goes_round(options, first, last, name)
    options.pan = -1
    local voice = slice:play(options)
    like(engine:render { frames = 100 }, 0, function(f)
      f = 16 + f
      return (f < last and f or first + (f - last) % (last - first)) / 64
    end, 0, name)
    voice:stop(0)
    engine:render { frames = 1 }
  end
  goes_round({ loop = true }, 16, 48, "loop = true loops the slice")
  goes_round({ loop = { 4 / RATE, 20 / RATE } }, 20, 36,
    "loop points count within it")
  slice:play { pan = -1, loop = true, duration = 70 / RATE, offset = 0.001,
               fade_in = 0, fade_out = 0 }
  like(engine:render { frames = 100 }, 0, function(f)
    return f < 70 and (16 + (f + 8) % 32) / 64 or 0
  end, 0, "and duration counts each turn")

  local inner = slice:slice(4 / RATE, 12 / RATE)
  engine:play(inner, { pan = -1 })
  like(engine:render { frames = 50 }, 0, function(f)
    return f < 8 and (20 + f) / 64 or 0
  end, 0, "a slice of a slice counts within it")
  tap.is(line:slice(0.001).frames, 56, "without an end it goes to the end")
  tap.is(line:slice(0, line.duration).frames, 64, "all of it is a slice")
  inner:play { rate = 2, pan = -1 }
  like(engine:render { frames = 50 }, 0, function(f)
    return f < 4 and (20 + 2 * f) / 64 or 0
  end, FLOAT, "a slice is pitched like a sample")

  tap.raises(function() slice:play { offset = 33 / RATE } end,
    { "offset", "33", "32" }, "an offset past the slice is an error")
  tap.raises(function() slice:play { loop = { 0, 33 / RATE } } end,
    { "loop", "0.004" }, "a loop past it too")
  for _, case in ipairs {
    { 0.002, 0.001, "one that ends before it begins" },
    { 0.001, 0.001, "an empty one" },
    { 0, 1, "one past the end" },
    { -1, 0.001, "one before the start" },
    { 0 / 0, 0.001, "one from nowhere" },
  } do
    tap.raises(function() line:slice(case[1], case[2]) end,
      { "lua-shape.lua:", "slice" }, "no slice is " .. case[3])
  end

  tap.is(inner:unload(), true, "a slice is unloaded")
  tap.is(inner:unload(), false, "once")
  tap.fails("closed", { "unloaded" }, "then it can't be played", inner:play())
  tap.fails("closed", { "unloaded" }, "nor sliced", inner:slice(0))
  tap.ok(slice:play() and line:play(), "but what it was cut from")
  do
    local closed <close> = line:slice(0)
  end
  tap.ok(line:play(), "closing a slice does nothing to its sample")
  line:unload()
  tap.fails("closed", { "unloaded" }, "with its sample a slice has gone",
    slice:play())
  tap.ok(tostring(slice):find("unloaded", 1, true), "and its text says so")
end

do
  local engine <close> = open()
  local slice = engine:load(ramp(64)):slice(0.001, 0.002):slice(0.0005)
  for _ = 1, 3 do
    collectgarbage()
    engine:render { frames = 10 }
  end
  slice:play { pan = -1 }
  like(engine:render { frames = 20 }, 0, function(f)
    return f < 4 and (12 + f) / 64 or 0
  end, 0, "a slice keeps its sample alive")
  local whole = engine:load(ramp(64))
  for _ = 1, 1000 do
    whole:slice(0.001)
  end
  collectgarbage()
  engine:render { frames = 10 }
  tap.ok(whole:play(), "slices that are collected leave it alone")
  engine:close()
  tap.fails("closed", { "closed" }, "a closed engine has no slices",
    slice:slice(0))
end

-- Misuse.
do
  local engine <close> = open()
  local sample = assert(engine:load(ones(80)))
  local bad = {
    { { loop = 1 }, { "loop", "true", "number" }, "a loop that is a number" },
    { { loop = {} }, { "loop", "start" }, "a loop without points" },
    { { loop = { 0.001 } }, { "loop", "end" }, "a loop with one point" },
    { { loop = { "a", "b" } }, { "loop", "string" }, "a loop in words" },
    { { loop = { 0.005, 0.005 } }, { "loop", "0.005" }, "an empty loop" },
    { { loop = { 0, 1 } }, { "loop", "0.01" }, "a loop past the end" },
    { { loop = { -1, 0.005 } }, { "loop", "-1" }, "a negative loop" },
    { { fade_in = -1 }, { "fade_in", "-1" }, "a negative fade in" },
    { { fade_out = 1 / 0 }, { "fade_out" }, "an endless fade out" },
    { { fadein = 1 }, { "'fadein'", "'fade_in'" }, "a misspelt fade" },
    { { choke = -1 }, { "choke" }, "a negative choke group" },
    { { choke = "hat" }, { "choke", "number" }, "a choke group in words" },
    { { env = 1 }, { "env", "table" }, "an envelope that is a number" },
    { { env = { atack = 1 } },
      { "lua-shape.lua:", "'atack'", "'attack'" }, "a misspelt time" },
    { { env = { sustain = 2 } }, { "sustain", "2" }, "a sustain above 1" },
    { { env = { attack = -1 } }, { "attack", "-1" }, "a negative attack" },
    { { env = { decay = "x" } }, { "decay", "number" }, "a decay in words" },
  }
  for _, case in ipairs(bad) do
    tap.raises(function() sample:play(case[1]) end, case[2],
      case[3] .. " is an error that names it")
  end
  tap.raises(function() tabor.adsr { relase = 1 } end,
    { "lua-shape.lua:", "'relase'", "'release'" },
    "adsr() names the nearest time too")
  tap.raises(function() tabor.adsr { hold = -1 } end, { "hold", "-1" },
    "and knows no negative ones")
  tap.raises(function() tabor.adsr { sustain = -0.1 } end, { "sustain" },
    "nor sustains")
  local voice = sample:play()
  tap.raises(function() voice:release { fade = 1 } end, { "'fade'" },
    "a release takes no fade")
  tap.raises(function() voice:release { at = 1, at_frame = 1 } end,
    { "at_frame" }, "and one time")
end

tap.done()
