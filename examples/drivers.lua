-- SPDX-License-Identifier: MIT
-- Which drivers and devices there are, and how to choose one.
--
--   tabor drivers.lua                  list them, play on the best one
--   tabor drivers.lua DRIVER [DEVICE]  play on this one
local tabor = require "tabor"

local function list()
  for _, driver in ipairs(tabor.drivers()) do
    print(("%-8s %s%s"):format(driver.name, driver.title,
      driver.available and "" or " (not now: " .. driver.why .. ")"))
    for _, device in ipairs(tabor.devices(driver.name) or {}) do
      print(("         %s%s, %d channels out"):format(device.name,
        device.default and " (default)" or "", device.outputs))
    end
  end
end

-- The environment's failures come back as nil and a sentence: no driver, no
-- such device. A misspelt option would be an error at this line instead.
local function open(driver, device)
  local engine, why = tabor.open { driver = driver, device = device }
  if not engine then
    io.stderr:write(why, "\n")
    os.exit(1, true)
  end
  return engine
end

local driver, device = ...
if not driver then
  list()
end

local engine <close> = open(driver or "auto", device)
print(("playing on %s: %s, %d Hz, blocks of %d frames"):format(
  engine.driver, engine.device, engine.rate, engine.block))
local bell = assert(engine:load(tabor.kit().bell))
bell:play { gain = 0.8 }:wait(5)
