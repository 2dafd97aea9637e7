#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- What load() takes, and what it says to what it can't take.
local tap = require "tap"
local tabor = require "tabor"

local engine = assert(tabor.open { driver = "offline" })

-- A WAV file of so many channels of 16 bit values, all 16384.
local function wav(channels, frames, rate)
  local data = ("\0\x40"):rep(channels * frames)
  return "RIFF" .. string.pack("<I4", 36 + #data) .. "WAVEfmt " ..
    string.pack("<I4I2I2I4I4I2I2", 16, 1, channels, rate, rate * channels * 2,
      channels * 2, 16) .. "data" .. string.pack("<I4", #data) .. data
end

-- The engine still renders what it is told to.
local function plays_on(name)
  local good = assert(engine:load({ 1, 1, 1, 1 }))
  local voice = good:play { pan = -1 }
  local audio = engine:render { frames = 10 }
  tap.ok(audio:get(0, 0) == 1 and audio:get(4, 0) == 0 and
    voice.ended.reason == "finished", name)
end

-- Files.
do
  local path = tap.write("mono.wav", wav(1, 100, 48000))
  local sample = assert(engine:load(path))
  tap.is(sample.frames, 100, "a sample tells its frames")
  tap.is(sample.channels, 1, "its channels")
  tap.is(sample.rate, 48000, "its rate")
  tap.near(sample.duration, 100 / 48000, 1e-12, "its duration")
  tap.is(sample.name, "lua-load.tmp.mono", "and its file's name")
  tap.is(sample.nonsense, nil, "and nothing else")
  tap.is(engine:load(path, { name = "tick" }).name, "tick",
    "a name can be given")
  tap.ok(tostring(sample):find("lua-load.tmp.mono", 1, true),
    "a sample's text has its name")

  local audio = assert(tabor.read(path))
  tap.is(audio.frames, 100, "read() gives the file's frames")
  tap.is(audio:get(99, 0), 0.5, "and their values, counted from 0")
  tap.is(audio:get(99), 0.5, "channel 0 if none is named")
  tap.raises(function() audio:get(100, 0) end, { "frame" },
    "a frame past the end is an error")
  tap.raises(function() audio:get(-1, 0) end, { "frame" },
    "and one before the start")
  tap.raises(function() audio:get(0, 1) end, { "channel" },
    "and a channel that it doesn't have")

  tap.is(assert(engine:load(path, { trusted = true })).frames, 100,
    "a trusted file loads")
  tap.is(assert(tabor.read(path, { trusted = true })):get(99), 0.5,
    "and is read")
  tap.is(assert(tabor.read(path, { rate = 96000 })).frames, 200,
    "read() resamples if it is asked to")
  tap.raises(function() tabor.read(path, { trust = true }) end,
    { "trusted" }, "its options have names")
  tap.raises(function() engine:load({ 1 }, { trusted = true }) end,
    { "files" }, "a table of numbers can't be trusted")

  path = tap.write("six.wav", wav(6, 50, 48000))
  tap.is(assert(engine:load(path)).channels, 6, "six channels load")
  path = tap.write("slow.wav", wav(2, 2400, 24000))
  sample = assert(engine:load(path))
  tap.is(sample.rate, 48000, "a file is resampled to the engine's rate")
  tap.is(sample.frames, 4800, "and is as long as before")
end

-- Saving, and loading what was saved.
do
  local values = {}
  for i = 1, 1000 do
    values[i] = math.sin(i)
  end
  local sample = engine:load(values)
  sample:play { pan = -1 }
  local audio = engine:render { frames = 1000 }
  local path = tap.file("saved.wav")
  tap.is(audio:save(path), true, "audio is saved")
  local again = assert(tabor.read(path))
  local same = 0
  for frame = 0, 999 do
    same = same + (again:get(frame, 0) == audio:get(frame, 0) and 1 or 0)
  end
  tap.is(same, 1000, "and read again bit for bit")
  tap.is(assert(engine:load(again)).frames, 1000, "an Audio loads")
  tap.raises(function() engine:load(again, { rate = 8000 }) end, { "rate" },
    "an Audio knows its own rate")
  tap.fails("missing", { "nosuchfolder" }, "saving into no folder is a failure",
    audio:save("nosuchfolder/x.wav"))
  tap.raises(function() audio:save("x.nonsense") end, { "nonsense" },
    "saving in no known format is an error")
  do
    local closed <close> = again
  end
  tap.raises(function() return again.frames end, { "closed" },
    "closed audio says so")
end

-- Tables.
do
  tap.is(engine:load({ 0, 0.5, 1 }).frames, 3, "a table of numbers is mono")
  local sample = engine:load({ { 0, 1, 0 }, { 1, 0, 1 } })
  tap.is(sample.channels, 2, "a table of tables has a channel in each")
  tap.is(sample.frames, 3, "of their length")
  tap.is(engine:load({ 1, 0, 1 }).rate, 48000,
    "without a rate a table has the engine's")
  tap.is(engine:load({ 0, 0 }, { rate = 24000 }).frames, 4,
    "with one it is resampled")

  local bad = {
    { {}, { "no values" }, "an empty table" },
    { { {} }, { "no values" }, "an empty channel" },
    { { 0, "x", 0 }, { "entry 2", "string" }, "a string among numbers" },
    { { 0, 0 / 0, 0 }, { "1" }, "NaN" },
    { { 0, 1 / 0 }, { "1" }, "infinity" },
    { { { 0, 0 }, { 0 } }, { "channel 1" }, "channels of two lengths" },
    { { { 0, 0 }, 5 }, { "channel 1", "number" }, "a number among channels" },
    { { { { 0 } } }, { "table" }, "a table in three dimensions" },
    { 5, { "number" }, "a number" },
    { true, { "boolean" }, "a boolean" },
    { nil, { "nil" }, "nil" },
  }
  for i = 1, 11 do
    tap.raises(function() engine:load(bad[i][1]) end, bad[i][2],
      bad[i][3] .. " is an error that names it")
  end
  local wide = {}
  for i = 1, 65 do
    wide[i] = { 0 }
  end
  tap.raises(function() engine:load(wide) end, { "65", "64" },
    "65 channels are too many")
  tap.fails("limit", { "rate" }, "a rate of 1 is past the limits",
    engine:load({ 0 }, { rate = 1 }))
  tap.raises(function() engine:load({ 0 }, { rat = 1 }) end,
    { "lua-load.lua:", "'rat'", "'rate'" },
    "an unknown option names the nearest")
  tap.raises(function() engine:load("a\0b") end, { "zero byte" },
    "a path with a zero byte is an error")
end

-- Files that are none.
do
  tap.fails("missing", { "nosuchfile.wav" }, "a missing file is named",
    engine:load("nosuchfile.wav"))
  tap.fails("io", { "directory" }, "a directory is no sound",
    engine:load("."))
  local path = tap.write("text.wav", "This is a text, whatever its name.\n")
  tap.fails("decode", { path }, "nor is a text", engine:load(path))
  path = tap.write("empty.wav", "")
  tap.fails("decode", { path }, "nor an empty file", engine:load(path))
  path = tap.write("cut.flac", "fLaC\0\0\0\x22" .. ("\0"):rep(10))
  tap.fails("decode", { path }, "nor a FLAC cut in its header",
    engine:load(path))
  local kit = tabor.kit()
  local whole = kit and tabor.read(kit.kick)
  if tap.ok(whole, "the kit has a kick") then
    local flac = tap.file("whole.flac")
    assert(whole:save(flac))
    local file <close> = assert(io.open(flac, "rb"))
    local bytes = file:read "a"
    path = tap.write("half.flac", bytes:sub(1, #bytes // 2))
    tap.is(engine:load(flac).frames, whole.frames, "a whole FLAC loads")
    tap.fails("decode", { path }, "a FLAC cut in half doesn't",
      engine:load(path))
  end
  tap.fails("missing", { "nosuchfile" }, "read() fails as load() does",
    tabor.read("nosuchfile"))
  plays_on("after all of these the engine plays on")
end

-- Unloading.
do
  local sample = assert(engine:load({ 1, 1, 1, 1, 1, 1 }))
  local voice = sample:play { pan = -1 }
  tap.is(sample:unload(), true, "a sample is unloaded")
  tap.is(sample:unload(), false, "once")
  tap.is(engine:render { frames = 10 }:get(5, 0), 1, "its voices ring")
  tap.is(voice.ended.reason, "finished", "to their end")
  sample = assert(engine:load({ 1, 1, 1, 1, 1, 1 }))
  voice = sample:play { pan = -1 }
  engine:render { frames = 2 }
  tap.is(sample:unload "cut", true, "or are cut")
  tap.is(engine:render { frames = 10 }:get(0, 0), 0, "at once")
  tap.is(voice.ended.reason, "unloaded", "and say so")
  tap.raises(function() sample:unload "slowly" end, { "'fade'", "slowly" },
    "another word is an error")
end

-- Found by its name, from another client too.
do
  local other <close> = assert(tabor.attach(engine.id))
  local one = assert(engine:load({ 1 }, { name = "one" }))
  local found = assert(other:sample "one")
  tap.is(found.frames .. " " .. found.name, "1 one",
    "a sample is found by its name")
  local newer = assert(other:load({ 1, 1 }, { name = "one" }))
  tap.is(engine:sample("one").frames, 2, "the newest")
  newer:unload()
  tap.is(engine:sample("one").frames, 1, "that is loaded")
  tap.fails("missing", { "'nobody'", "load it" }, "else there is none",
    engine:sample "nobody")
  one:unload()
  tap.fails("missing", { "'one'" }, "nor of one that was unloaded",
    engine:sample "one")
  tap.fails("closed", { "unloaded" }, "whoever had found it", found:play())
end

engine:close()
tap.done()
