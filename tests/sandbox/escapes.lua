-- SPDX-License-Identifier: MIT
--
-- Ways out of a sandbox, each with what it leads to: true means "out". Without
-- --sandbox every one of them must work, or it proves nothing.
--
--   tabor [--sandbox] escapes.lua OUTSIDE INSIDE LINK WRITABLE BYTECODE
--
-- OUTSIDE: a sound that may not be read; INSIDE: a folder that may be; LINK: a
-- link in it to OUTSIDE; WRITABLE: a folder to write to; BYTECODE: in hex.
-- Prints a line for each that is out, and how many were tried.

local outside, inside, link, writable, hex = ...

local bytes = {}
for i = 1, #hex, 2 do
  bytes[#bytes + 1] = string.char(tonumber(hex:sub(i, i + 1), 16))
end
local bytecode = table.concat(bytes)
local up = inside .. "/" .. ("../"):rep(40) .. outside
local offline = tabor.open { driver = "offline" }
local kick = offline:load(tabor.kit().kick)

local function is_function(f)
  return type(f) == "function"
end

local escapes = {
  -- the system
  ["io.open"] = function() return io.open("/etc/passwd") ~= nil end,
  ["io.open, to write"] = function()
    return io.open(writable .. "/io", "w") ~= nil
  end,
  ["io.lines"] = function() return io.lines("/etc/passwd")() ~= nil end,
  ["io.popen"] = function() return io.popen("true"):close() end,
  ["io.stdout"] = function() return io.stdout:write("") ~= nil end,
  ["io.tmpfile"] = function() return io.tmpfile() ~= nil end,
  ["rawget(_G, 'io')"] = function() return rawget(_G, "io") ~= nil end,
  ["os.execute"] = function() return os.execute("true") end,
  ["os.getenv"] = function() return os.getenv("PATH") ~= nil end,
  ["os.tmpname"] = function() return os.remove(os.tmpname()) end,
  ["os.rename"] = function() return is_function(os.rename) end,
  ["os.exit"] = function() return is_function(os.exit) end,
  ["os.setlocale"] = function() return os.setlocale() ~= nil end,
  -- other code
  ["dofile"] = function() return select("#", dofile("/dev/null")) == 0 end,
  ["loadfile"] = function() return is_function(loadfile("/dev/null")) end,
  ["require of a library"] = function() return require("io").open ~= nil end,
  ["require of debug"] = function() return require("debug") ~= nil end,
  ["package.loaded"] = function() return package.loaded.os.execute ~= nil end,
  ["package.loadlib"] = function() return is_function(package.loadlib) end,
  ["package.searchpath"] = function()
    return is_function(package.searchpath)
  end,
  ["string.dump"] = function() return #string.dump(is_function) > 0 end,
  ["byte code"] = function() return load(bytecode, "=x")() == "ran" end,
  ["byte code, mode b"] = function()
    return load(bytecode, "x", "b")() == "ran"
  end,
  ["byte code by a reader"] = function()
    local done
    return load(function()
      done = not done
      return done and bytecode or nil
    end, "x", "bt")() == "ran"
  end,
  ["byte code by _G.load"] = function() return _G.load(bytecode)() == "ran" end,
  -- debug, and what it gives
  ["debug.getregistry"] = function()
    return debug.getregistry()._LOADED ~= nil
  end,
  ["debug.getupvalue"] = function()
    return debug.getupvalue(load("return x", "=x"), 1) == "_ENV"
  end,
  ["debug.setmetatable"] = function()
    return debug.setmetatable(nil, nil) == nil
  end,
  ["debug.sethook"] = function() return is_function(debug.sethook) end,
  ["debug in loaded text"] = function()
    return load("return debug", "=x")() ~= nil
  end,
  ["io in loaded text, with _G"] = function()
    return load("return io", "x", "t", _G)() ~= nil
  end,
  ["io in a coroutine"] = function()
    return coroutine.wrap(function() return io end)() ~= nil
  end,
  ["_ENV's metatable"] = function()
    return getmetatable(_ENV).__index.io ~= nil
  end,
  ["a message handler that runs inside the error"] = function()
    local _, deep = xpcall(error, function()
      return debug.traceback():find("error", 1, true)
    end)
    return deep ~= nil
  end,
  -- metatables
  ["the metatable of strings"] = function()
    return getmetatable("").__index == string
  end,
  ["a new method of all strings' arithmetic"] = function()
    local before = getmetatable("").__add
    getmetatable("").__add = before
    return true
  end,
  ["an engine's metatable"] = function()
    return getmetatable(offline).__gc ~= nil
  end,
  ["a sample's metatable"] = function()
    return getmetatable(kick).__gc ~= nil
  end,
  ["__gc"] = function() return setmetatable({}, { __gc = print }) ~= nil end,
  ["collectgarbage('stop')"] = function()
    return collectgarbage("stop") == 0 and collectgarbage("restart") == 0
  end,
  ["warn"] = function() return is_function(warn) end,
  -- patterns
  ["string.match"] = function() return string.match("ab", "a(.)") == "b" end,
  ["string.gmatch"] = function() return string.gmatch("ab", ".")() == "a" end,
  ["string.gsub"] = function() return string.gsub("ab", ".", "x") == "xx" end,
  ["string.find"] = function() return string.find("ab", "a.") == 1 end,
  ["a method of a string"] = function() return ("ab"):match(".") == "a" end,
  -- Tabor
  ["a driver by name"] = function()
    return tabor.open { driver = "null" }:close()
  end,
  ["record"] = function()
    return tabor.open { driver = "null", record = writable .. "/r.wav" }:close()
  end,
  ["log"] = function()
    return tabor.open { driver = "offline", log = writable .. "/l.tlog" }
      :close()
  end,
  ["tabor.drivers"] = function() return #tabor.drivers() > 0 end,
  ["tabor.devices"] = function() return is_function(tabor.devices) end,
  ["tabor.attach"] = function() return tabor.attach(offline.id):close() end,
  ["tabor.replay"] = function() return is_function(require("tabor").replay) end,
  ["audio:save"] = function()
    return offline:render(0.01):save(writable .. "/a.wav")
  end,
  ["tabor.read"] = function() return tabor.read(outside) ~= nil end,
  ["engine:load"] = function() return offline:load(outside) ~= nil end,
  ["load"] = function() return load(outside) ~= nil end,
  ["play"] = function() return play(outside) ~= nil end,
  ["..'s on the way"] = function() return offline:load(up) ~= nil end,
  ["a link"] = function() return offline:load(link) ~= nil end,
  ["trusted"] = function()
    return offline:load(tabor.kit().kick, { trusted = true }) ~= nil
  end,
  ["the class's load with another engine"] = function()
    return offline.load(engine, outside) ~= nil
  end,
}

local tried, out = 0, 0
for name, escape in pairs(escapes) do
  local good, answer = pcall(escape)
  tried = tried + 1
  if good and answer then
    out = out + 1
    print("out: " .. name)
  else
    print("in: " .. name .. ": " .. tostring(answer))
  end
end
-- What a sandboxed script may do, or all of this would be easy.
local may = assert(offline:load(inside .. "/inside.wav")) ~= nil
  and tabor.read(inside .. "/inside.wav").frames > 0
  and offline:render(0.01).frames == 480
  and string.find("a.b", ".", 1, true) == 2
  and ("x"):rep(3, "-") == "x-x-x"
  and load("return ...", "=x")(5) == 5
  and select(2, xpcall(error, function(e) return e .. "!" end, "no", 0))
    == "no!"
  and table.concat(table.move({ 1, 2 }, 1, 2, 2)) == "112"
  and require("tabor") == tabor
print(("%d tried, %d out, may do its work: %s")
  :format(tried, out, tostring(may)))
