#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Events: what they tell, who is told, and that none is lost.
local tap = require "tap"
local tabor = require "tabor"

local function ones(frames)
  local values = {}
  for i = 1, frames do
    values[i] = 1
  end
  return values
end

local engine = assert(tabor.open { driver = "offline" })
local sample = assert(engine:load(ones(100)))

-- Ended.
do
  local voice = sample:play { at_frame = 50 }
  tap.is(voice.alive, true, "a scheduled voice is alive")
  tap.is(voice.ended, nil, "and has not ended")
  tap.ok(voice.id ~= 0, "it has an id")
  tap.is(#engine:poll(), 0, "as long as nothing happens there are no events")
  engine:render { frames = 120 }
  tap.is(voice.alive, true, "a sounding voice is alive")
  engine:render { frames = 100 }
  tap.is(voice.alive, false, "after its end it isn't, without any poll()")
  local ended = voice.ended
  tap.is(ended.type, "ended", "the event has a type")
  tap.is(ended.voice, voice, "the voice")
  tap.is(ended.reason, "finished", "the reason")
  tap.is(ended.started, 50, "the frame on which it started")
  tap.is(ended.frame, 150, "one past its last frame")
  tap.is(ended.late, 0, "and how late it was")
  tap.is(voice.ended, ended, "it is the same table each time")
  local events = engine:poll()
  tap.is(#events, 1, "poll() returns it although the voice told it before")
  tap.is(events[1], ended, "the same one")
  tap.is(#engine:poll(), 0, "once")
  tap.is(voice.ended, ended, "and the voice keeps it")
  tap.is(voice:wait(), ended, "wait() returns it")
  tap.is(engine:wait(voice), ended, "engine:wait(voice) too")
end

-- A voice that the script has dropped.
do
  local id = sample:play().id
  collectgarbage()
  engine:render { frames = 200 }
  local events = engine:poll()
  tap.is(#events, 1, "a voice without an object ends all the same")
  tap.is(events[1].voice.id, id, "its event has a voice with its id")
  tap.is(events[1].voice.ended, events[1], "which knows its event")
  tap.is(events[1].voice:stop(), false, "and takes calls")
end

-- Order.
do
  local voices = {}
  for i = 1, 100 do
    voices[i] = sample:play { at_frame = engine:frame() + 200 - i }
  end
  engine:render { frames = 1000 }
  local events = engine:poll()
  tap.is(#events, 100, "a hundred plays end a hundred times")
  local sorted, own = 0, 0
  for i, event in ipairs(events) do
    local behind = i == 1 or events[i - 1].frame <= event.frame
    sorted = sorted + (behind and 1 or 0)
    own = own + (event.voice == voices[101 - i] and 1 or 0)
  end
  tap.is(sorted, 100, "in the order of their frames")
  tap.is(own, 100, "each with its own voice")
end

-- Handlers.
do
  local told = {}
  local function note(event)
    told[#told + 1] = event
  end
  tap.is(engine:on("ended", note), note, "on() returns the function")
  local voice = sample:play()
  engine:render { frames = 200 }
  tap.is(#told, 0, "a handler doesn't run by itself")
  tap.is(voice.ended ~= nil, true, "nor because a voice is asked")
  local events = engine:poll()
  tap.ok(#told == 1 and told[1] == events[1], "it runs inside poll()")
  voice = sample:play()
  engine:render { frames = 200 }
  engine:wait(voice)
  tap.is(#told, 2, "and inside wait()")
  tap.is(#engine:poll(), 1, "which leaves the events to poll()")
  tap.is(#told, 2, "where they are not told again")
  tap.is(engine:off("ended", note), true, "off() takes it away")
  tap.is(engine:off("ended", note), false, "once")
  sample:play()
  engine:render { frames = 200 }
  engine:poll()
  tap.is(#told, 2, "then it is not called")
end

-- A handler that fails.
do
  local told, after = 0, 0
  local function fail(event)
    told = told + 1
    error("handler " .. told .. " at " .. event.frame)
  end
  local function count()
    after = after + 1
  end
  engine:on("ended", fail)
  engine:on("ended", count)
  for i = 1, 3 do
    sample:play { at_frame = engine:frame() + i }
  end
  engine:render { frames = 200 }
  for i = 1, 3 do
    tap.raises(function() engine:poll() end, { "handler " .. i },
      ("error %d of a handler reaches the caller of poll()"):format(i))
  end
  tap.is(#engine:poll(), 3, "and no event is lost")
  tap.is(told, 3, "each was told once")
  tap.is(after, 3, "to the next handler too")
  engine:off("ended", fail)
  engine:off("ended", count)
end

-- Handlers that play, poll, leave and close.
do
  local left = 5
  local function again()
    left = left - 1
    if left > 0 then
      sample:play()
    end
  end
  engine:on("ended", again)
  sample:play()
  for _ = 1, 10 do
    engine:render { frames = 150 }
    engine:poll()
  end
  engine:off("ended", again)
  tap.is(left, 0, "a handler may play the next voice")

  local seen = 0
  local function nested()
    local events = engine:poll()
    seen = seen + #events
  end
  local function once()
    engine:off("ended", once)
  end
  engine:on("ended", once)
  engine:on("ended", nested)
  for _ = 1, 4 do
    sample:play()
  end
  engine:render { frames = 200 }
  local rest = engine:poll()
  tap.is(seen + #rest, 4,
    "a handler may poll, and take itself away: four are four")
  engine:off("ended", nested)

  local other = assert(tabor.open { driver = "offline" })
  assert(other:load({ 1 })):play()
  other:on("ended", function() other:close() end)
  other:render { frames = 10 }
  tap.ok(pcall(other.poll, other), "a handler may close the engine")
  tap.is(other.closed, true, "then it is closed")
end

-- Waiting.
do
  local voice = sample:play()
  tap.fails("timeout", { "render" }, "offline, a wait without end says why not",
    voice:wait())
  tap.fails("timeout", {}, "and one with a limit ends", voice:wait(0))
  tap.fails("timeout", {}, "for any event too", engine:wait(0))
  local looks = 0
  debug.sethook(function() looks = looks + 1 end, "c")
  engine:wait(0.2)
  debug.sethook()
  tap.ok(looks > 1 and looks < 1000,
    "and one that nobody renders for only looks now and then: " .. looks)
  engine:render { frames = 200 }
  tap.is(#engine:wait(0), 1, "wait() returns the events that there are")
  tap.raises(function() voice:wait(-1) end, { "negative" },
    "a limit is not negative")
  tap.raises(function() engine:wait("kick") end, { "tabor.Voice" },
    "one waits for a voice")
  local other <close> = assert(tabor.open { driver = "offline" })
  tap.raises(function() other:wait(voice) end, { "another engine" },
    "of the same engine")
end

-- Many events that nobody reads.
do
  local many = assert(tabor.open { driver = "offline" })
  local click = assert(many:load({ 1 }))
  local sent = 0
  for _ = 1, 100 do
    for _ = 1, 200 do
      sent = sent + (click:play() and 1 or 0)
    end
    many:render { frames = 10 }
  end
  tap.is(sent, 20000, "twenty thousand plays are accepted")
  tap.is(#many:poll(), 20000, "and end, and none is lost")
  tap.is(many:stats().unread_lost, 0, "as the statistics say")
  many:close()
end

-- Misuse.
tap.raises(function() engine:on("end", print) end, { "'ended'", "end" },
  "an unknown event is an error that tells the known ones")
tap.raises(function() engine:on("ended", 5) end, { "function" },
  "a handler is a function")

-- On an engine that runs by itself.
do
  local live <close> = assert(tabor.open { driver = "null" })
  local short = assert(live:load(ones(480)))
  local voice = short:play()
  local ended = assert(live:wait(voice, 10))
  tap.is(ended.frame, ended.started + 480, "a voice ends after its length")
  tap.is(live:poll()[1], ended, "and poll() has its event")
  local pongs = 0
  live:on("pong", function() pongs = pongs + 1 end)
  live:ping()
  live:poll()
  tap.is(pongs, 1, "a ping's answer is an event too")
  voice = short:play { at = live:now() + 3600 }
  tap.fails("timeout", {}, "a wait that is too short tells",
    voice:wait(0.01))
  live:cancel()
  tap.is(assert(voice:wait(10)).reason, "cancelled", "a cancelled play ends")
end

engine:close()
tap.done()
