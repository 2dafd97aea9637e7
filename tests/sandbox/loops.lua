-- SPDX-License-Identifier: MIT
--
-- Code that does not end by itself, or not before its user is tired of it.
--
--   tabor [--sandbox --budget N] loops.lua          prints their names
--   tabor [--sandbox --budget N] loops.lua NUMBER   "begun", and runs it

local function forever()
  while true do
  end
end

local function closing()
  return setmetatable({}, { __close = forever })
end

local function long()
  return setmetatable({}, { __len = function() return 1 << 60 end })
end

local loops = {
  { "a loop", forever },
  { "a tail call", function()
    local function again() return again() end
    again()
  end },
  { "an iterator", function()
    for _ in function() return 1 end do
    end
  end },
  { "pcall in a loop", function()
    while true do
      pcall(forever)
    end
  end },
  { "xpcall whose handler loops", function()
    xpcall(forever, forever)
    xpcall(error, forever)
  end },
  { "an error's __tostring", function()
    error(setmetatable({}, { __tostring = forever }))
  end },
  { "a coroutine, caught", function()
    while true do
      coroutine.resume(coroutine.create(function()
        pcall(forever)
        forever()
      end))
    end
  end },
  { "coroutines too short to count", function()
    while true do
      coroutine.wrap(function() for _ = 1, 20 do end end)()
    end
  end },
  { "a variable's end", function()
    local _ <close> = closing()
  end },
  { "a dead coroutine's end", function()
    local co = coroutine.create(function()
      local _ <close> = closing()
      forever()
    end)
    coroutine.resume(co)
    coroutine.close(co)
  end },
  { "a sleeping coroutine's end", function()
    local co = coroutine.create(function()
      local _ <close> = closing()
      coroutine.yield()
    end)
    coroutine.resume(co)
    coroutine.close(co)
  end },
  { "a finalizer", function()
    setmetatable({}, { __gc = forever })
    collectgarbage()
  end },
  { "nothing, many times", function() ("").rep("", 1 << 60) end },
  { "table.move", function() table.move({}, 1, 1 << 60, 2) end },
  { "table.insert", function() table.insert(long(), 1, true) end },
  { "table.remove", function() table.remove(long(), 1) end },
  { "a pattern", function()
    ("a"):rep(60):find(("a?"):rep(60) .. ("a"):rep(60))
  end },
  { "a plain text", function()
    ("a"):rep(30000000):find(("a"):rep(15000000) .. "b", 1, true)
  end },
  { "a text to load", function()
    load(function() return " " end)
  end },
  { "memory, again and again", function()
    while true do
      pcall(string.rep, "x", 200000000)
    end
  end },
  { "a batch", function()
    tabor.open({ driver = "offline" }):batch(function()
      while true do
        pcall(forever)
      end
    end)
  end },
  { "an event's handler", function()
    engine:on("ended", forever)
    play("kick", { duration = 0.01 })
  end },
}

if not ... then
  for _, loop in ipairs(loops) do
    print(loop[1])
  end
else
  local loop = loops[tonumber((...))]
  print("begun")
  loop[2]()
end
