#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- What every object says of itself, open and closed.
local tap = require "tap"
local tabor = require "tabor"

local seen = 0

-- Does an object's text match, and has it no address, by which runs differ?
local function says(object, pattern, what)
  local text = tostring(object)
  seen = seen + 1
  if not tap.ok(text:find(pattern) and not text:find("0x"), what) then
    tap.note(text)
  end
end

local engine <close> = assert(tabor.open { driver = "offline", rate = 8000 })
local sample = assert(engine:load({ 0.5, 0.25, 0, 1 }, { name = "four" }))
local voice = sample:play()
local clock = engine:clock { bpm = 90 }
local task = clock:run(function() clock:wait(1) end)

says(engine, "offline", "an engine names its driver")
says(sample, "four", "a sample its name")
says(voice, "Voice %d+ %(alive%)", "a voice that it is alive")
says(clock, "90.0 beats a minute, 1 tasks", "a clock its tempo and its tasks")
says(task, "'.-' %(%l+%)", "a task its name and state")

local audio = engine:render(0.01)
says(audio, "0%.01 s, 80 frames, 2 channels, rate 8000", "audio its shape")
says(voice, "Voice %d+ %(ended%)", "a voice that is over says so")

engine:render(1)
says(task, "over", "a task that is over says so")
says(clock, "0 tasks", "and its clock has none then")

clock:close()
says(clock, "closed", "a clock that is closed says so")
engine:close()
says(engine, "closed", "so does an engine")
tap.is(seen, 11, "11 were asked")
tap.done()
