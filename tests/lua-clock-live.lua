#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Tasks on a clock that runs by itself, under a script that stalls: what was
-- heard is what the take gives, on time as long as a stall is shorter than the
-- latency; behind a longer one nobody catches up.
local tap = require "tap"
local tabor = require "tabor"

local RATE, BLOCK, LATENCY = 48000, 256, 0.1
local BPM = 150
-- A machine that stands still itself may be late, or lose its device; then the
-- piece is played anew.
local TRIES = 6

-- Compute until so much time has passed on the engine.
local function busy(engine, seconds)
  local till = engine:now() + seconds
  while engine:now() < till do
  end
end

-- A canon of three tasks over a change of tempo and a ramp.
local function start(engine, stall)
  local click = assert(engine:load { 1, 0.5, 0.25 })
  local clock = engine:clock { bpm = BPM, latency = LATENCY }
  for part = 1, 3 do
    clock:run("part " .. part, function()
      for i = 1, 24 do
        click:play { gain = 0.1 * part, pan = part - 2 }
        clock:wait(part / 12)
        if stall and part == 2 and i % 8 == 0 then
          stall(engine, LATENCY - BLOCK / RATE)
        end
      end
    end)
  end
  clock:at(1.1, function()
    clock:tempo(200)
  end)
  clock:at(2.2, function()
    clock:tempo(90, 3)
  end)
  return clock
end

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

-- The values of a file, without the silence around them.
local function sound_of(audio)
  local path = tap.file "part.wav"
  assert(audio:save(path))
  local bytes = read_all(path)
  local _, header = bytes:find "data...."
  bytes = bytes:sub(header + 1)
  local first = bytes:find "[^\0]"
  local behind = bytes:reverse():find "[^\0]"
  return bytes:sub(first - (first - 1) % 8, #bytes - behind + 1)
end

local function play_live(take, wav)
  local engine <close> = assert(tabor.open { driver = "null", rate = RATE,
    block = BLOCK, log = take, record = wav })
  local lost = false
  engine:on("device_lost", function()
    lost = true
  end)
  local clock = start(engine, busy)
  clock:join()
  engine:wait(0.05)
  return clock:stats(), lost
end

do
  local offline <close> = assert(tabor.open { driver = "offline", rate = RATE })
  start(offline)
  local want = sound_of(offline:render(8))
  local take, wav = tap.file "live.tlog", tap.file "live.wav"
  local stats, lost, live, replayed
  for _ = 1, TRIES do
    stats, lost = play_live(take, wav)
    live = sound_of(assert(tabor.read(wav)))
    replayed = sound_of(assert(tabor.replay(take)))
    if not lost and stats.late == 0 and stats.slips == 0 then
      break
    end
    tap.note(("the machine stood still (%s): once more"):format(
      stats.advice or "device lost"))
  end
  tap.ok(live == replayed and #live > 8 * RATE, ("what was heard, %d bytes, " ..
    "is what the take gives"):format(#live))
  tap.is(stats.refused, 0, "nothing was refused")
  if stats.late == 0 then
    tap.ok(live == want, "and what the same script renders offline")
  else
    tap.note("this machine is too busy to be on time, 6 times of 6")
  end
end

-- ----------------------------------------------------------------- stalls

do
  local starts = { beat = {}, sync = {}, sleep = {} }
  local engine <close> = assert(tabor.open { driver = "null", rate = RATE })
  local click = assert(engine:load { 0.1 })
  local clock = engine:clock { bpm = 600, latency = 0.05 }
  local names = {}
  engine:on("ended", function(event)
    local list = names[event.voice.id]
    list[#list + 1] = event.started
  end)
  local function play(list)
    local voice = assert(click:play())
    names[voice.id] = list
  end
  local function keep_on(list, wait)
    clock:run(function()
      for _ = 1, 20 do
        play(list)
        wait()
      end
    end)
  end
  keep_on(starts.beat, function() clock:wait(0.5) end)
  keep_on(starts.sync, function() clock:sync(1) end)
  keep_on(starts.sleep, function() clock:sleep(0.06) end)
  engine:on("ended", function()
    if #starts.beat == 5 and not starts.stalled then
      starts.stalled = true
      busy(engine, 1) -- in the script's main part: no task runs meanwhile
    end
  end)
  clock:join()
  engine:wait(0.2)
  engine:poll()
  local stats = clock:stats()
  tap.ok(stats.slips >= 1 and stats.slipped > 0.25,
    ("a stall of a second is a slip: %d, of %.2f s"):format(stats.slips,
      stats.slipped))
  for name, least in pairs { beat = 2400, sync = 4800, sleep = 2880 } do
    local list, closest = starts[name], math.huge
    for i = 2, #list do
      closest = math.min(closest, list[i] - list[i - 1])
    end
    tap.is(#list, 20, ("the task that %s plays all"):format(
      name == "beat" and "waits" or name .. "s"))
    tap.ok(closest >= least - 1, "and never in a burst: " .. closest ..
      " frames apart at least")
  end
  local off_grid = 0
  for _, list in ipairs { starts.beat, starts.sync } do
    for _, frame in ipairs(list) do
      off_grid = off_grid + ((frame - starts.beat[1]) % 2400 == 0 and 0 or 1)
    end
  end
  tap.note(("%d of 40 are off the beat, late ones"):format(off_grid))
  tap.ok(off_grid <= 4, "behind the stall they are on the beat again")
  tap.ok(stats.late == 0 or stats.advice:find("would have been enough", 1,
    true) ~= nil, "who is late gets advice")
end

-- Lateness is counted, with task and line, and says what would have helped.
do
  local engine <close> = assert(tabor.open { driver = "null", rate = RATE })
  local click = assert(engine:load { 0.1 })
  local clock = engine:clock { bpm = 120, latency = 0.02, slip = 5 }
  local line
  clock:run("slow", function()
    for _ = 1, 4 do
      busy(engine, 0.08)
      line = debug.getinfo(1, "l").currentline + 1
      click:play()
      clock:sleep(0.02)
    end
  end)
  clock:join()
  local stats = clock:stats()
  tap.ok(stats.late >= 3 and stats.worst > 0.03, ("late: %d, by %.3f s at " ..
    "most; %s"):format(stats.late, stats.worst, stats.advice))
  local who = stats.culprits[1]
  tap.is(who.task, "slow", "the task is named")
  tap.ok(who.where:find("lua-clock-live.lua:" .. line, 1, true) ~= nil,
    "and its line")
  tap.is(who.late, stats.late, "with how often")
  local needed = tonumber(stats.advice:match "latency [%d.]+, ([%d.]+)")
  tap.ok(needed >= 0.02 + stats.worst and needed < 0.04 + stats.worst,
    "the advice is the latency and what was missing")
end

do -- what does not fit is counted too
  local engine <close> = assert(tabor.open { driver = "offline", rate = RATE,
    queue = 64 })
  local click = assert(engine:load { 0.1 })
  local clock = engine:clock()
  local taken, codes = 0, {}
  clock:run("greedy", function()
    for _ = 1, 100 do
      local voice, _, code = click:play()
      taken = taken + (voice and 1 or 0)
      codes[code or "none"] = (codes[code or "none"] or 0) + 1
    end
  end)
  engine:render(0.1)
  local stats = clock:stats()
  tap.ok(taken > 0 and taken < 100, taken .. " of 100 plays fit")
  tap.is(codes.full, 100 - taken, "the others were refused")
  tap.is(stats.refused, 100 - taken, "which the clock counts")
  tap.is(stats.culprits[1].task, "greedy", "and whose they were")
end

tap.done()
