-- SPDX-License-Identifier: MIT
--
-- Names that a script finds: globals, the module's functions, methods.
--
--   tabor names.lua                           all there are, owner and name
--   tabor --sandbox names.lua OWNER NAME...   those of them that are there

local engine = tabor.open { driver = "offline" }
local sample = engine:load { 0.5 }
local owners = {
  global = _G,
  tabor = tabor,
  ["tabor.Engine"] = engine,
  ["tabor.Sample"] = sample,
  ["tabor.Voice"] = sample:play(),
  ["tabor.Voices"] = engine:play_many(sample, { count = 1 }),
  ["tabor.Clock"] = engine:clock(),
  ["tabor.Task"] = engine:clock():run(print),
  ["tabor.Audio"] = engine:render { frames = 1 },
}

-- Classes have their methods in an upvalue of __index.
local function list()
  local names = { global = _G, tabor = tabor }
  for class, meta in pairs(debug.getregistry()) do
    if type(class) == "string" and class:find "^tabor%.%u" then
      assert(owners[class], class .. " is new: make one above")
      names[class] = select(2, debug.getupvalue(meta.__index, 1))
    end
  end
  for owner in pairs(owners) do
    for name in pairs(assert(names[owner], owner .. " has gone")) do
      print(owner, name)
    end
  end
end

if #arg == 0 then
  list()
end
for i = 1, #arg, 2 do
  if owners[arg[i]][arg[i + 1]] ~= nil then
    print(arg[i], arg[i + 1])
  end
end
