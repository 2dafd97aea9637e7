#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Takes from Lua, and what leaves the mixer: limiter, meters, the guard.
local tap = require "tap"
local tabor = require "tabor"

local function open(options)
  options.driver = options.driver or "offline"
  return assert(tabor.open(options))
end

-- A sine of so many frames.
local function sine(frames, period)
  local values = {}
  for i = 1, frames do
    values[i] = math.sin(2 * math.pi * (i - 1) / period)
  end
  return values
end

-- So many frames of one value.
local function level(engine, value, frames)
  local values = {}
  for i = 1, frames do
    values[i] = value
  end
  return assert(engine:load { values, values })
end

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

-- Values that differ between the replay and the rendered parts, one after the
-- other, and the sum of all sizes.
local function compare(replay, parts)
  local at, differing, sum = 0, 0, 0
  for _, part in ipairs(parts) do
    for frame = 0, part.frames - 1 do
      for channel = 0, part.channels - 1 do
        local value = part:get(frame, channel)
        sum = sum + math.abs(value)
        if replay:get(at + frame, channel) ~= value then
          differing = differing + 1
        end
      end
    end
    at = at + part.frames
  end
  return differing, sum, at
end

-- Something of everything, sent between renders of uneven length.
local function perform(engine)
  local tone, buzz = assert(engine:load(sine(9000, 100))),
    assert(engine:load { sine(4000, 37), sine(4000, 41) })
  local parts = {}
  local function render(frames)
    parts[#parts + 1] = engine:render { frames = frames }
  end
  local low = tone:play { pitch = -7.3, loop = true, gain = 0.4,
    env = { attack = 0.01, decay = 0.1, sustain = 0.6, release = 0.05 } }
  for beat = 0, 5 do
    tone:play { at = beat / 20, pan = beat / 5 - 1, velocity = 0.3 }
  end
  render(777)
  engine:batch(function()
    buzz:play { rate = 1.5, fade_in = 0.01 }
    tone:play { at_frame = 3333, duration = 0.02, fade_out = 0.01 }
  end)
  low:set { pitch = 4, gain = 0.2, ramp = 0.02, at_frame = 2000 }
  render(2001)
  engine:gain(0.5, 0.01)
  buzz:unload "fade"
  local other <close> = assert(tabor.attach(engine.id))
  assert(other:load(sine(6000, 61))):play { gain = 0.5 }
  render(1234)
  other:close()
  low:release()
  render(5000)
  engine:panic()
  render(300)
  tone:slice(0.01, 0.05):play { loop = true, pan = 0.5 }
  render(3001)
  return parts
end

-- The same again.
for _, limiter in ipairs { false, true } do
  local kind = limiter and "with a limiter" or "without a limiter"
  local path = tap.file("take.tlog")
  local engine = open { rate = 44100, block = 333, voices = 6, log = path,
    limiter = limiter }
  local parts = perform(engine)
  engine:close()
  local replay = assert(tabor.replay(path))
  local differing, sum, frames = compare(replay, parts)
  tap.ok(sum > 500, "what was played sounds, " .. kind)
  tap.is(replay.frames, frames, "its take is as long, " .. kind)
  tap.is(differing, 0, "and the same value for value, " .. kind)
  tap.ok(replay.rate == 44100 and replay.channels == 2 and
    getmetatable(replay).__name == "tabor.Audio",
    "it is an Audio of the engine's rate and channels")
end

do
  local path = tap.file("three.tlog")
  local engine = open { channels = 3, log = path }
  assert(engine:load { { 0.1, 0.2 }, { 0.3, 0.4 }, { 0.5, 0.6 } }):play()
  tap.fails("missing", { path }, "a take has its name once its engine closes",
    tabor.replay(path))
  local part = engine:render { frames = 5 }
  engine:close()
  local replay = assert(tabor.replay(path))
  tap.is(replay.channels, 3, "a take of three channels has three")
  tap.is(compare(replay, { part }), 0, "with their values")

  local before = read_all(path)
  engine = open { channels = 3 }
  engine:render { frames = 5 }
  engine:close()
  tap.is(read_all(path), before, "an engine without log writes none")

  engine = open { log = path }
  engine:render { frames = 7 }
  engine:close()
  tap.is(assert(tabor.replay(path)).frames, 7,
    "a take replaces the one of the same name")

  do
    local leaving <close> = open { log = path }
    leaving:render { frames = 9 }
  end
  tap.is(assert(tabor.replay(path)).frames, 9, "<close> completes a take too")
  open { log = path }:render { frames = 11 }
  collectgarbage()
  collectgarbage()
  tap.is(assert(tabor.replay(path)).frames, 11, "so does the collector")
end

-- On an engine that runs by itself.
do
  local path = tap.file("null.tlog")
  local engine = open { driver = "null", block = 64, log = path }
  local click = assert(engine:load({ 0.25, 0.5, 0.25 }))
  local starts = {}
  for _ = 1, 20 do
    local ended = assert(click:play { pan = -1 }:wait(10))
    starts[#starts + 1] = ended.started
  end
  engine:close()
  local replay = assert(tabor.replay(path))
  local found = 0
  for _, start in ipairs(starts) do
    found = found + (replay:get(start, 0) == 0.25 and
      replay:get(start + 1, 0) == 0.5 and replay:get(start + 2, 0) == 0.25 and
      replay:get(start + 3, 0) == 0 and 1 or 0)
  end
  tap.is(found, 20, "a live take has each sound on the frame it was heard on")
end

-- Files that are no takes.
do
  local path = tap.file("good.tlog")
  local engine = open { log = path }
  perform(engine)
  engine:close()
  local bytes = read_all(path)
  tap.ok(#bytes > (9000 + 2 * 4000 + 6000) * 4, -- of float32
    "a take has its samples in it")
  local function replay(name, content)
    return tabor.replay(tap.write(name, content))
  end
  tap.fails("missing", { "lua-take.tmp.nosuch.tlog", "No such file" },
    "a missing take is told", tabor.replay "lua-take.tmp.nosuch.tlog")
  tap.fails("decode", { "bad.tlog" }, "an empty file is no take",
    replay("bad.tlog", ""))
  tap.fails("decode", { "bad.tlog", "not a take" }, "a text is none",
    replay("bad.tlog", ("la la la\n"):rep(100)))
  tap.is(tabor.replay ".", nil, "a folder is none")
  for _, length in ipairs { 10, 40, 60, 100, 5000, #bytes // 2, #bytes - 1 } do
    tap.fails("decode", { "bad.tlog" },
      ("the first %d bytes of a take are none"):format(length),
      replay("bad.tlog", bytes:sub(1, length)))
  end
  for place = 0, 23, 4 do -- the numbers that stand in its head
    local damaged = bytes:sub(1, place) .. "\xff\xff\xff\xff" ..
      bytes:sub(place + 5)
    tap.fails("decode", {}, ("nor one with byte %d damaged"):format(place),
      replay("bad.tlog", damaged))
  end
  local refused, played = 0, 0
  math.randomseed(11)
  for _ = 1, 60 do
    local pieces, last = {}, 1
    for _ = 1, 10 do
      local place = math.random(last, #bytes)
      pieces[#pieces + 1] = bytes:sub(last, place - 1)
      pieces[#pieces + 1] = string.char(math.random(0, 255))
      last = place + 1
      if last > #bytes then
        break
      end
    end
    pieces[#pieces + 1] = bytes:sub(last)
    local audio, message, code = replay("bad.tlog", table.concat(pieces))
    if audio then
      played = played + 1
    elseif type(message) == "string" and type(code) == "string" then
      refused = refused + 1
    end
  end
  tap.is(played + refused, 60, "60 damaged takes are played or refused")
  tap.ok(tabor.replay(path), "the good one is good still")
  tap.raises(function() tabor.replay() end, { "lua-take.lua:", "string" },
    "replay takes a path")
  tap.raises(function() tabor.replay "a\0b" end, { "zero" },
    "without a zero byte")
end

-- Options.
do
  tap.fails("io", { "/nowhere/at/all.tlog" },
    "a take that can't be written is a failure of open",
    tabor.open { driver = "offline", log = "/nowhere/at/all.tlog" })
  local function opening(options)
    return function() tabor.open(options) end
  end
  tap.raises(opening { log = 5 },
    { "lua-take.lua:", "log", "string", "number" },
    "log is a path")
  tap.raises(opening { log = "a\0b" }, { "log", "zero" },
    "without a zero byte")
  tap.raises(opening { limiter = 1 },
    { "limiter", "true or false", "number" }, "limiter is true or false")
  tap.raises(opening { driver = "offline", limitr = true },
    { "limitr", "'limiter'" }, "a misspelt limiter is named")
end

-- The limiter.
do
  local function render(limiter)
    local engine <close> = open { limiter = limiter }
    level(engine, 0.5, 100):play { gain = 8 }
    level(engine, 0.5, 100):play { at_frame = 200 }
    return engine:render { frames = 300 }
  end
  local loud, limited = render(false), render(true)
  tap.is(loud:get(50, 0), 4, "without a limiter 4 leaves as 4")
  tap.ok(limited:get(50, 0) < 1 and limited:get(50, 0) > 0.75,
    "with one it stays below 1")
  tap.is(limited:get(250, 0), 0.5, "what is below its knee is untouched")
  tap.is(compare(render(nil), { loud }), 0, "there is none unless asked for")
end

-- Meters.
do
  local engine <close> = open { channels = 2 }
  local meters = engine:meters()
  tap.is(#meters, 2, "there is a meter for each channel")
  tap.ok(meters[1].peak == 0 and meters[2].rms == 0 and
    math.type(meters[1].clipped) == "integer" and meters[1].clipped == 0,
    "all at zero before anything sounds")
  local tone = assert(engine:load { sine(4800, 100), sine(4800, 100) })
  tone:play { gain = 0.5 }
  engine:render { frames = 4800 }
  meters = engine:meters()
  tap.near(meters[1].peak, 0.5, 1e-6, "a peak is the largest size")
  tap.near(meters[2].rms, 0.5 / math.sqrt(2), 1e-6,
    "the rms of a sine is its peak by the root of 2")
  tap.is(engine:meters()[1].peak, 0, "a look begins anew")
  level(engine, -0.5, 100):play { gain = 3, pan = -1 }
  engine:render { frames = 1000 }
  meters = engine:meters()
  tap.ok(meters[1].peak == 1.5 and meters[1].clipped == 100,
    "what is above 1 in size is counted")
  tap.ok(meters[2].peak == 0 and meters[2].clipped == 0,
    "on its own channel only")
  engine:render { frames = 1000 }
  tap.is(engine:meters()[1].clipped, 100, "and stays counted")
  engine:close()
  tap.fails("closed", { "closed", "tabor.open" },
    "a closed engine has no meters", engine:meters())
  local wide <close> = open { channels = 64 }
  tap.is(#wide:meters(), 64, "64 channels have 64")
end

-- The guard.
do
  local engine <close> = open {}
  tap.is(engine:stats().unsound, 0, "no value was unsound at first")
  level(engine, 3.4028234663852886e38, 10):play { gain = 16 }
  local audio = engine:render { frames = 20 }
  tap.is(engine:stats().unsound, 20, "what overflows is counted in stats")
  tap.is(audio:get(5, 0), 0, "and silent")
end

tap.done()
