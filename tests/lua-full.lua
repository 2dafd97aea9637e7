#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- A full queue: refused with the counts, and nothing that was accepted is lost.
local tap = require "tap"
local tabor = require "tabor"

-- Plays a click on each frame from first on until one is refused. Returns how
-- many were accepted, and what the refused call returned.
local function fill(sample, first)
  local accepted = 0
  while true do
    local voice, message, code =
      sample:play { at_frame = first + accepted, pan = -1 }
    if not voice then
      return accepted, message, code
    end
    accepted = accepted + 1
  end
end

-- How many frames of audio are 1 where they should be, and 0 elsewhere.
local function count_right(audio, start, first, accepted)
  local right = 0
  for i = 0, audio.frames - 1 do
    local frame = start + i
    local want = (frame >= first and frame < first + accepted) and 1 or 0
    right = right + (audio:get(i, 0) == want and 1 or 0)
  end
  return right
end

local function count_finished(events)
  local finished = 0
  for _, event in ipairs(events) do
    if event.type == "ended" and event.reason == "finished" then
      finished = finished + 1
    end
  end
  return finished
end

-- The ring, on an engine that stands still.
do
  local engine <close> = assert(tabor.open { driver = "offline", queue = 64 })
  local click = assert(engine:load({ 1 }))
  engine:render { frames = 100 }
  local accepted, message, code = fill(click, 200)
  tap.ok(accepted > 0 and accepted <= 64,
    "a queue of 64 takes some plays, and no more than 64")
  tap.is(code, "full", "then it is full")
  tap.ok(message:find("queue", 1, true) and message:find("1 needed", 1, true)
    and message:find("0 free", 1, true),
    "and tells which room, how much is needed and how much is free")
  tap.is(engine:stats().refused, 1, "the refusal is counted")
  tap.is(engine:cancel { tag = 77 }, true, "a cancel still has room")
  engine:render { frames = 50 } -- up to frame 150
  tap.is(engine:play(click, { at_frame = 500 }) ~= nil, true,
    "after a rendered block there is room again")
  local audio = engine:render { frames = 300 } -- up to frame 450
  tap.is(count_right(audio, 150, 200, accepted), 300,
    "what was accepted is heard on its frames, and nothing else")
  tap.is(count_finished(engine:poll()), accepted, "and each play ends")
end

-- The schedule, beyond the ring.
do
  local engine <close> = assert(tabor.open { driver = "offline", voices = 16 })
  local click = assert(engine:load({ 1 }))
  local first, accepted, message = 10000, 0
  repeat
    local some
    some, message = fill(click, first + accepted)
    accepted = accepted + some
    engine:render { frames = 1 }
  until message:find("schedule", 1, true)
  tap.ok(accepted >= 4000, "thousands of plays can be scheduled")
  tap.ok(message:find("1 needed", 1, true) and message:find("0 free", 1, true),
    "a full schedule tells the counts too")
  local start = engine:frame()
  local audio = engine:render { frames = 20000 }
  tap.is(count_right(audio, start, first, accepted), 20000,
    "each of them is heard on its frame")
  tap.is(count_finished(engine:poll()), accepted, "and ends")
  tap.ok(click:play(), "then there is room again")
end

-- The ring, the schedule and the plays' handles: what is short, options of
-- open(), plays that sound, plays that wait.
local rooms = {
  { "queue", { queue = 64 }, 48, 0 },
  { "schedule", { queue = 8192, voices = 8192 }, 0, 4080 },
  { "plays", { queue = 8192, voices = 2048 }, 2048, 2048 },
}
local LEVEL, LENGTH, LATER = 1 / 4096, 6000, 9000

-- The sum of all values of the next frames, in LEVELs; exact.
local function total(engine, frames)
  local audio, sum = engine:render { frames = frames }, 0
  for i = 0, frames - 1 do
    sum = sum + audio:get(i, 0)
  end
  return sum / LEVEL
end

-- Play until one is refused. Returns the voices by id, how many, what was
-- refused, and what was heard meanwhile.
local function fill_room(engine, sample, room)
  local voices, count, heard = {}, 0, 0
  local frame = room[4] > 0 and engine:frame() + LATER or nil
  local function play(options)
    local voice, message = sample:play(options)
    if voice then
      voices[voice.id], count = voice, count + 1
    end
    return voice, message
  end
  if room[4] > 0 and room[3] > 0 then
    for _ = 1, room[3] do
      assert(play {})
    end
    heard = total(engine, 1)
  end
  local voice, message
  repeat
    voice, message = play { at_frame = frame }
  until not voice
  return voices, count, message, heard
end

-- How many of the voices have their one end, for one of the reasons.
local function count_ends(engine, voices, reasons)
  local right = 0
  for _, event in ipairs(engine:poll()) do
    if event.type == "ended" and voices[event.voice.id] and
      reasons[event.reason] then
      voices[event.voice.id] = nil
      right = right + 1
    end
  end
  return right
end

for _, room in ipairs(rooms) do
  local which, most = room[1], room[3] + room[4]
  local options = { driver = "offline", channels = 1, queue = room[2].queue,
    voices = room[2].voices }

  local function opened()
    local engine, values = assert(tabor.open(options)), {}
    for i = 1, LENGTH do
      values[i] = LEVEL
    end
    local sample = assert(engine:load(values))
    engine:render { frames = 1 }
    return engine, sample
  end

  do
    local engine <close>, sample = opened()
    local voices, count, message, heard = fill_room(engine, sample, room)
    tap.is(count, most, ("%s: it takes %d plays"):format(which, most))
    tap.ok(message:find(which .. " full: 1 needed, 0 free", 1, true),
      which .. ": the next one is refused: " .. message)
    tap.is(heard + total(engine, 20000), most * LENGTH,
      which .. ": all that was accepted is heard, nothing else")
    tap.is(count_ends(engine, voices, { finished = true }), most,
      which .. ": and ends, once")
    tap.is(#engine:poll(), 0, which .. ": with no other event")
  end

  -- Something is sent when it is full: then there is silence, and room.
  local function silenced(what, send)
    local engine <close>, sample = opened()
    local voices = fill_room(engine, sample, room)
    send(engine, voices)
    tap.is(total(engine, 20000), 0,
      ("%s: %s gets through"):format(which, what))
    tap.is(count_ends(engine, voices, { stopped = true, cancelled = true }),
      most, which .. ": and each play has its one end")
    local _, again = fill_room(engine, sample, room)
    tap.is(again, most, which .. ": then all the room is there again")
  end

  silenced("stop and cancel", function(engine, voices)
    local stopped = 0
    for _, voice in pairs(voices) do
      if stopped < 14 then
        stopped = stopped + (voice:stop(0) == true and 1 or 0)
      end
    end
    tap.is(stopped, 14, which .. ": voices can be stopped")
    tap.is(engine:stop(0), true, which .. ": so can all of them")
    tap.is(engine:cancel(), true, which .. ": and what is scheduled")
  end)
  silenced("a panic", function(engine)
    engine:panic()
  end)
end

-- Waiting for room, on an engine that runs by itself.
do
  local engine <close> = assert(
    tabor.open { driver = "null", queue = 64, on_full = "wait" })
  local click = assert(engine:load({ 1 }))
  local accepted = 0
  for _ = 1, 2000 do
    accepted = accepted + (click:play() and 1 or 0)
  end
  tap.is(accepted, 2000, "on_full = \"wait\" refuses nothing")
  tap.ok(engine:stats().queue_high <= 64, "and never overfills the queue")
  local ended, events = 0
  repeat
    events = engine:wait(5)
    for _, event in ipairs(events or {}) do
      ended = ended + (event.type == "ended" and 1 or 0)
    end
  until ended == accepted or not events
  tap.is(ended, accepted, "every play ends")
end

-- An engine that only render() moves can't wait.
do
  local engine <close> = assert(
    tabor.open { driver = "offline", queue = 64, on_full = "wait" })
  local click = assert(engine:load({ 1 }))
  local _, _, code = fill(click, 10)
  tap.is(code, "full", "offline, nothing waits for a render that can't come")
end

-- Dropping.
do
  local engine <close> = assert(
    tabor.open { driver = "offline", queue = 64, on_full = "drop" })
  local click = assert(engine:load({ 1 }))
  local voices = {}
  for i = 1, 100 do
    voices[i] = click:play { at_frame = i, pan = -1 }
  end
  tap.is(#voices, 100, "on_full = \"drop\" gives a voice for each play")
  local last = voices[100]
  tap.is(last.alive, false, "one that was dropped is not alive")
  tap.is(last.ended.reason, "cancelled", "it has ended")
  tap.is(last.ended.started, nil, "before it began")
  tap.is(last:stop(), false, "it takes calls")
  tap.is(last:wait(), last.ended, "and is not waited for")
  tap.ok(engine:stats().refused > 0, "drops are counted")
  local dropped = engine:stats().refused
  engine:render { frames = 200 }
  tap.is(count_finished(engine:poll()), 100 - dropped, "the others are heard")
end

tap.done()
