-- SPDX-License-Identifier: MIT
-- doc/tabor.lua and what there really is, one against the other: run by
-- console-help.sh in a console with the offline driver.
local source, stock, folder = ...
local tap = require "tap"

-- What Lua itself has: the names in a lua(1) without Tabor.
local lua_names = {}
for name in stock:gmatch "%S+" do
  lua_names[name] = true
end

-- Described names, and their examples; fields and options have none. What is
-- there beside Python only, py-lua.py looks at.
local described, examples, fields = {}, {}, {}
local beside = false
local function read_source()
  local example, class
  for line in io.lines(source) do
    beside = beside or line:match "^%-%- %-+ beside Python %-%-$"
    local text = line:match "^%-%-%-(.*)"
    if text == "```lua" then
      example = {}
    elseif text == "```" then
      example = table.concat(example, "\n")
    elseif type(example) == "table" then
      example[#example + 1] = text
    elseif text and text:match "^@class" then
      class = text:match "^@class tabor%.(%w+)"
      described[class] = true
      examples[class] = example
    elseif text and text:match "^@field" then
      fields[class .. "." .. text:match "^@field ([%w_]+)"] = true
    elseif not text then
      local name = line:match "^function ([%w_.:]+)"
        or line:match "^([%l_.]+) = "
      if name and not beside then
        described[name] = true
        examples[name] = example
      end
      example = nil
      class = class and line ~= "" and class or nil
    end
  end
end

-- Names that there are.
local function note_methods(found, class, object)
  local _, methods = debug.getupvalue(getmetatable(object).__index, 1)
  for name in pairs(methods) do
    found[class .. ":" .. name] = true
  end
end

local function find_all()
  local found = {}
  for name in pairs(tabor) do
    found["tabor." .. name] = true
  end
  local kick = load "kick"
  local voices = engine:play_many(kick, { at = { 0, 1 } })
  note_methods(found, "Engine", engine)
  note_methods(found, "Clock", clock)
  note_methods(found, "Task", clock:run(function() end))
  note_methods(found, "Sample", kick)
  note_methods(found, "Voice", kick:play())
  note_methods(found, "Voices", voices)
  note_methods(found, "Audio", engine:render(0.01))
  for name in pairs(_G) do
    if not lua_names[name] then
      found[name] = true
    end
  end
  found.load, found.arg = true, true -- more than what lua(1) has
  return found
end

local function sorted(set)
  local names = {}
  for name in pairs(set) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

read_source()
tap.ok(beside, "names beside Python have their place")
local found = find_all()
local count = 0
for _, name in ipairs(sorted(found)) do
  tap.ok(described[name], name .. " is described")
  count = count + 1
end
tap.ok(count > 60, count .. " names were found")
count = 0
for _, name in ipairs(sorted(described)) do
  if not name:match "^%u%w*$" then
    tap.ok(found[name], name .. " is there")
    count = count + 1
  end
end
tap.ok(count > 60, count .. " names are described")

-- Each example runs, by itself, on an engine of its own.
for _, name in ipairs(sorted(described)) do
  if not name:match "Options$" then
    local text = examples[name]
    tap.ok(text, name .. " has an example")
    engine = assert(tabor.open { driver = "offline" })
    clock = engine:clock {}
    local chunk, message = load(text or "error 'none'", "=" .. name, "t",
                                setmetatable({ print = function() end,
                                               load = load },
                                             { __index = _G }))
    local good, why = pcall(chunk or error, message)
    tap.is(good or why, true, "the example of " .. name .. " runs")
    engine:close()
  end
end
engine = assert(tabor.open { driver = "offline" })
clock = engine:clock {}

-- Options: what the module's lists of them have, and what is described.
local lists = {
  ["play.c"] = { play = "Play" },
  ["voice.c"] = { stop = "Stop", release = "Release", set = "Set" },
  ["many.c"] = { many = "Many" },
  ["sample.c"] = { load = "Load" },
  ["audio.c"] = { read = "Read", save = "Save" },
  ["engine.c"] = { open = "Open", attach = "Attach" },
  ["command.c"] = { fade = "Fade", cancel = "Cancel", render = "Render" },
  ["shape.c"] = { env = "Env" },
  ["clock.c"] = { clock = "Clock" },
}
local taken = { ["SeekOptions.at"] = true, ["SeekOptions.at_frame"] = true }
local function read_options(file, classes)
  local class
  for line in io.lines(folder .. "/" .. file) do
    class = classes[line:match "^static const option ([%l]+)_known%[%]"]
      or class
    local name = line:match '^    {"([%l_]+)", OPTION_'
    if class and name then
      taken[class .. "Options." .. name] = true
    elseif line:match "NULL, 0, 0, NULL" then
      class = nil
    end
  end
end
for file, classes in pairs(lists) do
  read_options(file, classes)
end
count = 0
for _, name in ipairs(sorted(taken)) do
  tap.ok(fields[name], "option " .. name .. " is described")
  count = count + 1
end
tap.ok(count > 80, count .. " options were found")
for _, name in ipairs(sorted(fields)) do
  if name:match "Options%." then
    tap.ok(taken[name], "option " .. name .. " is there")
  end
end

-- Fields: what isn't one is nil, whatever the object.
local objects = {
  Engine = engine, Clock = engine:clock {}, Sample = load "kick",
  Voice = play "kick", Voices = engine:play_many(load "kick", { at = { 0 } }),
  Audio = engine:render(0.1), Task = clock:run("task", function() end),
}
local may_be_nil = {
  ["Engine.warning"] = true, ["Sample.loop_start"] = true,
  ["Sample.loop_end"] = true, ["Voice.ended"] = true,
}
count = 0
for _, name in ipairs(sorted(fields)) do
  local class, field = name:match "^(%u%l+)%.([%l_]+)$"
  if objects[class] then
    local value = objects[class][field]
    tap.ok(value ~= nil or may_be_nil[name], name .. " is there")
    count = count + 1
  end
end
tap.ok(count > 25, count .. " fields were read")
tap.done()
