#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Ends in every order: voices, samples, engines, coroutines, whole states.
local tap = require "tap"
local tabor = require "tabor"

local TIMES = 100

local function ones(frames)
  local values = {}
  for i = 1, frames do
    values[i] = 1
  end
  return values
end

local second = ones(48000)

local function collect()
  collectgarbage()
  collectgarbage()
end

-- What goes out of sight goes on sounding.
do
  local engine <close> = assert(tabor.open { driver = "offline" })
  do
    local sample = assert(engine:load(second))
    sample:play { pan = -1 }
  end
  collect()
  local audio = engine:render(1.1)
  local heard = 0
  for frame = 0, audio.frames - 1 do
    heard = heard + audio:get(frame, 0)
  end
  tap.is(heard, 48000, "a voice whose objects are collected plays to its end")
  do
    local sample = assert(engine:load(second))
    local voice = sample:play()
    do
      local closed <close> = sample
    end
    engine:render(1.1)
    tap.is(voice.ended.reason, "finished", "closing a sample stops no voice")
  end
  do
    local left
    do
      local voice <close> = assert(engine:load(second)):play()
      left = voice
      engine:render(0.1)
    end
    engine:render(0.1)
    tap.is(left.ended.reason, "stopped", "leaving a voice's block stops it")
    tap.ok(left.ended.frame - left.ended.started < 48000, "before its end")
  end
end

-- Samples that nobody has any more are freed, however many.
do
  local engine <close> = assert(tabor.open { driver = "offline" })
  local loaded = 0
  for _ = 1, 10000 do
    loaded = loaded + (engine:load({ 1, 2, 3 }) and 1 or 0)
    if loaded % 40 == 0 then
      engine:render { frames = 1 }
    end
  end
  tap.is(loaded, 10000,
    "more samples than the table holds load one after the other")
end

-- Closing gives samples back, too: clients that come and go on one engine.
do
  local engine <close> = assert(tabor.open { driver = "offline" })
  local kept = {}
  for _ = 1, 8300 do
    local client = assert(tabor.attach(engine.id))
    local sample = client:load({ 1, 2, 3 })
    kept[#kept + 1] = sample
    client:close()
    engine:render { frames = 1 }
  end
  tap.is(#kept, 8300, "an engine that closes gives its samples back")
end

-- All orders in which an engine, a sample and a voice can go, on a running
-- engine, by closing and by collecting.
do
  local orders = {
    { "engine", "sample", "voice" }, { "engine", "voice", "sample" },
    { "sample", "engine", "voice" }, { "sample", "voice", "engine" },
    { "voice", "engine", "sample" }, { "voice", "sample", "engine" },
  }
  local function run(order, close)
    local it = {}
    it.engine = assert(tabor.open { driver = "null", block = 64 })
    it.sample = assert(it.engine:load(second))
    it.voice = assert(it.sample:play())
    for _, name in ipairs(order) do
      if close then
        getmetatable(it[name]).__close(it[name])
      end
      it[name] = nil
      collectgarbage()
    end
  end
  local done = 0
  for i = 1, TIMES do
    run(orders[i % 6 + 1], i % 12 < 6)
    done = done + 1
  end
  collect()
  tap.is(done, TIMES, "engine, sample and voice go in any order, 100 times")
end

-- Objects that outlive their engine's __gc, in one cycle of the collector.
do
  local done = 0
  for _ = 1, TIMES do
    local engine = assert(tabor.open { driver = "offline" })
    local sample = assert(engine:load({ 1, 2, 3 }))
    local voice = sample:play()
    engine:on("ended", function() return engine, sample, voice end)
    done = done + 1
  end
  collect()
  tap.is(done, TIMES, "engines in cycles with their handlers are collected")
  local engine = tabor.open { driver = "offline" }
  tap.ok(engine, "and leave nothing open: the next one opens")
  engine:close()
end

-- Coroutines.
do
  local engine <close> = assert(tabor.open { driver = "offline" })
  local sample = assert(engine:load(ones(100)))
  local co = coroutine.create(function()
    local voice <close> = sample:play()
    coroutine.yield(voice)
  end)
  local _, voice = coroutine.resume(co)
  engine:render { frames = 10 }
  tap.is(voice.alive, true, "a voice in a coroutine plays while it sleeps")
  coroutine.close(co)
  engine:render { frames = 300 }
  tap.is(voice.ended.reason, "stopped", "and stops when it is closed")

  local steps = coroutine.wrap(function()
    for _ = 1, 3 do
      local v = sample:play()
      repeat
        coroutine.yield(v)
      until v.ended
    end
    return "done"
  end)
  local last
  for _ = 1, 100 do
    last = steps()
    if last == "done" then
      break
    end
    engine:render { frames = 50 }
  end
  tap.is(last, "done", "coroutines take turns with the render")
  tap.is(#engine:poll(), 4, "four voices ended in all")

  local inside = coroutine.wrap(function()
    engine:on("ended", function(event) coroutine.yield(event) end)
    sample:play()
    engine:render { frames = 200 }
    local good, message = pcall(engine.poll, engine)
    return good, message
  end)
  local good, message = inside()
  tap.ok(not good and tostring(message):find("yield", 1, true),
    "a handler that yields is told that it can't")
end

-- An error between open and close.
do
  local kept
  local good = pcall(function()
    local engine <close> = assert(tabor.open { driver = "null" })
    kept = engine
    assert(engine:load(second)):play()
    error "something else"
  end)
  tap.ok(not good and kept.closed, "an error closes the engine on its way out")
end

-- Whole states, each a process: one that ends with lua_close(), one that
-- doesn't, one that fails, all while voices play.
do
  local program = [[
    local tabor = require "tabor"
    local engine = assert(tabor.open { driver = "null", block = 64 })
    local values = {}
    for i = 1, 48000 do values[i] = 1 end
    sample = assert(engine:load(values))
    voice = sample:play()
    for i = 1, 20 do sample:play { at = i } end
    assert(voice.alive)
  ]]
  local endings = {
    { "", 0, "returns" },
    { "os.exit(0, true)", 0, "exits with lua_close" },
    { "os.exit(0)", 0, "exits without" },
    { "error 'x'", 1, "fails" },
    { "engine, sample, voice = nil; collectgarbage()", 0, "collects first" },
    { "local t = setmetatable({}, {__gc = function() sample:play() " ..
      "sample:unload() end})", 0, "plays in a finalizer" },
  }
  local interpreter = arg[-1]
  local path = tap.file("program.lua")
  local good, looked = 0, 0
  for i = 1, TIMES do
    local ending = endings[i % #endings + 1]
    local file <close> = assert(io.open(path, "w"))
    file:write(program, ending[1], "\n")
    file:close()
    local _, how, number = os.execute(("timeout 20 '%s' '%s' 2>/dev/null")
      :format(interpreter, path))
    looked = looked + 1
    if how == "exit" and number == ending[2] then
      good = good + 1
    else
      tap.note(("a program that %s: %s %d"):format(ending[3], how, number))
    end
  end
  tap.is(looked, TIMES, "a hundred states end while voices play")
  tap.is(good, TIMES, "each as it should")
end

tap.done()
