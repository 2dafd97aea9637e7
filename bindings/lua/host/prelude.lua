-- SPDX-License-Identifier: MIT
-- What a script that shares its engine with another language finds: engine,
-- clock, play, and messages. Arguments: engine, take, give (see host.c).
local engine, take, give = ...
local tabor = require "tabor"

_G.engine = engine
_G.clock = assert(engine:clock())

-- ------------------------------------------------------------------ play

local sounds = {}

local function find(name)
  local sample = engine:sample(name)
  if not sample then
    local path = (tabor.kit() or {})[name] or name
    local message
    sample, message = engine:load(path, { name = name })
    if not sample then
      error("play: no sample is called '" .. name .. "', and " .. message, 3)
    end
  end
  sounds[name] = sample
  return sample
end

-- play(sound, options) -> Voice; sound: a Sample, the name of one that either
-- language has loaded, of one of the kit, or a path
function play(sound, options)
  local sample = sound
  if type(sound) == "string" then
    sample = sounds[sound] or find(sound)
  end
  local voice, message, code = sample:play(options)
  if not voice and code == "closed" and sample ~= sound then
    sounds[sound] = nil -- its owner has unloaded it: there may be another
    voice, message = find(sound):play(options)
  end
  return voice or error("play: " .. message, 2)
end

-- -------------------------------------------------------------- messages

local write, read

local writers = {
  ["nil"] = function() return "n" end,
  boolean = function(value) return value and "t" or "f" end,
  number = function(value)
    return math.type(value) == "integer" and string.pack("<c1i8", "i", value)
      or string.pack("<c1d", "d", value)
  end,
  string = function(value) return string.pack("<c1s4", "s", value) end,
  table = function(value, depth)
    local parts = {}
    if #value > 0 or next(value) == nil then
      parts[1] = string.pack("<c1I4", "[", #value)
      for _, item in ipairs(value) do
        parts[#parts + 1] = write(item, depth)
      end
      return table.concat(parts)
    end
    local count = 0
    for key, item in pairs(value) do
      count = count + 1
      parts[#parts + 1] = write(key, depth) .. write(item, depth)
    end
    return string.pack("<c1I4", "{", count) .. table.concat(parts)
  end,
}

function write(value, depth)
  local writer = writers[type(value)]
  if not writer then
    error("send: a " .. type(value) .. " can't be sent, only nil, booleans, " ..
      "numbers, strings and tables of them", 0)
  end
  if depth > 32 then
    error("send: a table is nested more than 32 deep, or in itself", 0)
  end
  return writer(value, depth + 1)
end

local readers = {
  n = function(_, at) return nil, at end,
  t = function(_, at) return true, at end,
  f = function(_, at) return false, at end,
  i = function(bytes, at) return string.unpack("<i8", bytes, at) end,
  d = function(bytes, at) return string.unpack("<d", bytes, at) end,
  s = function(bytes, at) return string.unpack("<s4", bytes, at) end,
  ["["] = function(bytes, at)
    local list, count = {}
    count, at = string.unpack("<I4", bytes, at)
    for i = 1, count do
      list[i], at = read(bytes, at)
    end
    return list, at
  end,
  ["{"] = function(bytes, at)
    local map, count = {}
    count, at = string.unpack("<I4", bytes, at)
    for _ = 1, count do
      local key
      key, at = read(bytes, at)
      map[key], at = read(bytes, at)
    end
    return map, at
  end,
}

function read(bytes, at)
  return readers[bytes:sub(at, at)](bytes, at + 1)
end

-- send(value, ...): to the other language, in order
function send(...)
  local values = table.pack(...)
  local parts = { string.pack("<I4", values.n) }
  for i = 1, values.n do
    parts[i + 1] = write(values[i], 0)
  end
  give(table.concat(parts))
end

local LOOK = 0.01 -- seconds between two looks

-- receive([timeout]) -> the values of the next message; nothing if there is
-- none in time. Only a task of clock can wait for one.
function receive(timeout)
  local bytes = take()
  local left = timeout or 0
  while not bytes and left > 0 do
    clock:sleep(math.min(left, LOOK))
    left = left - LOOK
    bytes = take()
  end
  if not bytes then
    return
  end
  local count, at = string.unpack("<I4", bytes)
  local values = {}
  for i = 1, count do
    values[i], at = read(bytes, at)
  end
  return table.unpack(values, 1, count)
end
