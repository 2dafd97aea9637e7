-- SPDX-License-Identifier: MIT
-- Eight bars on Tabor's own kit; demo.py plays the same notes.
--
--   tabor demo.lua            play them
--   tabor demo.lua FILE.wav   render them to a file, faster than real time
local tabor = require "tabor"

local BPM = 112
local STEP = 60 / BPM / 4 -- a sixteenth, in seconds
local BARS = 8
local LENGTH = (BARS * 16 + 16) * STEP -- with room for the last chord to ring

-- Sixteen steps a bar: 1 to 9 is how hard, a dot is a rest. A track with
-- fewer bars than the piece starts over.
local REST = "................"
local DRUMS = {
  { "kick", 0.9, 0.0,
    { "9.....4.9.......", "9.....4.9.......", "9.....4.9.......",
      "9.....4.9..3..6." } },
  { "snare", 0.7, 0.1,
    { "....8.......8...", "....8.......8...", "....8.......8...",
      "....8.......8.35" } },
  { "clap", 0.6, 0.0,
    { REST, REST, REST, REST, "....7.......7...", "....7.......7...",
      "....7.......7...", "....7.......7..." } },
  { "hat", 0.5, -0.25, { "6.384.385.384.3.", "6.384.385.38...." } },
  { "openhat", 0.35, -0.25, { REST, ".............6.." } },
  { "tom", 0.6, 0.3,
    { REST, REST, REST, REST, REST, REST, REST, "..........7.5..8" } },
}

-- Semitones from A: where the bass stands, and the chord above it.
local CHORDS = {
  { 0, { 0, 3, 7 } }, -- A minor
  { -4, { -4, 0, 3 } }, -- F
  { 3, { -2, 3, 7 } }, -- C
  { -2, { -2, 2, 5 } }, -- G
  { 0, { 0, 3, 7 } }, -- A minor
  { -4, { -4, 0, 3 } }, -- F
  { 3, { -2, 3, 7 } }, -- C
  { -5, { -1, 2, 7 } }, -- E
}

-- Sixteen steps again: semitones above the chord's bass, and which note of
-- the chord (3 is the first, an octave up).
local BASS = { "0 . . 0 . . 12 . 0 . . . 7 . 12 .",
               "0 . . 0 . . 12 . 0 . . 7 . . 10 ." }
local ARPEGGIO = { "0 . 1 . 2 . 3 . 2 . 1 . 2 . 1 .",
                   "0 . 1 2 . 3 . 2 . 1 . 2 3 . 2 1" }

-- Eight steps a bar, semitones from the A above.
local MELODY = {
  ". . . . . . . .", ". . . . . . . .",
  "-5 . . -2 . . -5 .", "-7 . . . -10 . . .",
  "0 . . -2 . -5 . .", "-4 . . -5 . -9 . .",
  "-5 . . -2 . 3 . .", "2 . . -1 . . -5 .",
}

-- The steps of a bar that are no rests: step (from 0), token.
local function each_note(bar, token_pattern)
  local step = -1
  local next_token = bar:gmatch(token_pattern)
  return function()
    local token
    repeat
      token = next_token()
      step = step + 1
    until token ~= "."
    if token then
      return step, token
    end
  end
end

local function play_drums(play, bar)
  for _, track in ipairs(DRUMS) do
    local name, gain, pan, bars = table.unpack(track)
    for step, hard in each_note(bars[bar % #bars + 1], ".") do
      play(name, bar * 16 + step,
           { velocity = tonumber(hard) / 9, gain = gain, pan = pan })
    end
  end
end

local function play_tones(play, bar)
  local root, chord = table.unpack(CHORDS[bar + 1])
  for step, token in each_note(BASS[bar % 2 + 1], "%S+") do
    play("bass", bar * 16 + step, { gain = 0.6, pitch = root + token })
  end
  local tones = { chord[1], chord[2], chord[3], chord[1] + 12 }
  for step, token in each_note(ARPEGGIO[bar // 4 + 1], "%S+") do
    play("pluck", bar * 16 + step,
         { gain = 0.6, pan = 0.5 - step % 4 / 3,
           pitch = tones[token + 1] + 12 })
  end
  for step, token in each_note(MELODY[bar + 1], "%S+") do
    play("bell", bar * 16 + step * 2,
         { gain = 0.4, pan = -0.1, pitch = tonumber(token) })
  end
end

-- A chord that is let go after so many steps.
local function play_pad(play, step, chord, steps)
  for _, semitones in ipairs(chord) do
    local voice = play("pad", step, { gain = 0.22, pitch = semitones })
    voice:stop { fade = 0.4, at = (step + steps) * STEP + play.start }
  end
end

-- The beat after the last bar: home to A minor.
local function play_end(play)
  local last = BARS * 16
  play("kick", last, { gain = 0.9 })
  play("openhat", last, { gain = 0.3, pan = -0.25 })
  play("bass", last, { gain = 0.6 })
  play("bell", last, { gain = 0.4, pan = -0.1 })
  play_pad(play, last, { -12, 0, 3, 7 }, 8)
end

-- Plays a sound of the kit at a step of the piece.
local function new_player(engine, start)
  local player = { start = start, voices = {} }
  local sounds = {}
  for name, path in pairs(tabor.kit()) do
    sounds[name] = assert(engine:load(path))
  end
  return setmetatable(player, {
    __call = function(self, name, step, how)
      how.at = step * STEP + self.start
      local voice = assert(sounds[name]:play(how))
      table.insert(self.voices, voice)
      return voice
    end
  })
end

-- Send every note, the first at start seconds; all their voices.
local function play_piece(engine, start)
  local play = new_player(engine, start)
  for bar = 0, BARS - 1 do
    play_drums(play, bar)
    play_tones(play, bar)
    play_pad(play, bar * 16, CHORDS[bar + 1][2], 16)
  end
  play_end(play)
  return play.voices
end

local file = ...
if file then
  local engine <close> = assert(tabor.open { driver = "offline" })
  play_piece(engine, 0.0)
  assert(engine:render(LENGTH):save(file))
else
  local engine <close> = assert(tabor.open {})
  print(("playing on %s: %s"):format(engine.driver, engine.device))
  for _, voice in ipairs(play_piece(engine, engine:now() + 0.3)) do
    voice:wait(LENGTH + 5)
  end
end
