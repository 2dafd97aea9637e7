#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Tasks on the audio clock: what they play begins on the frame that a closed
-- form gives, whatever the tempo does and however time is cut into blocks.
local tap = require "tap"
local tabor = require "tabor"

local RATE = 24000

local function open(options)
  options = options or {}
  options.driver = "offline"
  options.rate = RATE
  options.channels = 1
  return assert(tabor.open(options))
end

-- Frames on which something sounds; a click is one frame long. Looked for in
-- the bytes of a file, as a look at each value takes ten times as long.
local part = tap.file("part.wav")
local function onsets(audio)
  local frames = {}
  assert(audio:save(part))
  local file = assert(io.open(part, "rb"))
  local bytes = file:read("a")
  file:close()
  local _, start = bytes:find("data....")
  local at = bytes:find("[^\0]", start + 1)
  while at do
    local frame = (at - start - 1) // 4
    frames[#frames + 1] = frame
    at = bytes:find("[^\0]", start + 4 * frame + 5)
  end
  return frames
end

-- What the engine makes of a value of 1 for its one channel.
local PAN = 1

local function round(x)
  return math.floor(x + 0.5)
end

local function same(a, b)
  if #a ~= #b then
    return false, ("%d, want %d"):format(#a, #b)
  end
  for i = 1, #a do
    if a[i] ~= b[i] then
      return false, ("number %d is %s, want %s"):format(i, a[i], b[i])
    end
  end
  return true
end

local function is_same(got, want, name)
  local good, why = same(got, want)
  if not tap.ok(good and #want > 0, name) and why then
    tap.note(why)
  end
end

-- What a clock says when a task fails goes here instead of to stderr.
local function collector()
  local reports = {}
  return reports, function(task, text)
    reports[#reports + 1] = { task = task, text = text }
  end
end

-- ------------------------------------------------------------ closed form

-- 10,000 events, a twelfth of a beat apart, over three changes of tempo and a
-- ramp; the beats of the changes lie between events.
local EVENTS, GAP = 10000, 1 / 12
local CHANGES = { { 100.04, 560 }, { 300.04, 374.8 }, { 700.04, 720 } }
local RAMP = { 500.04, 240, 100 } -- from 374.8 to 240 over 100 beats

-- The second of a beat, written down by hand from those.
local function second_of(beat)
  local second, bpm, at = 0, 480, 0
  local function go(to)
    second, at = second + (to - at) * 60 / bpm, to
  end
  if beat <= CHANGES[1][1] then
    return beat * 60 / bpm
  end
  go(CHANGES[1][1])
  bpm = CHANGES[1][2]
  if beat <= CHANGES[2][1] then
    return second + (beat - at) * 60 / bpm
  end
  go(CHANGES[2][1])
  bpm = CHANGES[2][2]
  if beat <= RAMP[1] then
    return second + (beat - at) * 60 / bpm
  end
  go(RAMP[1])
  local lasts = RAMP[3] * 60 / ((bpm + RAMP[2]) / 2)
  if beat <= RAMP[1] + RAMP[3] then
    -- bpm t + (to - bpm) t^2 / (2 lasts) = 60 (beat - at)
    local a, c = (RAMP[2] - bpm) / lasts, 60 * (beat - at)
    return second + 2 * c / (bpm + math.sqrt(bpm * bpm + 2 * a * c))
  end
  second, at, bpm = second + lasts, RAMP[1] + RAMP[3], RAMP[2]
  if beat <= CHANGES[3][1] then
    return second + (beat - at) * 60 / bpm
  end
  go(CHANGES[3][1])
  return second + (beat - at) * 60 / CHANGES[3][2]
end

local function piece(engine, click)
  local clock = engine:clock { bpm = 480 }
  clock:run(function()
    for i = 1, EVENTS do
      click:play { gain = 0.25 }
      clock:wait(i * GAP - clock:beat())
    end
  end)
  for _, change in ipairs(CHANGES) do
    clock:at(change[1], function()
      clock:tempo(change[2])
    end)
  end
  clock:at(RAMP[1], function()
    clock:tempo(RAMP[2], RAMP[3])
  end)
  return clock
end

do
  local want = {}
  for i = 0, EVENTS - 1 do
    want[i + 1] = round(second_of(i * GAP) * RATE)
  end
  for _, block in ipairs { 1, 64, 441, 4096 } do
    local engine <close> = open { block = block }
    local click = assert(engine:load { 1 })
    local clock = piece(engine, click)
    local got, first = {}, 0
    while first <= want[EVENTS] do
      local audio = engine:render(20)
      for _, frame in ipairs(onsets(audio)) do
        got[#got + 1] = first + frame
      end
      first = first + audio.frames
      engine:poll()
    end
    is_same(got, want, ("blocks of %d: %d events over 3 changes of tempo " ..
      "and a ramp are on the frames of the closed form"):format(block, #got))
    tap.is(clock:stats().late + clock:stats().refused, 0,
      "none was late, none refused")
  end
end

-- The control: who works out each wait from the tempo of the moment is off.
do
  local engine <close> = open()
  local click = assert(engine:load { 1 })
  local clock = engine:clock { bpm = 480 }
  clock:run(function()
    for _ = 1, EVENTS do
      click:play { gain = 0.25 }
      clock:sleep(GAP * 60 / clock:tempo())
    end
  end)
  for _, change in ipairs(CHANGES) do
    clock:at(change[1], function()
      clock:tempo(change[2])
    end)
  end
  local wanted, right = {}, 0
  for i = 0, 2000 do
    wanted[round(second_of(i * GAP) * RATE)] = true
  end
  local got = onsets(engine:render(20))
  for _, frame in ipairs(got) do
    right = right + (wanted[frame] and 1 or 0)
  end
  tap.ok(#got > 1500 and right < #got * 0.9,
    ("and this notices a task that counts by itself: %d of %d are right")
    :format(right, #got))
end

-- ------------------------------------------------------------------ fuzz

-- 10,000 changes of tempo under tasks that sleep, that wait and are queued:
-- each wakes once, in the order of its beats, when the map says.
do
  local engine <close> = open { queue = 4096 }
  local clock = engine:clock { bpm = 200 }
  math.randomseed(20)
  local woken, order, wrong, doubled = 0, 0, 0, 0
  local last, left, seconds_wrong, seconds_woken = 0, 0, 0, 0
  local function note(beat)
    wrong = wrong + (math.abs(clock:beat() - beat) > 1e-9 and 1 or 0)
    order = order + (clock:beat() < last - 1e-9 and 1 or 0)
    last = clock:beat()
    woken = woken + 1
  end
  for _ = 1, 200 do -- tasks that wait, again and again
    clock:run(function()
      local beat = clock:beat()
      for _ = 1, 30 do
        local length = math.random() * 3
        clock:wait(length)
        beat = beat + length
        note(beat)
      end
    end)
    left = left + 30
  end
  for _ = 1, 3000 do -- what is queued for a beat
    local beat, ran = math.random() * 45, 0
    clock:at(beat, function()
      ran = ran + 1
      doubled = doubled + (ran > 1 and 1 or 0)
      note(beat)
    end)
    left = left + 1
  end
  for _ = 1, 300 do -- seconds don't move
    local length = math.random() * 5
    clock:run(function()
      local start = clock:now()
      clock:sleep(length)
      seconds_woken = seconds_woken + 1
      seconds_wrong = seconds_wrong +
        (math.abs(clock:now() - start - length) > 1e-9 and 1 or 0)
    end)
  end
  local changes = 0
  clock:run(function()
    for _ = 1, 9000 do
      clock:sleep(math.random() * 0.002)
      clock:tempo(math.random() * 600 + 20, math.random(0, 3) / 2)
      changes = changes + 1
    end
  end)
  for _ = 1, 1000 do -- from outside of tasks too
    clock:tempo(math.random() * 600 + 20)
    changes = changes + 1
    engine:render { frames = math.random(300) }
  end
  local renders = 0
  while clock:stats().tasks > 0 and renders < 1000 do
    engine:render(0.1)
    renders = renders + 1
  end
  tap.is(changes, 10000, "10,000 changes of tempo")
  tap.is(woken, left, "each that waits for a beat wakes, and once")
  tap.is(doubled, 0, "none twice")
  tap.is(wrong, 0, "each on its beat")
  tap.is(order, 0, "in the order of the beats")
  tap.is(seconds_woken, 300, "those that sleep in seconds wake")
  tap.is(seconds_wrong, 0, "when they wanted to")
end

-- ---------------------------------------------------------------- verbs

do
  local engine <close> = open()
  local click = assert(engine:load { 1 })
  local clock = engine:clock { bpm = 60 }
  tap.is(clock:beat(), 0, "a clock begins at beat 0")
  local seen = {}
  clock:run(function(...)
    seen.arguments = select("#", ...) .. ":" .. table.concat({ ... }, ",")
    clock:wait(0.75)
    clock:sync(1)
    seen.synced = clock:beat()
    clock:sync(1)
    seen.again = clock:beat()
    clock:sync(4, 0.5)
    seen.offset = clock:beat()
    seen.now = clock:now()
  end, 1, "two")
  local audio = engine:render(5)
  tap.is(audio.frames, 5 * RATE, "rendering renders all")
  tap.is(seen.arguments, "2:1,two", "a task gets its arguments")
  tap.is(seen.synced, 1.0, "sync waits for the next line of the grid")
  tap.is(seen.again, 2.0, "never for the one it is on")
  tap.is(seen.offset, 4.5, "and may be shifted")
  tap.is(seen.now, 4.5, "the clock's time is the engine's")
  tap.is(clock:beat(), 5.0, "outside of tasks the beat is the one heard")

  -- everything a task sends is stamped
  local long = {}
  for i = 1, RATE do
    long[i] = 0.5
  end
  local tone = assert(engine:load(long))
  local start = engine:frame()
  local v
  clock:run(function()
    v = tone:play { fade_in = 0, fade_out = 0 }
    clock:sleep(0.1)
    v:set { gain = 0.5, ramp = 0 }
    clock:sleep(0.1)
    v:stop(0)
    clock:sleep(0.1)
    local _short <close> = tone:play { fade_in = 0 }
    clock:sleep(0.1)
  end)
  audio = engine:render(0.5)
  local function level(frame)
    return round(audio:get(frame, 0) / PAN * 1000)
  end
  tap.is(level(2399) .. " " .. level(2400), "500 250", "a set is stamped")
  tap.is(level(4799) .. " " .. level(4800), "250 0", "a stop is")
  tap.ok(level(7199) == 0 and level(7200) == 500 and level(9599) == 500 and
    level(9600 + 120) == 0, "leaving a block stops its voice when it is left")
  tap.is(v.ended.frame - start, 4800, "and its end tells that frame")

  -- waiting for voices and tasks
  local order = {}
  local first = clock:run("first", function()
    local ended = tone:play { duration = 0.2 }:wait()
    order[#order + 1] = ended.reason
    clock:sleep(0.1)
  end)
  clock:run(function()
    local early = first:join(0.01)
    order[#order + 1] = tostring(early)
    local over = first:join()
    order[#order + 1] = tostring(over)
    order[#order + 1] = tostring(first.alive)
    local missed, _, code = tone:play():wait(0.05)
    order[#order + 1] = tostring(missed) .. " " .. code
  end)
  engine:render(0.6)
  tap.is(table.concat(order, ", "),
    "false, finished, true, false, nil timeout",
    "a task waits for a voice and for a task, or not for ever")

  -- cancelling
  local ran, closed = 0, 0
  local task = clock:run(function()
    local _ <close> = setmetatable({}, { __close = function()
      closed = closed + 1
    end })
    while true do
      clock:wait(0.1)
      ran = ran + 1
    end
  end)
  engine:render(0.35)
  tap.is(clock:cancel(task), true, "a task can be cancelled")
  tap.is(closed, 1, "what it has pending is closed")
  engine:render(1)
  tap.is(ran, 3, "it runs no more")
  tap.is(task:cancel(), false, "once")
  clock:run(function()
    clock:run(function() click:play() clock:hush() click:play() clock:wait(1)
      ran = 99
    end)
    while true do
      clock:wait(1)
      ran = 100
    end
  end)
  tone:play { loop = true }
  audio = engine:render(3)
  tap.is(ran, 3, "hush ends all tasks, the one that calls it too")
  tap.is(clock:stats().tasks, 0, "none is left")
  tap.is(audio:get(2 * RATE, 0), 0, "and it is silent")
end

-- ---------------------------------------------------------------- errors

do
  local engine <close> = open()
  local other <close> = open()
  local click = assert(engine:load { 1 })
  local reports, on_error = collector()
  local clock = engine:clock { on_error = on_error }
  local went_on = 0
  clock:run("steady", function()
    for _ = 1, 40 do
      click:play()
      clock:wait(0.25)
      went_on = went_on + 1
    end
  end)
  local function breaks()
    clock:wait(1)
    local function deep()
      error "here"
    end
    deep()
  end
  clock:run("broken", breaks)
  clock:run("idle", function()
    while true do
      clock:wait(0)
    end
  end)
  clock:run("yields", function()
    coroutine.yield()
  end)
  clock:run("sorts", function()
    table.sort({ 3, 2, 1 }, function()
      clock:wait(1)
    end)
  end)
  clock:run("nested", function()
    coroutine.wrap(function()
      clock:wait(1)
    end)()
  end)
  clock:run("renders", function()
    engine:render(1)
  end)
  clock:run("waits", function()
    engine:wait(1)
  end)
  clock:run("throws", function()
    error(setmetatable({}, { __tostring = function()
      return "a thing"
    end }))
  end)
  clock:run("closes", function()
    local _ <close> = setmetatable({}, { __close = function()
      error "while closing"
    end })
    clock:wait(100)
  end)
  local audio = engine:render(6)
  tap.is(went_on, 40, "other tasks go on")
  tap.is(#onsets(audio), 40, "and what they play is heard")
  local said = {}
  for _, report in ipairs(reports) do
    said[report.task.name] = report.text
  end
  local function says(task, words)
    local found = said[task] ~= nil
    for _, word in ipairs(words) do
      found = found and said[task]:find(word, 1, true) ~= nil
    end
    tap.ok(found, ("task '%s' is reported: %s"):format(task, words[1]))
    if not found then
      tap.note(tostring(said[task]))
    end
  end
  says("broken", { "here", "task 'broken' failed", "in local 'deep'",
    "lua-clock.lua" })
  says("idle", { "10,000 times" })
  says("yields", { "waits with clock:wait" })
  says("sorts", { "table.sort" })
  says("nested", { "only the task's own" })
  says("renders", { "a task can't render" })
  says("waits", { "clock:sleep" })
  says("throws", { "a thing" })
  clock:hush()
  tap.is(reports[#reports].task.name, "closes",
    "an error of a closing variable is reported too")
  tap.is(clock:stats().tasks, 0, "and stops nothing")

  tap.raises(function() clock:wait(1) end, { "only a task can wait" },
    "waiting outside of a task is an error with its cure")
  tap.raises(function() engine:clock { bmp = 3 } end, { "bmp", "'bpm'" },
    "an option that isn't known names the nearest")
  tap.raises(function() engine:clock { bpm = 0 } end, { "beats a minute" },
    "a tempo of 0 is refused")
  tap.raises(function() engine:clock { latency = -1 } end, { "latency" },
    "so is a negative latency")
  tap.raises(function() clock:tempo(1e9) end, { "beats a minute" },
    "and a tempo that nobody can hear")
  tap.raises(function() clock:run(3) end, { "function" },
    "a task is a function")
  clock:run("stays", function() clock:wait(1) end)
  tap.raises(function() clock:join() end, { "render" },
    "nobody joins where only render() moves time")
  local unused = other:clock()
  unused:close()
  tap.raises(function() unused:run(print) end, { "closed" },
    "a closed clock runs nothing")
  other:close()
end

-- ----------------------------------------------------------------- loops

do
  local engine <close> = open()
  local click = assert(engine:load { 1 })
  local reports, on_error = collector()
  local clock = engine:clock { bpm = 60, on_error = on_error }
  local function loop(gain, length, after)
    return function(pass)
      click:play { gain = gain }
      clock:wait(length)
      if after then
        after(pass)
      end
    end
  end
  local function heard(seconds)
    local text, audio = {}, engine:render(seconds)
    for _, frame in ipairs(onsets(audio)) do
      text[#text + 1] = ("%g:%.2g"):format(frame / RATE,
        audio:get(frame, 0) / PAN)
    end
    return table.concat(text, " ")
  end
  local task = clock:loop("hat", loop(1, 0.5))
  tap.is(heard(2), "0:1 0.5:1 1:1 1.5:1", "a loop goes round")
  engine:render(0.25)
  clock:loop("hat", loop(0.5, 0.25))
  tap.is(heard(1), "0.25:0.5 0.5:0.5 0.75:0.5",
    "another body takes over at the boundary") -- 2.25 to 3.25
  tap.is(
    clock:loop("hat", loop(0.25, 0.5, function() error "second" end)), task,
    "it is the same task")
  -- from 3.25 on: the new one plays at 3.25, fails at 3.75
  tap.is(heard(1), "0:0.25 0.5:0.5 0.75:0.5",
    "a body that fails on its first pass falls back to the last good one")
  tap.is(#reports, 1, "and is reported")
  tap.ok(reports[1].text:find("loop 'hat' failed", 1, true) ~= nil,
    "by its name")
  clock:loop("hat", function() end)
  tap.is(heard(0.5), "0:0.5 0.25:0.5",
    "so does one that doesn't wait, at the same boundary")
  tap.ok(reports[2].text:find("without waiting", 1, true) ~= nil,
    "which is told")
  clock:loop("hat", false)
  tap.is(heard(1), "", "a loop can be stopped")
  tap.is(task.alive, false, "at its boundary")
  clock:loop("bad", loop(1, 0.5, function(pass)
    if pass == 3 then
      error "third"
    end
  end), 4)
  engine:render(3) -- up to beat 8.75
  tap.is(#reports, 2, "a loop begins on its grid")
  engine:render(2)
  tap.is(#reports, 3, "one that fails later")
  tap.is(clock:stats().tasks, 0, "is over")
  clock:loop("later", loop(1, 0.5))
  tap.is(clock:cancel("later"), true, "a loop can be cancelled by its name")
  tap.is(clock:cancel("later"), false, "once")
end

-- ----------------------------------------------------------------- many

do
  local engine <close> = open { voices = 1024, queue = 4096 }
  local click = assert(engine:load { 0.001 })
  local clock = engine:clock { bpm = 120 }
  local steps = 0
  for i = 1, 1000 do
    clock:run(function()
      clock:wait(i / 1000)
      for _ = 1, 20 do
        click:play()
        clock:wait(0.5)
        steps = steps + 1
      end
    end)
  end
  tap.is(clock:stats().tasks, 1000, "1000 tasks")
  engine:render(8)
  tap.is(steps, 20000, "make their 20,000 steps")
  tap.is(clock:stats().refused, 0, "and each plays")

  -- 100,000 events a second from one task
  local played, ended = 0, 0
  engine:on("ended", function(event)
    if event.reason == "finished" then
      ended = ended + 1
    end
  end)
  engine:poll()
  ended = 0
  clock:run(function()
    for _ = 1, 50000 do
      if click:play() then
        played = played + 1
      end
      clock:sleep(1 / 100000)
    end
  end)
  for _ = 1, 26 do
    engine:render(0.02)
    engine:poll()
  end
  tap.is(played, 50000, "50,000 events in half a second are all accepted")
  tap.is(ended, 50000, "and end")
end

-- An engine may close with tasks on it, and from one.
do
  local engine = open()
  local closed = 0
  local clock = engine:clock()
  clock:run(function()
    local _ <close> = setmetatable({}, { __close = function()
      closed = closed + 1
      engine:close()
    end })
    clock:wait(1)
  end)
  engine:render(0.1)
  engine:close()
  tap.is(closed, 1, "closing an engine ends the tasks on it")
  engine = open()
  local after
  clock = engine:clock()
  clock:run(function()
    engine:close()
    after = clock:stats().tasks
    clock:wait(1)
    after = -1
  end)
  tap.is(engine:render(1), nil, "a task may close its engine")
  tap.is(after, 1, "which is the last thing it does")
end

tap.done()
