-- SPDX-License-Identifier: MIT
-- Tasks on the audio clock: a bar's pattern, a loop that is replaced while it
-- goes, and a tempo that grows. Runs at the console, live or with
--   tabor --render clock.wav examples/clock.lua
clock:tempo(110)

local function hats(gain, length)
  return function()
    play("hat", { gain = gain, pan = -0.3 })
    clock:wait(length)
  end
end

clock:loop("hat", hats(0.4, 1 / 2))

clock:run("drums", function()
  for bar = 1, 8 do
    if bar == 5 then
      clock:loop("hat", hats(0.3, 1 / 4)) -- from its next boundary on
      clock:tempo(150, 16) -- over 16 beats
    end
    for beat = 1, 4 do
      play(beat % 2 == 1 and "kick" or "snare")
      clock:wait(1)
    end
  end
  clock:loop("hat", false)
  play "bell"
end)

clock:run("tune", function()
  local notes = { 0, 3, 7, 10, 12, 10, 7, 3 }
  for i = 0, 63 do
    play("pluck", { pitch = notes[i % #notes + 1], gain = 0.5, pan = 0.3 })
    clock:sync(1 / 2)
  end
end)
