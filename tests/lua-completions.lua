#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- 10,000 voices that end in one block have 10,000 ends, once each, also if the
-- script does not look at events for a while (5 s with TABOR_LONG=1).
local tap = require "tap"
local tabor = require "tabor"

local VOICES = 10000
local RATE = 8000
local BLOCK = 256
local AWAY_S = os.getenv("TABOR_LONG") and 5 or 1

local function ones(frames)
  local values = {}
  for i = 1, frames do
    values[i] = 1
  end
  return values
end

-- All begin at one frame. There are more than the schedule holds, so some are
-- sent later and catch up: that leaves their ends where they are.
local function play_all(sample, at, length, spread, make_room)
  local voices = {}
  while #voices < VOICES do
    local frames = length + #voices % spread
    local voice, message, code = sample:play { at_frame = at,
      late = "catch_up", duration = frames / RATE, gain = 1 / VOICES }
    if voice then
      voices[#voices + 1] = voice
    else
      assert(code == "full", message)
      make_room()
    end
  end
  return voices
end

-- Adds the ends among events to ends.
local function gather(events, ends)
  for _, event in ipairs(events) do
    if event.type == "ended" then
      ends[#ends + 1] = event
    end
  end
end

-- Each voice has its one end among ends.
local function check(ends, voices, at, length, spread)
  local by_id, twice, out_of_order, right = {}, 0, 0, 0
  for i, event in ipairs(ends) do
    twice = twice + (by_id[event.voice.id] and 1 or 0)
    by_id[event.voice.id] = event
    if i > 1 and event.frame < ends[i - 1].frame then
      out_of_order = out_of_order + 1
    end
  end
  for i, voice in ipairs(voices) do
    local event = by_id[voice.id]
    if event and event.reason == "finished" and event.voice == voice
      and event.frame == at + length + (i - 1) % spread
      and event.started - event.late == at then
      right = right + 1
    end
  end
  tap.is(twice, 0, "no voice ends twice")
  tap.is(out_of_order, 0, "ends come in the order of their frames")
  tap.is(right, VOICES, "each has ended as finished, on its frame")
end

for _, spread in ipairs { 1, BLOCK } do
  local engine <close> = assert(tabor.open { driver = "offline", rate = RATE,
    block = BLOCK, voices = VOICES, queue = 16384 })
  local length = 10 * BLOCK + 1 -- the first ends in the eleventh block
  local sample = assert(engine:load(ones(length + spread)))
  local voices = play_all(sample, 0, length, spread, function()
    engine:render { frames = 1 }
  end)
  engine:render { frames = 10 * BLOCK - engine:frame() }
  tap.is(engine:stats().voices, VOICES, "10,000 voices sound at once")
  local ends = {}
  gather(engine:poll(), ends)
  tap.is(#ends, 0, "and none has ended")
  engine:render { frames = BLOCK }
  gather(engine:poll(), ends)
  tap.is(#ends, VOICES,
    ("on %d frames of one block 10,000 ends come"):format(spread))
  check(ends, voices, 0, length, spread)
  tap.is(engine:stats().stolen, 0, "none was stolen")
end

do
  local engine <close> = assert(tabor.open { driver = "null", rate = RATE,
    block = BLOCK, voices = VOICES + 500, queue = 16384, on_full = "wait" })
  local length = AWAY_S * RATE
  local sample = assert(engine:load(ones(length)))
  local at = engine:frame()
  local voices = play_all(sample, at, length, 1)
  local others = 0
  for _ = 1, AWAY_S * 10 do
    others = others + (sample:play { duration = 10 / RATE } and 1 or 0)
    os.execute("sleep 0.1")
  end
  tap.is(others, AWAY_S * 10, "while nobody reads, other plays go on")
  local ends, events = {}
  repeat
    events = engine:wait(10)
    gather(events or {}, ends)
  until not events or #ends >= VOICES + others
  tap.is(#ends, VOICES + others, "then all ends are there")
  check(ends, voices, at, length, 1)
end

tap.done()
