-- SPDX-License-Identifier: MIT
--
-- Ways to hold 100 MB. Prints their names, or with a number "held" once one has
-- worked.

local MOST = 100000000
local held = {}

local function offline()
  return tabor.open { driver = "offline" }
end

local function second()
  local values = {}
  for i = 1, 48000 do
    values[i] = i % 2 - 0.5
  end
  return values
end

local bombs = {
  { "tables", function()
    for i = 1, MOST / 64 do
      held[i] = { i }
    end
  end },
  { "a text that doubles", function()
    local text = "x"
    while #text < MOST do
      text = text .. text
    end
  end },
  { "string.rep", function() held[1] = ("x"):rep(MOST) end },
  { "string.format, doubled", function()
    local text = ("%99d"):format(0)
    while #text < MOST do
      text = ("%s%s"):format(text, text)
    end
  end },
  { "string.pack", function() held[1] = string.pack("c" .. MOST, "") end },
  { "coroutines", function()
    for i = 1, MOST / 1000 do
      held[i] = coroutine.create(print)
    end
  end },
  { "a deep stack, many times", function()
    local function deep(n)
      if n > 0 then
        return 1 + deep(n - 1)
      end
      return coroutine.yield() or 0
    end
    for i = 1, MOST / 5000000 do
      held[i] = coroutine.wrap(deep)
      held[i](100000)
    end
  end },
  { "a sound", function() held[1] = offline():render(MOST / 8 / 48000) end },
  { "many sounds", function()
    local e = offline()
    for i = 1, MOST / 384000 do
      held[i] = e:render(1)
    end
  end },
  { "samples", function()
    local e, values = offline(), second()
    for i = 1, MOST / 192000 do
      held[i] = e:load(values)
    end
  end },
  { "samples that ring on", function()
    local e, values = offline(), second()
    for _ = 1, MOST / 192000 do
      local s = e:load(values)
      s:play { loop = true }
      e:render(0.01)
      s:unload()
      e:render(0.01)
    end
  end },
  { "engines", function()
    for i = 1, 12 do
      held[i] = tabor.open { driver = "offline", voices = 16384 }
    end
  end },
}

if not ... then
  for _, bomb in ipairs(bombs) do
    print(bomb[1])
  end
else
  bombs[tonumber((...))][2]()
  print("held")
end
