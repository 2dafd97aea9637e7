#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- A busy piece of two clients that was played live comes back from its take,
-- byte for byte: what a driver was given is kept, and compared with the replay,
-- also with the console's.
local tap = require "tap"
local tabor = require "tabor"

local SECONDS = 1
-- The driver tape is in no hurry, or rather in one: it runs ahead of time.
local TAPE_SECONDS = 6
local ENDS = 100 -- more plays than these have ended
-- A machine that stands still for 350 ms loses its device, by design; then the
-- piece is played anew.
local TRIES = 5

local function noise(frames, channels)
  local lanes = {}
  for c = 1, channels do
    lanes[c] = {}
    for i = 1, frames do
      lanes[c][i] = math.random() * 0.6 - 0.3
    end
  end
  return lanes
end

local function one_of(...)
  return (select(math.random(select("#", ...)), ...))
end

-- Something of everything, each a function of the piece.
local steps = {}

function steps.play(piece)
  local at = math.random(2) == 1 and
    math.max(0, piece.engine:now() + math.random() * 0.07 - 0.02) or nil
  local env = math.random(3) == 1 and
    { attack = 0.01, decay = 0.02, sustain = 0.5, release = 0.03 } or nil
  local client = one_of(piece.engine, piece.other)
  piece.voices[#piece.voices + 1] = assert(client:play(
    piece.samples[math.random(#piece.samples)],
    { at = at, env = env, gain = math.random(), pan = math.random() * 2 - 1,
      rate = one_of(1, 1, 0.3 + math.random() * 2.7),
      late = one_of("play", "catch_up", "drop"), fade_in = one_of(0, 0.01),
      loop = math.random(10) == 1,
      kernel = one_of("linear", "sinc16", "sinc32") }))
end

function steps.chord(piece)
  piece.engine:batch(function()
    for _ = 1, math.random(8) do
      steps.play(piece)
    end
  end)
end

function steps.change(piece)
  for i = math.max(1, #piece.voices - 3), #piece.voices do
    piece.voices[i]:set { gain = math.random(), rate = 0.5 + math.random(),
      ramp = math.random() * 0.03 }
  end
end

function steps.end_some(piece)
  for i = math.max(1, #piece.voices - 5), #piece.voices do
    local voice = piece.voices[i]
    voice[one_of("release", "stop")](voice)
  end
end

function steps.reload(piece)
  piece.samples[2]:unload(one_of("ring", "fade", "cut"))
  piece.samples[2] = assert(piece.engine:load(noise(500, 2)))
end

function steps.volume(piece)
  piece.engine:gain(0.3 + math.random() * 0.7)
end

function steps.silence(piece)
  local client = one_of(piece.engine, piece.other)
  client[one_of("stop", "cancel", "panic")](client)
end

function steps.leave(piece)
  piece.other:close()
  piece.other = assert(tabor.attach(piece.engine.id))
end

local often = { "play", "play", "play", "play", "play", "play", "chord",
  "chord", "change", "change", "change", "end_some", "end_some", "reload",
  "volume", "silence", "leave" }

-- Look at what was told, and let some time pass.
local function take_events(piece)
  piece.other:poll()
  for _, event in ipairs(piece.engine:wait(math.random() * 0.004) or {}) do
    if event.type == "device_lost" then
      piece.lost = true
    elseif event.type == "ended" then
      piece.ends = piece.ends + 1
    end
  end
end

local function play_piece(engine, seconds, seed)
  math.randomseed(seed)
  local piece = { engine = engine, other = assert(tabor.attach(engine.id)),
    voices = {}, ends = 0 }
  piece.samples = { assert(engine:load(noise(3000, 1))),
    assert(engine:load(noise(5000, 2))) }
  -- on a slow machine until enough is played
  while engine:now() < seconds or piece.ends <= ENDS do
    steps[often[math.random(#often)]](piece)
    take_events(piece)
  end
  piece.other:close()
  return piece
end

-- Play until no device was lost; returns the piece.
local function perform(seconds, options)
  options.voices, options.on_full, options.limiter = 24, "wait", true
  for attempt = 1, TRIES do
    local engine = assert(tabor.open(options))
    local piece = play_piece(engine, seconds, attempt)
    engine:close()
    if not piece.lost then
      return piece
    end
    tap.note "the machine stood still: once more"
  end
  error("the device was lost " .. TRIES .. " times")
end

-- Frames of an Audio before the first that sounds, and how many values do.
local function survey(audio)
  local silent, sounding = nil, 0
  for i = 0, audio.frames - 1 do
    for c = 0, audio.channels - 1 do
      if audio:get(i, c) ~= 0 then
        silent = silent or i
        sounding = sounding + 1
      end
    end
  end
  return silent, sounding
end

-- live is the replay, with nothing but silence around it.
local function compare(live, replay, seconds, what)
  local silent, sounding = survey(replay)
  local live_silent, live_sounding = survey(live)
  local offset, differing = live_silent - silent, 0
  tap.note(("%d frames, %d values sound; %d frames before the engine began")
    :format(replay.frames, sounding, offset))
  tap.ok(offset >= 0 and offset + replay.frames <= live.frames,
    what .. " has all frames of the take")
  for i = 0, replay.frames - 1 do
    for c = 0, 1 do
      if replay:get(i, c) ~= live:get(i + offset, c) then
        differing = differing + 1
      end
    end
  end
  tap.is(differing, 0, "each with the same values")
  tap.is(live_sounding, sounding, "and silence before and behind them")
  tap.ok(replay.frames >= seconds * 48000 and sounding > replay.frames,
    "of a piece that sounds")
end

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

do
  local take, wav = tap.file "null.tlog", tap.file "null.wav"
  local piece = perform(SECONDS, { driver = "null", log = take, record = wav,
    jitter_ms = 3 })
  tap.ok(piece.ends > ENDS, "a piece of many plays")
  local replay = assert(tabor.replay(take))
  compare(assert(tabor.read(wav)), replay, SECONDS,
    "what the null driver recorded")

  local rendered, saved = tap.file "console.wav", tap.file "saved.wav"
  tap.ok(os.execute(("tabor --quiet --replay %s --render %s"):format(take,
    rendered)), "the console renders the take")
  assert(replay:save(saved))
  tap.is(read_all(rendered), read_all(saved), "to the same file")
end

-- Raw values that the driver kept, as an Audio.
local function read_raw(path)
  local bytes = read_all(path)
  local lanes, place = { {}, {} }, 1
  for i = 1, #bytes // 8 do
    lanes[1][i], lanes[2][i], place = string.unpack("<ff", bytes, place)
  end
  local audio = { frames = #lanes[1], channels = 2 }
  function audio:get(frame, channel)
    return lanes[channel + 1][frame + 1]
  end
  return audio
end

do
  local take, raw = tap.file "tape.tlog", tap.file "tape.raw"
  local piece = perform(TAPE_SECONDS, { driver = "tape", log = take,
    file = raw, block = 400 })
  tap.ok(piece.ends > ENDS, "a piece of many plays on blocks of any size")
  compare(read_raw(raw), assert(tabor.replay(take)), TAPE_SECONDS,
    "what another driver was given")
end

tap.done()
