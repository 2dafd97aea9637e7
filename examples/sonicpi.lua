-- SPDX-License-Identifier: MIT
-- Eight bars on recorded sounds; sonicpi.py plays the same notes.
--
-- The sounds are Sonic Pi's, which Debian packages as sonic-pi-samples
-- (SONICPI_SAMPLES names another folder).
--
--   tabor sonicpi.lua            play them
--   tabor sonicpi.lua FILE.wav   render them to a file, faster than real time
local tabor = require "tabor"

local FOLDER = os.getenv "SONICPI_SAMPLES" or "/usr/share/sonic-pi/samples"
local BPM = 84
local STEP = 60 / BPM / 4 -- a sixteenth, in seconds
local SWING = 0.18 -- how late every second sixteenth is, in steps
local BARS = 8
local LENGTH = (BARS * 16 + 20) * STEP

-- Sixteen steps a bar: 1 to 9 is how hard, a dot is a rest. A track with
-- fewer bars than the piece starts over.
local REST = "................"
local DRUMS = {
  { "bd_haus", 0.55, 0.0, { "9......5..8.....", "9......5..8....3" } },
  { "sn_dolf", 0.5, 0.05, { "....8.......8..1", "....8..2....8..." } },
  { "drum_cymbal_closed", 0.6, -0.3, { "5.73553757355.73" } },
  { "drum_cymbal_open", 0.18, -0.3, { "..............6." } },
  { "perc_snap", 0.3, 0.4,
    { REST, REST, REST, REST, "....6.......6.4.", "....6.......6.4.",
      "....6.......6.4.", "....6.......6.4." } },
  { "tabla_na", 0.35, 0.5,
    { REST, REST, "...4..6...3.5..4", "...4..6...3.5..4" } },
  { "tabla_ghe3", 0.35, -0.5,
    { REST, REST, "7.....4.......6.", "7.....4.......6." } },
}

-- What lies under it: bar, sound, gain, pan.
local LAYERS = {
  { 0, "vinyl_hiss", 0.25, 0.0 }, { 0, "guit_em9", 0.5, 0.0 },
  { 0, "drum_splash_soft", 0.5, 0.3 }, { 0, "ambi_lunar_land", 0.5, 0.0 },
  { 2, "guit_harmonics", 0.6, -0.5 }, { 3, "vinyl_hiss", 0.25, 0.0 },
  { 4, "guit_em9", 0.5, 0.0 }, { 4, "drum_splash_soft", 0.5, 0.3 },
  { 4, "ambi_lunar_land", 0.5, 0.0 }, { 6, "vinyl_hiss", 0.25, 0.0 },
  { 6, "guit_harmonics", 0.6, 0.5 }, { 8, "perc_bell", 0.5, 0.0 },
  { 8, "guit_harmonics", 0.7, 0.0 },
}

-- Semitones from C, and after the colon for how many steps.
local BASS = {
  "4:6 . . . . . . 4:2 . . 4:3 . . 7:2 . .",
  "4:6 . . . . . . 4:2 . . 2:3 . . -1:2 . .",
  "0:6 . . . . . . 0:2 . . 0:3 . . 4:2 . .",
  "2:6 . . . . . . 2:2 . . 2:3 . . -1:3 . .",
  "4:6 . . . . . . 4:2 . . 4:3 . . 2:2 . .",
  "-5:6 . . . . . . -5:2 . . -5:3 . . 2:2 . .",
  "0:6 . . . . . . 0:2 . . 0:3 . . 0:2 . .",
  "-1:6 . . . . . . -1:2 . . 2:3 . . 3:2 . .",
  "4:12",
}

-- Eight steps a bar, semitones from A.
local MELODY = {
  ". . . . . . . .", ". . . . . . . .", "2 . . 0 . . -2 .",
  "-5 . . . . -7 . .", "-5 . -2 . 0 . 2 .", "5 . 2 . . 0 -2 .",
  "2 . . 0 . . -2 .", "-3 . . -7 . . . .", "-5",
}

-- Plays a sound at a step of the piece.
local Player = {}
Player.__index = Player

function Player:sound(name)
  if not self.sounds[name] then
    local path = FOLDER .. "/" .. name .. ".flac"
    self.sounds[name] = assert(self.engine:load(path))
  end
  return self.sounds[name]
end

function Player:time(step)
  return (step + step % 2 * SWING) * STEP + self.start
end

function Player:__call(name, step, how)
  how.at = self:time(step)
  local voice = assert(self:sound(name):play(how))
  table.insert(self.voices, voice)
  return voice
end

local function new_player(engine, start)
  local player = { engine = engine, start = start, voices = {}, sounds = {} }
  return setmetatable(player, Player)
end

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

local function play_bass(play, bar)
  for step, token in each_note(BASS[bar + 1], "%S+") do
    local first = bar * 16 + step
    local pitch, steps = token:match "(.+):(.+)"
    local voice = play("bass_woodsy_c", first,
                       { gain = 0.3, pitch = tonumber(pitch) })
    voice:stop { fade = 0.05, at = play:time(first + tonumber(steps)) }
  end
end

-- Each note, and a quieter one three steps behind on the other side.
local function play_melody(play, bar)
  for step, token in each_note(MELODY[bar + 1], "%S+") do
    local first = bar * 16 + step * 2
    local pitch = tonumber(token)
    play("elec_ping", first, { gain = 0.5, pan = -0.3, pitch = pitch })
    play("elec_ping", first + 3, { gain = 0.2, pan = 0.6, pitch = pitch })
  end
end

-- Send every note, the first at start seconds; all their voices.
local function play_piece(engine, start)
  local play = new_player(engine, start)
  for bar = 0, BARS do
    if bar < BARS then
      play_drums(play, bar)
    end
    play_bass(play, bar)
    play_melody(play, bar)
  end
  for _, layer in ipairs(LAYERS) do
    local bar, name, gain, pan = table.unpack(layer)
    play(name, bar * 16, { gain = gain, pan = pan })
  end
  return play.voices
end

local first = io.open(FOLDER .. "/bd_haus.flac", "rb")
if not first then
  io.stderr:write(FOLDER, " does not hold Sonic Pi's samples: install the ",
                  "package sonic-pi-samples, or set SONICPI_SAMPLES\n")
  os.exit(1, true)
end
first:close()

local file = ...
if file then
  local engine <close> = assert(tabor.open { driver = "offline" })
  play_piece(engine, 0.0)
  assert(engine:render(LENGTH):save(file))
else
  local engine <close> = assert(tabor.open {})
  print(("playing on %s: %s"):format(engine.driver, engine.device))
  for _, voice in ipairs(play_piece(engine, engine:now() + 0.3)) do
    voice:wait(LENGTH + 10)
  end
end
