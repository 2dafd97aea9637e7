#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Voices put elsewhere in their sample.
local tap = require "tap"
local tabor = require "tabor"

local like, bend = tap.like, tap.bend

local RATE = 8000
local DECLICK = 40 -- frames of the cross from one place to the other
local FLOAT = 1e-6

local function open()
  return assert(tabor.open { driver = "offline", rate = RATE })
end

-- Frame i has the value i / 4096, which float32 holds exactly.
local function line()
  local values = {}
  for i = 1, 4000 do
    values[i] = (i - 1) / 4096
  end
  return values
end

do
  local engine <close> = open()
  local sample = assert(engine:load(line()))
  local voice = sample:play { pan = -1 }
  tap.is(voice:seek(3000 / RATE, { at_frame = 100 }), true,
    "a voice can be put elsewhere")
  like(engine:render { frames = 1000 }, 0, function(f)
    local share = bend((f - 100) / DECLICK)
    return (f * (1 - share) + (3000 + f - 100) * share) / 4096
  end, FLOAT, "it crosses to the new place")
  tap.is(voice:seek(500 / RATE), true, "at once, too")
  like(engine:render { frames = 1000 }, 0, function(f)
    local share = bend(f / DECLICK)
    return ((3900 + f) * (1 - share) + (500 + f) * share) / 4096
  end, FLOAT, "if nothing else is said")
  engine:render(1)
  tap.is(#engine:poll(), 1, "there is one end")
  tap.is(voice.ended.reason .. " " .. voice.ended.frame, "finished 4500",
    "the sample's")
  tap.is(voice:seek(0), false, "then it can't be moved")

  local now = engine:frame()
  voice = sample:play { pan = -1, fade_in = 0, at_frame = now + 100 }
  voice:seek(0.25)
  like(engine:render { frames = 300 }, 0, function(f)
    return f < 100 and 0 or (1900 + f) / 4096
  end, 0, "one that has not started begins there")
  voice:stop(0)
  engine:render { frames = 1 }

  local slice = assert(sample:slice(100 / RATE, 1100 / RATE))
  voice = slice:play { pan = -1 }
  voice:seek(700 / RATE)
  like(engine:render { frames = 500 }, 0, function(f)
    return f < 300 and (bend(f / DECLICK) * (800 + f)) / 4096 or 0
  end, FLOAT, "a slice counts from its own start to its own end")
  voice = slice:play()
  local function refused(words, name, ...)
    local args = table.pack(...)
    tap.raises(function()
      voice:seek(table.unpack(args, 1, args.n))
    end, words, name)
  end
  refused("position is frame 1001, but the sample ends at 1000",
    "past the end is an error that tells both", 1001 / RATE)
  refused("position", "so is a negative place", -1)
  refused("number expected", "and none")
  refused("did you mean 'at'", "an unknown option has a near one", 0,
    { ta = 1 })
  refused("at and at_frame", "one time is enough", 0, { at = 1, at_frame = 1 })
end

tap.done()
