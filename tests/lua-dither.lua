#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- 16 and 24 bits from Lua: files, and a device that takes them.
local tap = require "tap"
local tabor = require "tabor"

-- The values' bytes in a WAV file, its tag and its bits.
local function data_of(path)
  local file <close> = assert(io.open(path, "rb"))
  local whole = file:read "a"
  local at, found = 13, {}
  while at < #whole do
    local name, size = string.unpack("<c4I4", whole, at)
    found[name] = whole:sub(at + 8, at + 7 + size)
    at = at + 8 + size + size % 2
  end
  local tag, _, _, _, _, bits = string.unpack("<I2I2I4I4I2I2", found["fmt "])
  return found.data, tag, bits
end

-- Integers of so many bytes, interleaved, that are not within one and a half
-- steps of audio's values, or, if exact, not the nearest; and their count.
local function count_wrong(data, bytes, audio, exact)
  local steps = 2 ^ (8 * bytes - 1)
  local wrong, count, moved = 0, 0, 0
  for frame = 0, audio.frames - 1 do
    for channel = 0, audio.channels - 1 do
      local n = string.unpack("<i" .. bytes, data, count * bytes + 1)
      local want = audio:get(frame, channel) * steps
      local top = math.max(-steps, math.min(steps - 1, want))
      if math.abs(n - top) > (exact and 0.5 or 1.5) then
        wrong = wrong + 1
      end
      if math.abs(n - top) > 0.5 then
        moved = moved + 1
      end
      count = count + 1
    end
  end
  return wrong, count, moved
end

local engine <close> = assert(tabor.open { driver = "offline" })
local values = {}
for i = 1, 2000 do
  values[i] = 1.2 * math.sin(i / 7)
end
assert(engine:load(values)):play()
local audio = engine:render { frames = 2000 }

for _, bits in ipairs { 16, 24 } do
  local path = tap.file("some.wav")
  tap.is(audio:save(path, { bits = bits }), true, bits .. " bits are saved")
  local data, tag, held = data_of(path)
  tap.ok(tag == 1 and held == bits, "as integers of so many bits")
  local wrong, count, moved = count_wrong(data, bits // 8, audio)
  tap.is(count, 4000, "all values are there")
  tap.is(wrong, 0, "each within a step of dither and half of rounding")
  tap.ok(moved > 500, "and many moved by the dither")
  assert(audio:save(path, { bits = bits, dither = false }))
  wrong, count = count_wrong(data_of(path), bits // 8, audio, true)
  tap.ok(count == 4000 and wrong == 0, "without dither each is the nearest")
end

do
  local path = tap.file("float.wav")
  assert(audio:save(path, { bits = 32 }))
  local _, tag, bits = data_of(path)
  tap.ok(tag == 3 and bits == 32, "32 bits are float")
end

-- What is wrong.
local function saving(name, options)
  return function() audio:save(tap.file(name), options) end
end

tap.raises(saving("x.wav", { bits = 12 }),
  { "bits is 12", ".wav", "32, 24, 16" },
  "bits that WAV can't hold are an error with those it can")
tap.raises(saving("x.flac", { bits = 32 }), { "bits is 32", ".flac", "24, 16" },
  "so are FLAC's")
tap.raises(saving("x.ogg", { bits = 16 }), { "bits is 16", ".ogg", "Vorbis" },
  "Ogg has none")
tap.raises(saving("x.wav", { bit = 16 }), { "'bit'", "'bits'" },
  "a misspelt option is named")
tap.raises(saving("x.wav", { bits = "16" }), { "bits", "number", "string" },
  "bits is a number")
tap.raises(saving("x.wav", { dither = 0 }), { "dither", "true or false" },
  "dither is true or false")
tap.raises(saving("x.wav", 16), { "save", "table" }, "options come in a table")
tap.raises(function() tabor.open { driver = "offline", dither = "no" } end,
  { "dither", "true or false" }, "of an engine too")

-- The driver tape, one of the tests' own, keeps what it is given.
for _, dither in ipairs { true, false } do
  local tape, take = tap.file("tape.raw"), tap.file("take.tlog")
  do
    local live <close> = assert(tabor.open { driver = "tape", format = "s16",
      file = tape, log = take, dither = dither, block = 200 })
    local sample = assert(live:load(values))
    sample:play { pan = 0.3 }
    tap.ok(sample:play { at = live:now() + 0.05, pitch = -3 }:wait(30),
      "a device of 16 bits plays, dither " .. tostring(dither))
  end
  local again = assert(tabor.replay(take))
  local path = tap.file("again.wav")
  assert(again:save(path, { bits = 16, dither = dither }))
  local file <close> = assert(io.open(tape, "rb"))
  local bytes = file:read "a"
  -- zeros for calls before the engine let it in or after it was shut out
  local data = data_of(path)
  local from, to = bytes:find(data, 1, true)
  tap.ok(again.frames > 2000 and #data == 4 * again.frames and from,
    "and was given the bytes of its take's file")
  local rest = from and bytes:sub(1, from - 1) .. bytes:sub(to + 1) or "x"
  tap.is(rest:find "[^\0]", nil, "and nothing else")
  tap.ok(bytes:find "[^\0\1\255]", "which are not silence")
end
tap.done()
