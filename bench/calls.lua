#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- What a call from Lua costs, in ns of this process's CPU time: medians over
-- rounds of 960 calls, the loop around them and the collector's share
-- included; the methods take turns. Outside of what is timed, an offline engine
-- renders the last round away, its events are read, and a few calls warm the
-- caches up.
--   calls.lua [--tsv] [--rounds N]
local tabor = require "tabor"

local CALLS <const> = 960 -- a round; a queue of 1,024 takes 1,008
local WARM <const> = 40

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

method("lua_loop", function(count)
  for _ = 1, count do
  end
end)

method("lua_sample_play", function(count)
  for _ = 1, count do
    sample:play()
  end
end)

method("lua_sample_play_4_options", function(count)
  for _ = 1, count do
    sample:play { velocity = 0.8, pan = -0.2, rate = 1.5, at = at }
  end
end)

method("lua_play", function(count)
  for _ = 1, count do
    engine:play(sample)
  end
end)

method("lua_play_kept", function(count)
  local kept = {}
  for i = 1, count do
    kept[i] = sample:play()
  end
end)

local columns = {} -- by length
for _, count in ipairs { CALLS, WARM } do
  local times, gains = {}, {}
  for i = 1, count do
    times[i], gains[i] = 0, 0.5
  end
  columns[count] = { at = times, gain = gains }
end

method("lua_play_many_2_columns", function(count)
  engine:play_many(sample, columns[count])
end)

method("lua_table_of_4", function(count)
  for _ = 1, count do
    local _ = { velocity = 0.8, pan = -0.2, rate = 1.5, at = at }
  end
end)

local clock = os.clock
for round = 0, rounds do
  for _, m in ipairs(methods) do
    engine:render { frames = 64 }
    engine:poll()
    at = engine:now()
    for _, column in pairs(columns) do
      for i = 1, #column.at do
        column.at[i] = at
      end
    end
    m.run(WARM)
    local start = clock()
    m.run(CALLS)
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
