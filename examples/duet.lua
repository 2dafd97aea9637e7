-- SPDX-License-Identifier: MIT
-- The half of duet.py that plays: it keeps the beat by itself, on whatever
-- chord came last, and goes on should Python be late, or gone.
clock:tempo(112)

local PATTERN = { 1, 3, 2, 3, 1, 2, 3, 2 } -- notes of the chord, in eighths

clock:run("groove", function()
  local _, chord, about = receive(1)
  chord = chord or { 0, 4, 7 }
  local last = false
  while not last do
    last = about and about.last
    for eighth = 1, 8 do
      if eighth % 2 == 1 then
        play(eighth % 4 == 1 and "kick" or "snare")
      end
      play("hat", { gain = 0.3, pan = -0.3 })
      play("pluck", { pitch = chord[PATTERN[eighth]], gain = 0.6, pan = 0.2 })
      clock:wait(1 / 2)
    end
    local word, next_chord, next_about = receive()
    if word == "chord" then
      chord, about = next_chord, next_about
    end
  end
  play "bell"
end)
