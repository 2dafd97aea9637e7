#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- An engine from Lua: opening, what it tells of itself, closing.
local tap = require "tap"
local tabor = require "tabor"

local function offline(options)
  options = options or {}
  options.driver = "offline"
  return assert(tabor.open(options))
end

tap.ok(tabor.version:match "^%d+%.%d+%.%d+$", "the module tells its version")
tap.near(tabor.db(-6), 0.5011872336, 1e-9, "-6 dB are a gain of 0.5012")
tap.is(tabor.db(0), 1.0, "0 dB are a gain of 1")

-- What is constant, is a field; what moves, is a method.
do
  local engine <close> = offline { rate = 44100, channels = 3, block = 100 }
  tap.is(engine.rate, 44100, "an engine has the rate that was asked for")
  tap.is(engine.channels, 3, "and the channels")
  tap.is(engine.block, 100, "and the block")
  tap.is(engine.driver, "offline", "and the driver")
  tap.is(type(engine.device), "string", "and a device's name")
  tap.is(engine.closed, false, "an open engine is not closed")
  tap.is(engine.nonsense, nil, "an engine has no other fields")
  tap.is(engine:frame(), 0, "its clock starts at frame 0")
  local audio = engine:render { frames = 441 }
  tap.is(audio.frames, 441, "it renders as many frames as asked for")
  tap.is(audio.channels, 3, "with its channels")
  tap.is(audio.rate, 44100, "at its rate")
  tap.is(engine:frame(), 441, "rendering moves its clock")
  tap.is(engine:now(), 0.01, "now is the frame in seconds")
  tap.is(engine:render(0.5).frames, 22050, "render(0.5) is half a second")
  tap.is(engine:render { seconds = 0.5 }.frames, 22050, "with a name too")
  tap.is(engine:gain(), 1.0, "the master volume is 1 at first")
  tap.is(engine:gain(0.25), true, "it can be set")
  tap.is(engine:gain(), 0.25, "and asked for")
  tap.is(engine:panic(), true, "panic is always possible")
  tap.ok(tostring(engine):find("offline", 1, true),
    "an engine's text names the driver")
end

-- Every object closes and prints itself, and is collected; a Voice that is
-- has nothing to let go of.
do
  local engine <close> = offline()
  local sample = assert(engine:load({ 0, 0, 0 }))
  local objects = { Engine = engine, Sample = sample, Voice = sample:play(),
    Audio = engine:render(0.1) }
  local looked = 0
  for name, object in pairs(objects) do
    local meta = getmetatable(object)
    tap.ok((meta.__gc or name == "Voice") and meta.__close and
      meta.__tostring and meta.__name == "tabor." .. name,
      name .. " is closed, collected and has __tostring and __name")
    looked = looked + 1
  end
  tap.is(looked, 4, "these are four classes")
end

do
  local engine <close> = offline { queue = 128 }
  engine:render(0.1)
  local stats = engine:stats()
  local names = { "frame", "voices", "queue_size", "queue_high", "refused",
    "stale", "late", "late_max", "stolen", "xruns", "load_mean", "load_max",
    "latency" }
  for _, name in ipairs(names) do
    tap.is(type(stats[name]), "number", "stats tell " .. name)
  end
  tap.is(type(stats.realtime), "boolean", "stats tell realtime")
  tap.is(stats.frame, 4800, "stats count the frames")
  tap.is(stats.queue_size, 128, "stats tell the queue that was asked for")
end

-- Closing.
do
  local engine = offline()
  local sample = engine:load({ 1, 1, 1, 1 })
  local voice = sample:play { at_frame = 100 }
  tap.is(engine:close(), true, "an engine closes")
  tap.is(engine:close(), true, "twice, too")
  tap.is(engine.closed, true, "then it is closed")
  tap.is(engine.rate, 48000, "and still has its rate")
  local calls = {
    load = function() return engine:load({ 0 }) end,
    play = function() return engine:play(sample) end,
    stop = function() return engine:stop() end,
    cancel = function() return engine:cancel() end,
    gain = function() return engine:gain(1) end,
    ping = function() return engine:ping() end,
    poll = function() return engine:poll() end,
    wait = function() return engine:wait(nil, 0) end,
    stats = function() return engine:stats() end,
    render = function() return engine:render(1) end,
    frame = function() return engine:frame() end,
    now = function() return engine:now() end,
    sample_play = function() return sample:play() end,
    sample_unload = function() return sample:unload() end,
    voice_set = function() return voice:set { gain = 1 } end,
  }
  for name, call in pairs(calls) do
    tap.fails("closed", { "closed", "tabor.open" },
      name .. " on a closed engine says so", call())
  end
  tap.is(engine:panic(), true, "panic is possible still")
  tap.is(voice.alive, false, "its voices are not alive")
  tap.is(voice.ended and voice.ended.reason, "detached",
    "they ended with the engine")
  tap.ok(tostring(engine):find("closed", 1, true), "its text says closed")
end

-- Bad options.
local function open(options)
  return function() return tabor.open(options) end
end
tap.raises(open { rate = 0 }, { "lua-engine.lua:", "rate", "0" },
  "rate 0 is an error at the caller's line that names it")
tap.raises(open { rate = -1 }, { "rate", "-1" }, "a negative rate is one")
tap.raises(open { rate = 48000.5 }, { "rate", "48000.5" }, "half a frame too")
tap.raises(open { rate = 1 << 40 }, { "rate" }, "a huge rate too")
tap.raises(open { rate = "fast" }, { "rate", "number", "string" },
  "a rate in words too")
tap.raises(open { channels = 65, driver = "offline" }, { "channels", "65" },
  "65 channels are too many")
tap.raises(open { block = 8193, driver = "offline" }, { "block", "8193" },
  "8193 frames are too long a block")
tap.raises(open { block = 8192, rate = 8000, driver = "offline" },
  { "block", "250" }, "a block over 250 ms is too long")
tap.raises(open { queue = 100, driver = "offline" }, { "queue", "100" },
  "a queue is a power of two")
tap.raises(open { rtae = 48000, driver = "offline" }, { "rtae", "'rate'" },
  "an unknown option is an error that names the nearest")
tap.raises(open { colour = "red", driver = "offline" }, { "colour" },
  "an unknown option without a like is named")
tap.raises(open { on_full = "explode" }, { "on_full", "explode", "'wait'" },
  "on_full is one of three words")
tap.raises(open "offline", { "table" }, "options come in a table")
tap.fails("device", { "nosuchdriver", "null" },
  "an unknown driver is a failure that names those there are",
  tabor.open { driver = "nosuchdriver" })
tap.raises(function()
  local engine <close> = assert(tabor.open { driver = "null" })
  engine:render(1)
end, { "render", "offline" }, "only an offline engine renders")
do
  local engine <close> = offline()
  local function render(...)
    local arguments = table.pack(...)
    return function()
      engine:render(table.unpack(arguments, 1, arguments.n))
    end
  end
  tap.raises(render(), { "render", "frames" }, "render needs a length")
  tap.raises(render(-1), { "-1" }, "a render is not negative")
  tap.raises(render { frames = 1, seconds = 1 }, { "frames" },
    "a render has one length")
  tap.fails("limit", {}, "a render over 512 MiB is refused",
    engine:render { frames = 1 << 40 })
  tap.raises(function() engine:gain(-1) end, { "gain" },
    "a gain is not negative")
  tap.raises(function() engine:gain(0 / 0) end, {}, "a gain is a number")
  tap.is(engine:render(0.1).frames, 4800, "the engine renders on")
end

-- Several references to one engine.
do
  local first <close> = offline()
  local second <close> = assert(tabor.attach(first.id))
  tap.is(second.id, first.id, "attach() joins an engine by its id")
  first:render(0.5)
  tap.is(second:frame(), 24000, "both have one clock")
  first:close()
  tap.is(second:render(0.5).frames, 24000,
    "the engine lives as long as one of them")
end
tap.fails("closed", { "4000000000" }, "an id that is none is refused by name",
  tabor.attach(4000000000))

-- Drivers and devices.
do
  local seen = {}
  for _, driver in ipairs(tabor.drivers()) do
    seen[driver.name] = driver
    tap.ok(type(driver.title) == "string" and
      (driver.why == "") == driver.available,
      ("driver %s tells whether it is available, or why not")
      :format(driver.name))
  end
  tap.ok(seen.null and seen.null.available, "the driver null is always there")
  tap.ok(seen.offline and seen.offline.available, "and offline")
  local devices = assert(tabor.devices "null")
  tap.ok(#devices >= 1 and devices[1].driver == "null" and
    type(devices[1].name) == "string" and type(devices[1].rates) == "table" and
    devices[1].outputs > 0, "the driver null has a device")
  tap.fails("device", { "nosuchdriver" }, "an unknown driver has no devices",
    tabor.devices "nosuchdriver")
end

-- On a driver that runs by itself.
do
  local engine <close> = assert(tabor.open { driver = "null" })
  local seconds = assert(engine:ping())
  tap.ok(seconds > 0 and seconds < 1, "a ping tells its round trip in seconds")
  local before = engine:frame()
  assert(engine:ping())
  assert(engine:ping())
  tap.ok(engine:frame() > before, "time runs by itself")
end

tap.done()
