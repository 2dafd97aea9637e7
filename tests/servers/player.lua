#!/usr/bin/env lua5.4
-- SPDX-License-Identifier: MIT
--
-- player.lua DO API SOUND [BLOCK [FORMAT [TAKE]]]: what player.py does, in Lua.
local tabor = require "tabor"

io.stdout:setvbuf("line")

-- Read events until one is of this type; nil if none came in time. Time is the
-- engine's own: it runs on when the device has gone.
local function await_event(engine, kind, seconds)
  local deadline = engine:now() + seconds
  while engine:now() < deadline do
    for _, event in ipairs(engine:wait(0.05) or {}) do
      if event.type == kind then return event end
    end
  end
end

local todo = {}

local function hear_out(engine, voice, sample)
  engine:on("device_lost", function() print("lost") end)
  local ended = assert(voice:wait(30))
  -- until what was rendered has gone through the server
  local through = engine:now() + 0.5
  while engine:now() < through do engine:wait(0.05) end
  assert(ended.reason == "finished", ended.reason)
  assert(ended.frame == ended.started + sample.frames, ended.frame)
  print("played", ended.frame - ended.started)
  return ended
end

function todo.play(engine, sample)
  io.read()
  local start = engine:frame() + engine.rate // 2
  local ended = hear_out(engine, sample:play { at_frame = start }, sample)
  assert(ended.started == start, ended.started)
end

function todo.hurry(engine, sample)
  io.read()
  hear_out(engine, sample:play(), sample)
end

function todo.calm(engine, sample)
  local voice = sample:play()
  local lost = await_event(engine, "device_lost", 1)
  assert(voice.alive)
  print(lost and "lost" or "calm")
end

local function lose(engine, sample, back)
  local voice = sample:play()
  print("playing")
  local lost = assert(await_event(engine, "device_lost", 3), "no device_lost")
  assert(lost.device == engine.device, lost.device)
  print("lost")
  if back then
    assert(await_event(engine, "device_back", 6), "no device_back")
    assert(engine:ping() < 1)
    print("back")
  end
  voice:stop()
  local ended = assert(voice:wait(2))
  assert(ended.reason == "stopped", ended.reason)
  assert(ended.started <= ended.frame and ended.frame <= engine:frame())
  print("ended")
end

function todo.leave(engine, sample) lose(engine, sample, false) end

function todo.stay(engine, sample) lose(engine, sample, true) end

function todo.ping(engine)
  local seconds = assert(engine:ping())
  assert(seconds > 0 and seconds < 1, seconds)
  print("pong")
end

local what, api, sound, block, format, take = ...
do
  local engine <close> = assert(tabor.open {
    driver = "rtaudio", api = api, block = tonumber(block or 256),
    format = format or "float32", log = take, dither = take ~= nil
  })
  local sample = assert(engine:load(sound))
  print("open", engine.block, engine.device)
  todo[what](engine, sample)
end
print("closed")
