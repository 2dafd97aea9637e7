#!/usr/bin/env lua5.4
-- SPDX-License-Identifier: MIT
--
-- devices.lua: what devices.py does, in Lua.
local tabor = require "tabor"

io.stdout:setvbuf("line")

local function rtaudio()
  for _, driver in ipairs(tabor.drivers()) do
    if driver.name == "rtaudio" then return driver end
  end
end

for _ in io.lines() do
  local driver, devices = assert(rtaudio()), {}
  for _, device in ipairs(assert(tabor.devices("rtaudio"))) do
    devices[#devices + 1] = ("[%s/%d%s]"):format(device.name, device.outputs,
      device.default and "/default" or "")
  end
  print(("available=%s devices=%s why=%s"):format(
    driver.available and "yes" or "no", table.concat(devices), driver.why))
end
