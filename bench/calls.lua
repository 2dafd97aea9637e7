#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- What a call from Lua costs, in ns of this process's CPU time: medians over
-- rounds of 1,000 calls, the loop around them and the collector's share
-- included; the methods take turns. Between rounds, outside of what is timed,
-- an offline engine renders the voices away; events are read once a turn.
--   calls.lua [--tsv] [--rounds N]
local tabor = require "tabor"

local CALLS = 1000 -- a round; a queue of 1,024 takes 1,008

local rounds, tsv = 200, false
for i = 1, #arg do
  if arg[i] == "--tsv" then
    tsv = true
  elseif arg[i] == "--rounds" then
    rounds = assert(math.tointeger(tonumber(arg[i + 1])), "--rounds N")
  end
end

local engine <close> = assert(tabor.open { driver = "offline", voices = 2048 })
local sample = assert(engine:load { 0.5 })
local at = 0

local methods = {}
local function method(name, run)
  methods[#methods + 1] = { name = name, run = run, taken = {} }
end

method("lua_loop", function()
  for _ = 1, CALLS do
  end
end)

method("lua_sample_play", function()
  for _ = 1, CALLS do
    sample:play()
  end
end)

method("lua_sample_play_4_options", function()
  for _ = 1, CALLS do
    sample:play { velocity = 0.8, pan = -0.2, rate = 1.5, at = at }
  end
end)

method("lua_play", function()
  for _ = 1, CALLS do
    engine:play(sample)
  end
end)

method("lua_play_kept", function()
  local kept = {}
  for i = 1, CALLS do
    kept[i] = sample:play()
  end
end)

local times, gains = {}, {}
for i = 1, CALLS do
  times[i], gains[i] = 0, 0.5
end

method("lua_play_many_2_columns", function()
  engine:play_many(sample, { at_frame = times, gain = gains })
end)

method("lua_table_of_4", function()
  for _ = 1, CALLS do
    local _ = { velocity = 0.8, pan = -0.2, rate = 1.5, at = at }
  end
end)

local clock = os.clock
for round = 0, rounds do
  engine:poll()
  for _, m in ipairs(methods) do
    engine:render { frames = 64 }
    at = engine:now()
    times[1] = engine:frame()
    table.move(times, 1, CALLS - 1, 2)
    local start = clock()
    m.run()
    m.taken[round] = (clock() - start) * 1e9 / CALLS
  end
end

if not tsv then
  local mode = collectgarbage("incremental")
  collectgarbage(mode)
  print(("# collector on, %s; medians of %d rounds"):format(mode, rounds))
end
for _, m in ipairs(methods) do
  table.sort(m.taken)
  local ns = m.taken[(rounds + 1) // 2]
  print((tsv and "%s\t%.1f" or "%-28s%8.1f ns"):format(m.name, ns))
end
