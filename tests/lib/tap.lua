-- SPDX-License-Identifier: MIT
--
-- TAP for tests in Lua: a fact a line, the plan last, status 1 if one is false.
--
-- Requiring this starts the test once more under timeout(1), because nothing
-- inside Lua can stop a call that hangs in C.

local tap = { count = 0, failed = 0 }

local LIMIT = 170

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

if not os.getenv("TABOR_TAP_LIMIT") then
  local first = 0
  while arg[first - 1] do
    first = first - 1
  end
  local words = { "TABOR_TAP_LIMIT=1 exec timeout -k 2 " .. LIMIT }
  for i = first, #arg do
    words[#words + 1] = quote(arg[i])
  end
  local good, how, number = os.execute(table.concat(words, " "))
  if not good then
    io.stderr:write(("# ended by %s %d\n"):format(how, number))
  end
  os.exit(good or number)
end

io.stdout:setvbuf("line")

local function note(...)
  local text = table.concat({ ... })
  print("# " .. text:gsub("\n", "\n# "))
end

-- A line of its own for people; it is no result.
tap.note = note

-- A number sign would start a directive: music is full of C#.
function tap.ok(fact, name)
  tap.count = tap.count + 1
  local line = ("ok %d - %s"):format(tap.count, (name:gsub("#", "\\#")))
  print(fact and line or "not " .. line)
  if not fact then
    tap.failed = tap.failed + 1
    note(debug.traceback("false", 2))
  end
  return fact
end

function tap.is(got, want, name)
  local same = got == want
  tap.ok(same, name)
  if not same then
    note("got ", tostring(got), ", want ", tostring(want))
  end
  return same
end

function tap.near(got, want, tolerance, name)
  local near = type(got) == "number" and math.abs(got - want) <= tolerance
  tap.ok(near, name)
  if not near then
    note("got ", tostring(got), ", want ", tostring(want), " within ",
      tostring(tolerance))
  end
  return near
end

-- fn raises an error whose text contains each of the words (plain).
function tap.raises(fn, words, name)
  local good, message = pcall(fn)
  message = tostring(message)
  local found = not good
  for _, word in ipairs(words) do
    found = found and message:find(word, 1, true) ~= nil
  end
  tap.ok(found, name)
  if not found then
    note(good and "no error" or message)
  end
end

-- The results are nil, a message that contains each of the words, code.
function tap.fails(code, words, name, value, message, got_code)
  local found = value == nil and got_code == code
  for _, word in ipairs(words) do
    found = found and message:find(word, 1, true) ~= nil
  end
  tap.ok(found, name)
  if not found then
    note("got ", tostring(value), ", ", tostring(message), ", ",
      tostring(got_code))
  end
end

-- A channel of audio is want(frame) in each frame, within the tolerance.
function tap.like(audio, channel, want, tolerance, name)
  local most = 0
  for frame = 0, audio.frames - 1 do
    local error = math.abs(audio:get(frame, channel) - want(frame))
    most = error <= most and most or error -- NaN is the worst
  end
  local near = audio.frames > 0 and most <= tolerance
  tap.ok(near, name)
  if not near then
    note(("off by %g in %d frames"):format(most, audio.frames))
  end
end

-- How far a level has gone when a share of its time has passed: a ramp's
-- curve.
function tap.bend(share)
  share = math.max(0, math.min(1, share))
  return share * share * (3 - 2 * share)
end

function tap.skip_all(reason)
  print("1..0 # SKIP " .. reason)
  os.exit(0, true)
end

-- A path in the current folder that no other test uses; removed by done().
local files = {}
function tap.file(name)
  local path = arg[0]:match("([^/]+)%.lua$") .. ".tmp." .. name
  files[#files + 1] = path
  return path
end

function tap.done()
  for _, path in ipairs(files) do
    os.remove(path)
  end
  print("1.." .. tap.count)
  os.exit(tap.failed == 0 and tap.count > 0, true)
end

function tap.write(name, bytes)
  local path = tap.file(name)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

return tap
