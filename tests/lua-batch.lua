#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Batches: what is in one is heard from one frame on, or not at all.
local tap = require "tap"
local tabor = require "tabor"

local function open(options)
  options.driver = options.driver or "offline"
  return assert(tabor.open(options))
end

-- So many plays of a click, one a frame from first on.
local function click_row(click, first, count)
  local voices = {}
  for i = 1, count do
    voices[i] = assert(click:play { at_frame = first + i - 1, pan = -1 })
  end
  return voices
end

local function heard(audio)
  local sum = 0
  for frame = 0, audio.frames - 1 do
    sum = sum + audio:get(frame, 0)
  end
  return sum
end

local function count_ended(events)
  local count = 0
  for _, event in ipairs(events) do
    count = count + (event.type == "ended" and 1 or 0)
  end
  return count
end

-- None of these voices plays or ever did.
local function all_gone(voices)
  for _, voice in ipairs(voices) do
    if voice.alive or voice.ended or voice:stop() or voice:set { gain = 1 } or
      voice:release() then
      return false
    end
  end
  return #voices > 0
end

-- One that is sent.
do
  local engine <close> = open {}
  local click = assert(engine:load({ 0.25 }))
  local voices
  local good = engine:batch(function()
    voices = { click:play { pan = -1 }, click:play { pan = -1 },
               click:play { pan = -1 }, click:play { pan = -1 } }
    tap.is(voices[1].alive, true, "voices of a batch are there at once")
    tap.is(heard(engine:render { frames = 10 }), 0,
      "but nothing is heard while it is open")
  end)
  tap.is(good, true, "a batch is sent when its function returns")
  local audio = engine:render { frames = 10 }
  tap.is(audio:get(0, 0), 1, "then all of it is heard on one frame")
  tap.is(heard(audio), 1, "and only there")
  local ended = engine:poll()
  tap.is(count_ended(ended), 4, "each play ends")
  tap.is(ended[1].voice, voices[1], "and finds its voice")

  local a, b, c = engine:batch(function(...)
    click:play { pan = -1 }
    return ..., "and more"
  end, "given")
  tap.ok(a == "given" and b == "and more" and c == nil,
    "a batch returns what its function does, which gets its arguments")
  tap.is(engine:batch(function() end), true, "an empty batch is no failure")
  tap.is(select("#", engine:batch(function() return nil end)), 1,
    "a nil that is returned is returned")
  engine:render { frames = 10 }
  engine:poll()

  local sample = assert(engine:load({ 1, 1, 1, 1, 1, 1, 1, 1 }))
  local voice
  engine:batch(function()
    voice = sample:play { pan = -1 }
    voice:set { gain = 0.5, ramp = 0 }
    voice:stop { fade = 0, at_frame = engine:frame() + 4 }
    sample:play { pan = -1, loop = true, tag = 9, at_frame = 1000000 }
    engine:cancel { tag = 9 }
  end)
  tap.is(heard(engine:render { frames = 20 }), 2,
    "plays, changes, stops and cancels keep their order")
  tap.is(voice.ended.reason, "stopped", "and do what they do elsewhere")
  tap.is(count_ended(engine:poll()), 2, "to each its end")
end

-- The same on a clock that runs.
do
  local engine <close> = open { driver = "null", block = 64 }
  local click = assert(engine:load({ 1 }))
  local chords, together, ended = {}, 0, 0
  for i = 1, 100 do
    engine:batch(function()
      chords[i] = {}
      for k = 1, 8 do
        chords[i][k] = assert(click:play())
      end
    end)
  end
  for _, chord in ipairs(chords) do
    local first, same = chord[1]:wait(10), true
    for _, voice in ipairs(chord) do
      local event = voice:wait(10)
      ended = ended + (event and 1 or 0)
      same = same and event and event.started == first.started
    end
    together = together + (same and 1 or 0)
  end
  tap.is(ended, 800, "on a running engine every play of every batch ends")
  tap.is(together, 100, "and each batch began on one frame")
end

-- Refused as a whole.
do
  local engine <close> = open { queue = 64 }
  local click = assert(engine:load({ 1 }))
  engine:render { frames = 10 }
  click_row(click, 20, 20)
  local before = engine:stats().refused
  local voices
  local good, message, code = engine:batch(function()
    voices = click_row(click, 100, 40)
  end)
  tap.ok(good == nil and code == "full", "a batch that does not fit is refused")
  tap.ok(message:find("queue", 1, true) and
    message:find("40 needed", 1, true) and message:find("28 free", 1, true),
    "with what it needs and what there is") -- 64 less 16 kept less 20 sent
  tap.is(engine:stats().refused, before + 1, "and counted once")
  tap.ok(all_gone(voices), "its voices have gone, and take calls")
  tap.fails("closed", { "batch", "not sent" }, "nobody waits for them",
    voices[1]:wait())
  tap.is(heard(engine:render { frames = 300 }), 20,
    "none of it is heard, and all that was accepted before")
  tap.is(count_ended(engine:poll()), 20, "which ends")
  good = engine:batch(function() voices = click_row(click, 400, 40) end)
  tap.is(good, true, "when there is room the same batch is sent")
  tap.is(heard(engine:render { frames = 200 }), 40, "and all of it heard")
  tap.is(count_ended(engine:poll()), 40, "to its end")

  good, message, code = engine:batch(function()
    voices = click_row(click, 600, 48)
    local voice, why, which = click:play()
    tap.fails("full", { "1 needed", "0 free" },
      "a batch holds no more than the queue", voice, why, which)
    return "not noticed"
  end)
  tap.ok(good == nil and code == "full" and message:find("1 needed", 1, true),
    "one that lacks a play is refused, even if the function says nothing")
  tap.ok(all_gone(voices), "whole")
  tap.is(heard(engine:render { frames = 100 }), 0, "and not heard")
  tap.is(engine:batch(function() click_row(click, 800, 48) end), true,
    "as many as there is room for are sent")
  tap.is(heard(engine:render { frames = 300 }), 48, "and heard")
end

-- Every play slot taken.
do
  local engine <close> = open { queue = 8192, voices = 16 }
  local click = assert(engine:load({ 1 }))
  local voices, refused = {}, 0
  local good, message, code = engine:batch(function()
    for i = 1, 5000 do
      local voice = click:play { at_frame = i, pan = -1 }
      voices[#voices + 1] = voice
      refused = refused + (voice and 0 or 1)
    end
  end)
  tap.ok(not good and code == "full" and #voices + refused == 5000,
    "a batch of more plays than there may be is refused: " .. message)
  tap.ok(all_gone(voices), "with all its voices")
  local sent = 0
  for _ = 1, 40 do
    engine:batch(function() sent = sent + #click_row(click, 0, 40) end)
    engine:render { frames = 10 }
  end
  tap.is(count_ended(engine:poll()), sent, "which are free again, all of them")
end

-- Left by an error.
do
  local engine <close> = open {}
  local click = assert(engine:load({ 1 }))
  local voices
  local problem = { "mine" }
  local good, message = pcall(engine.batch, engine, function()
    voices = click_row(click, 10, 5)
    error(problem)
  end)
  tap.ok(not good and message == problem, "an error goes through a batch as is")
  tap.ok(all_gone(voices), "and nothing of it is sent")
  tap.is(heard(engine:render { frames = 50 }), 0, "nor heard")
  tap.is(#engine:poll(), 0, "nor ended")
  click_row(click, 60, 5)
  tap.is(heard(engine:render { frames = 50 }), 5,
    "after it plays go out by themselves again")
  engine:poll()

  tap.raises(function()
    engine:batch(function()
      voices = click_row(click, 110, 3)
      engine:batch(function() click:play() end)
    end)
  end, { "lua-batch.lua:", "batch", "open already" }, "batches do not nest")
  tap.ok(all_gone(voices), "and the outer one is left by that error")
  tap.is(engine:batch(function()
    voices = click_row(click, 110, 3)
    pcall(engine.batch, engine, function() end)
  end), true, "unless it is caught")
  tap.is(heard(engine:render { frames = 50 }), 3, "then it is sent")
  engine:poll()

  local co = coroutine.create(function()
    engine:batch(function()
      voices = click_row(click, 200, 3)
      coroutine.yield()
    end)
  end)
  good, message = coroutine.resume(co)
  tap.ok(not good and tostring(message):find("yield", 1, true),
    "a batch can't yield")
  tap.ok(all_gone(voices), "and is not sent")
  tap.raises(function() engine:batch("play") end, { "function", "string" },
    "a batch takes a function")
  tap.raises(function() engine:batch() end, { "function" }, "always")
  tap.is(engine:batch(function() click:play() end), true,
    "none of this leaves a batch open")
end

-- Collected, waited for, closed in the middle.
do
  local engine <close> = open {}
  local click = assert(engine:load({ 1 }))
  engine:batch(function()
    for i = 1, 200 do
      click:play { at_frame = i, pan = -1 }
    end
    collectgarbage()
    local voice = click:play { at_frame = 300, pan = -1 }
    tap.fails("timeout", {}, "nobody waits for a batch inside it",
      voice:wait())
  end)
  tap.is(heard(engine:render { frames = 400 }), 201,
    "voices that nobody kept are heard")
  local voice
  tap.fails("closed", { "closed" }, "a batch ends with its engine",
    engine:batch(function()
      voice = click:play()
      engine:close()
    end))
  tap.is(voice.ended.reason, "detached", "and its voices do")
  tap.fails("closed", { "closed" }, "a closed engine has no batches",
    engine:batch(function() error "never run" end))
  local running <close> = open { driver = "null" }
  local sample = assert(running:load({ 1 }))
  running:batch(function()
    local inside = sample:play()
    tap.fails("timeout", {}, "nor on a running engine", inside:wait())
  end)
end

-- Waiting for room, on an engine that runs by itself.
do
  local engine <close> = open { driver = "null", queue = 64, on_full = "wait" }
  local click = assert(engine:load({ 1 }))
  local sent = 0
  for _ = 1, 200 do
    sent = sent + (engine:batch(function()
      for _ = 1, 40 do
        click:play()
      end
    end) and 1 or 0)
  end
  tap.is(sent, 200, "on_full = \"wait\" refuses no batch that can fit")
  tap.ok(engine:stats().queue_high <= 64, "and never overfills the queue")
  local ended, events = 0
  repeat
    events = engine:wait(5)
    ended = ended + count_ended(events or {})
  until ended == 8000 or not events
  tap.is(ended, 8000, "every play ends")
  local voices = {}
  local good, _, code = engine:batch(function()
    for i = 1, 49 do
      voices[i] = click:play()
    end
  end)
  tap.ok(not good and code == "full" and #voices == 48,
    "one that never can is refused at once")
  tap.ok(all_gone(voices), "whole")
  local offline <close> = open { queue = 64, on_full = "wait" }
  click = assert(offline:load({ 1 }))
  click_row(click, 10, 30)
  _, _, code = offline:batch(function() click_row(click, 50, 30) end)
  tap.is(code, "full", "offline, nothing waits for a render that can't come")
end

-- Dropping.
do
  local engine <close> = open { queue = 64, on_full = "drop" }
  local click = assert(engine:load({ 1 }))
  click_row(click, 10, 30)
  local before, voices = engine:stats().refused, nil
  tap.is(engine:batch(function() voices = click_row(click, 50, 30) end), false,
    "on_full = \"drop\" drops a batch that does not fit")
  tap.is(engine:stats().refused, before + 1, "which is counted")
  local cancelled = 0
  for _, voice in ipairs(voices) do
    local ended = voice.ended
    cancelled = cancelled + ((ended and ended.reason == "cancelled" and
      not ended.started and voice:wait() == ended and not voice:stop() and
      not voice.alive) and 1 or 0)
  end
  tap.is(cancelled, 30, "its voices have ended as dropped ones do")
  tap.is(heard(engine:render { frames = 100 }), 30, "the others are heard")
  tap.is(count_ended(engine:poll()), 30, "to their end")
end

tap.done()
