#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- What Lua holds after many calls of every kind is what it held before.
local tap = require "tap"
local tabor = require "tabor"

local LONG = os.getenv("TABOR_LONG")
local TIMES = LONG and 20000 or 1000
local GOES = 3

local function ones(frames)
  local values = {}
  for frame = 1, frames do
    values[frame] = 0.1
  end
  return values
end

local SOUND = ones(100)
local TIMES_OF_MANY = {}
for i = 1, 20 do
  TIMES_OF_MANY[i] = 0.001 * i
end
local ENV = tabor.adsr {
  attack = 0.001, decay = 0.001, sustain = 0.5, release = 0.001,
}

local engine = assert(tabor.open { driver = "offline" })
local sample = assert(engine:load(SOUND, { name = "kept" }))
local full_engine = assert(tabor.open { driver = "offline", queue = 64 })
local full_sample = assert(full_engine:load(SOUND))
local gone_engine = assert(tabor.open { driver = "offline" })
local gone_sample = assert(gone_engine:load(SOUND))
gone_engine:close()
gone_engine:poll()
local stale_sample = assert(engine:load(SOUND))
stale_sample:unload()
local long_voice = assert(engine:load(ones(4800))):play { loop = true }
local audio = engine:render { frames = 100 }
local WAV = tap.file("sound.wav")
assert(audio:save(WAV))
local JUNK = tap.write("junk.wav", ("no sound "):rep(100))

repeat
  local room = full_sample:play()
until not room

-- Let all that was played end, and tell it.
local function settle()
  engine:render { frames = 300 }
  engine:poll()
end

-- The call raises.
local function raises(fn, ...)
  local words = table.pack(...)
  return function()
    assert(not pcall(fn, table.unpack(words, 1, words.n)))
  end
end

-- The call answers nil, a message and this code.
local function fails(code, fn, ...)
  local words = table.pack(...)
  return function()
    local value, message, got = fn(table.unpack(words, 1, words.n))
    assert(value == nil and message and got == code, got)
  end
end

local function play(...)
  return sample:play(...)
end

-- What costs microseconds.
local fast = {
  ["play"] = function() assert(sample:play()) end,
  ["play with options"] = function()
    assert(sample:play { velocity = 0.5, gain = 1.5, pan = -0.2, rate = 1.1,
      pitch = 2, at = engine:now(), offset = 0.0001, duration = 0.001,
      fade_in = 0.0001, fade_out = 0.0001, late = "catch_up", tag = 3 })
  end,
  ["play a loop with an envelope"] = function()
    sample:play({ loop = { 0, 0.001 }, env = ENV }):stop(0)
  end,
  ["engine:play"] = function()
    assert(engine:play(sample, { at_frame = engine:frame() + 10 }))
  end,
  ["play a slice"] = function()
    assert(sample:slice(0.0005, 0.001):play())
  end,
  ["play_many"] = function()
    local voices = assert(engine:play_many(sample, { at = TIMES_OF_MANY }))
    assert(#voices == 20 and voices[3])
    voices:stop()
  end,
  ["stop, set, seek, release"] = function()
    long_voice:set { gain = 0.5, pan = 0.1 }
    long_voice:seek(0.01)
    sample:play():stop()
    sample:play({ env = ENV }):release()
  end,
  ["a voice looked at"] = function()
    local voice <close> = sample:play()
    assert(tostring(voice) and voice.id and voice.alive and not voice.ended)
  end,
  ["wait for a voice"] = function() engine:wait(sample:play(), 0) end,
  ["cancel"] = function()
    sample:play { at = engine:now() + 9, tag = 7 }
    engine:cancel { tag = 7 }
  end,
  ["engine:stop"] = function()
    sample:play()
    engine:stop()
  end,
  ["gain"] = function() engine:gain(1) end,
  ["poll"] = function()
    sample:play()
    engine:poll()
  end,
  ["stats, meters"] = function()
    engine:stats()
    engine:meters()
    assert(tostring(engine) and tostring(sample) and sample.frames)
  end,
  ["batch"] = function()
    assert(engine:batch(function()
      sample:play()
      sample:play { at = engine:now() + 0.001 }
    end))
  end,
  ["batch that breaks"] = raises(function()
    engine:batch(function()
      sample:play()
      error("broken")
    end)
  end),
  ["called back"] = function()
    local count = 0
    local function told()
      count = count + 1
    end
    engine:on("ended", told)
    sample:play()
    settle()
    engine:off("ended", told)
    assert(count > 0)
  end,
  ["callback raises"] = function()
    local function told()
      error("no")
    end
    engine:on("ended", told)
    sample:play()
    engine:render { frames = 300 }
    assert(not pcall(engine.poll, engine))
    engine:off("ended", told)
  end,
  ["a callback in a coroutine"] = function()
    coroutine.wrap(function()
      engine:wait(sample:play(), 0)
    end)()
  end,
  ["a sample by name"] = function() assert(engine:sample("kept")) end,
  ["a sample that is not there"] = fails("missing", engine.sample, engine,
    "none"),
  ["load, unload"] = function() assert(engine:load(SOUND)):unload("cut") end,
  ["an unknown option"] = raises(play, { velosity = 1 }),
  ["a velocity of 127"] = raises(play, { velocity = 127 }),
  ["a word for a number"] = raises(play, { gain = "loud" }),
  ["a word that is none"] = raises(play, { late = "maybe" }),
  ["a loop that is none"] = raises(play, { loop = "x" }),
  ["an envelope that is none"] = raises(play, { env = 3 }),
  ["a stale sample"] = function()
    pcall(stale_sample.play, stale_sample)
  end,
  ["a closed engine"] = fails("closed", gone_sample.play, gone_sample),
  ["a full queue"] = fails("full", full_sample.play, full_sample),
  ["a full batch"] = fails("full", full_engine.play_many, full_engine,
    full_sample, { velocity = ones(48) }),
  ["play_many with a bad row"] = raises(engine.play_many, engine, sample,
    { velocity = { 1, 2 } }),
  ["load of nothing"] = raises(engine.load, engine, 3),
  ["load of no numbers"] = raises(engine.load, engine, { 1, "x", {} }),
  ["an event that is none"] = raises(engine.on, engine, "x", print),
}

-- What costs more: how many times as rare, and what.
local slow = {
  ["ping"] = { 10, function() engine:ping() end },
  ["panic"] = { 50, function()
    engine:panic()
    settle()
  end },
  ["open, attach, close"] = { 100, function()
    local other <close> = assert(tabor.open { driver = "offline" })
    local voice = assert(other:load(SOUND)):play()
    other:render { frames = 10 }
    tabor.attach(other.id):close()
    other:close()
    assert(voice.ended.reason == "detached")
  end },
  ["open with a thread"] = { 400, function()
    local other <close> = assert(tabor.open { driver = "null" })
    assert(other:ping())
  end },
  ["save"] = { 100, function() assert(audio:save(WAV)) end },
  ["read, trusted"] = { 50, function()
    assert(tabor.read(WAV, { trusted = true }))
  end },
  ["read"] = { 400, function() assert(tabor.read(WAV)) end },
  ["read of no sound"] = { 400, fails("decode", tabor.read, JUNK) },
  ["read of nothing"] = { 10, fails("missing", tabor.read, "t-none.wav") },
  ["a driver that is none"] = { 20, fails("device", tabor.open,
    { driver = "ofline" }) },
  ["a rate that is none"] = { 10, raises(tabor.open,
    { driver = "offline", rate = 1 }) },
  ["drivers"] = { 400, function() tabor.drivers() end },
}

local function held()
  collectgarbage()
  collectgarbage()
  return collectgarbage("count") * 1024
end

-- Bytes more in the state after so many calls. The first are not counted, and
-- of three goes the one that took least: a table grows now and then, a leak
-- always.
local function measure(fn, times)
  local function rounds(count)
    for i = 1, count do
      fn()
      if i % 20 == 0 then
        settle()
      end
    end
    settle()
  end
  rounds(math.min(times, 40))
  local least, before = math.huge, held()
  for _ = 1, GOES do
    rounds(times)
    local after = held()
    least, before = math.min(least, after - before), after
  end
  return least
end

-- A call that leaves the smallest object behind leaves 16 bytes and a
-- reference each time; tables that have grown may stay as they are.
local function has_grown(bytes, times)
  return bytes > 2048 + 8 * times
end

local kinds, calls, most, grown = 0, 0, -math.huge, {}
local function try(name, fn, times)
  local bytes = measure(fn, times)
  kinds, calls, most = kinds + 1, calls + GOES * times, math.max(most, bytes)
  if has_grown(bytes, times) then
    grown[#grown + 1] = ("%s: %d bytes in %d calls"):format(name, bytes, times)
  end
end

for name, fn in pairs(fast) do
  try(name, fn, TIMES)
end
for name, kind in pairs(slow) do
  try(name, kind[2], math.max(TIMES // kind[1], 20))
end
tap.note(("%d kinds, %d calls, at most %d bytes more"):format(kinds, calls,
  most))
tap.ok(kinds > 40 and #grown == 0,
  "calls of every kind leave nothing in the state, errors too "
  .. table.concat(grown, "; "))

-- The registry keeps what a binding forgets to give back.
local bytes = measure(function()
  table.insert(debug.getregistry(), (sample:play()))
end, 500)
tap.note(("%d bytes in 500 calls that keep a voice in the registry"):format(
  bytes))
tap.ok(has_grown(bytes, 500),
  "control: a voice that is kept a call is noticed")

-- What the process holds, in pages.
local function pages()
  local file <close> = assert(io.open("/proc/self/statm"))
  local _, resident = file:read("n", "n")
  return resident
end

local kept = {}
local function plays(count, keep)
  local ended = 0
  for _ = 1, count // 100 do
    for _ = 1, 100 do
      local voice = sample:play()
      kept[#kept + 1] = keep and voice or nil
    end
    engine:render { frames = 120 }
    for _, event in ipairs(engine:poll()) do
      ended = ended + (event.type == "ended" and 1 or 0)
    end
  end
  return ended
end

plays(20000)
local before = pages()
local count = LONG and 1000000 or 100000
local ended = plays(count)
local more = pages() - before
tap.note(("%d plays, %d pages more"):format(ended, more))
tap.is(ended, count, "each play has ended and was told")
tap.ok(more <= 256, "what the process holds does not grow with the plays")
before = pages()
plays(20000, true)
tap.ok(pages() - before > 256, "control: it does if the voices are kept")
tap.done()
