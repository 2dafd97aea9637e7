-- SPDX-License-Identifier: MIT
local tabor = require "tabor"

local engine <close> = assert(tabor.open {})
local kit, tune = {}, { 0, 3, 7, 10 }
for name, path in pairs(tabor.kit()) do kit[name] = engine:load(path) end
local start = engine:now() + 0.1
for beat = 0, 7 do
  kit.kick:play { at = start + beat * 0.5 }
  kit.hat:play { at = start + beat * 0.5 + 0.25, gain = 0.5, pan = -0.3 }
  kit.pluck:play { at = start + beat * 0.5, pitch = tune[beat % 4 + 1] }
end
kit.bell:play { at = start + 4 }:wait(10)
