#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- play_many(): as many plays one by one, whole or not at all.
local tap = require "tap"
local tabor = require "tabor"

local ROWS <const> = 30
local MOST <const> = 64 - 16 -- plays that a queue of 64 takes

local function open(options)
  options = options or {}
  options.driver = options.driver or "offline"
  options.channels = options.channels or 1
  options.queue = options.queue or 64
  return assert(tabor.open(options))
end

local function flat(frames, level)
  local values = {}
  for i = 1, frames do
    values[i] = level or 1 / 4096
  end
  return values
end

local function ramp(frames)
  local values = {}
  for i = 1, frames do
    values[i] = i / frames
  end
  return values
end

local function column(fn)
  local values = {}
  for i = 1, ROWS do
    values[i] = fn(i)
  end
  return values
end

-- The frames of an Audio as text, to compare; and whether any is heard.
local function listen(audio)
  local out, any = {}, false
  for frame = 0, audio.frames - 1 do
    for channel = 0, audio.channels - 1 do
      local value = audio:get(frame, channel)
      any = any or value ~= 0
      out[#out + 1] = string.pack("f", value)
    end
  end
  return table.concat(out), any
end

local function first_value(engine)
  return engine:render({ frames = 1 }):get(0, 0) * 4096
end

local function ends(engine)
  local list = {}
  for _, event in ipairs(engine:poll()) do
    if event.type == "ended" then
      list[#list + 1] = event
    end
  end
  return list
end

local COLUMNS <const> = {
  velocity = column(function(i) return 1 - i / 80 end),
  gain = column(function(i) return i / 20 end),
  pan = column(function(i) return i / 20 - 1 end),
  rate = column(function(i) return 0.5 + i / 30 end),
  pitch = column(function(i) return i % 2 == 0 and i - 20 or 0 end),
  at = column(function(i) return (9 + i * 37 % 500) / 48000 end),
  at_frame = column(function(i) return 9 + i * 37 % 500 end),
  offset = column(function(i) return (i * 7 % 50) / 48000 end),
  duration = column(function(i) return (20 + i) / 48000 end),
  tag = column(function(i) return i % 3 end),
}

-- The sound and the ends of ROWS plays.
local function outcome(several, columns, shared, many)
  local engine <close> = open { channels = 2, queue = 1024 }
  local sample = assert(engine:load(ramp(300)))
  local samples = { sample, assert(engine:load(flat(200, 0.5))),
    assert(sample:slice(0.001, 0.005)) }
  local given = column(function(i)
    return several and samples[i % 3 + 1] or sample
  end)
  engine:batch(function()
    local options = {}
    for name, value in pairs(shared) do
      options[name] = value
    end
    if many then
      options.count = ROWS
      for name, values in pairs(columns) do
        options[name] = values
      end
      assert(engine:play_many(several and given or sample, options))
      return
    end
    for i = 1, ROWS do
      for name, values in pairs(columns) do
        options[name] = values[i]
      end
      assert(engine:play(given[i], options))
    end
  end)
  local sound, any = listen(engine:render { frames = 1500 })
  local list = ends(engine)
  for _, event in ipairs(list) do
    sound = sound .. ("%d %s %d %d\n"):format(event.voice.id, event.reason,
      event.frame, event.started)
  end
  return sound, any and #list == ROWS
end

do
  local same, good, asked = 0, 0, 0
  local function check(several, columns, shared)
    local one = outcome(several, columns, shared, false)
    local many, any = outcome(several, columns, shared, true)
    same = same + (one == many and 1 or 0)
    good = good + (any and 1 or 0)
    asked = asked + 1
  end
  for _, several in ipairs { false, true } do
    local all = {}
    for name, values in pairs(COLUMNS) do
      check(several, { [name] = values }, {})
      all[name] = name ~= "at" and values or nil
    end
    check(several, all, {})
    check(several, {}, { velocity = 0.5, gain = 0.75, pan = 0.25, rate = 1.25,
      pitch = 3, at_frame = 20, tag = 7, kernel = "linear",
      late = "catch_up" })
  end
  check(false, { gain = COLUMNS.gain }, { loop = true, duration = 0.01,
    fade_in = 0.001, env = tabor.adsr { sustain = 0.5, decay = 0.001 } })
  tap.is(same, asked,
    "many plays sound and end as those that are made one by one")
  tap.is(good, asked, "and each of them is heard, and ends")
  tap.is(asked, 25, "with each column alone and all together")
end

-- A slice.
do
  local one <close> = open()
  local many <close> = open()
  local function parts(engine)
    local sample = assert(engine:load(ramp(300)))
    return sample, assert(sample:slice(0.0005, 0.001))
  end
  local _, part = parts(many)
  assert(many:play_many(part, { count = 2, loop = true, duration = 0.001 }))
  assert(many:play_many(part, { offset = { 0, 0.0001 } }))
  local _, same = parts(one)
  for _ = 1, 2 do
    same:play { loop = true, duration = 0.001 }
  end
  same:play { offset = 0.0 }
  same:play { offset = 0.0001 }
  local a, any = listen(many:render { frames = 200 })
  tap.ok(any and a == listen(one:render { frames = 200 }),
    "a slice is played within its bounds")
end

-- What Voices are.
do
  local engine <close> = open()
  local sample = assert(engine:load(flat(100)))
  local voices = assert(engine:play_many(sample, { gain = { 1, 2, 3 } }))
  tap.is(#voices, 3, "Voices have a length")
  tap.ok(rawequal(voices[2], voices[2]) and voices[1] ~= voices[2],
    "and the same Voice at each look")
  tap.ok(voices[0] == nil and voices[4] == nil and voices[1.5] == nil and
    voices.nothing == nil, "and nothing beside")
  local count = 0
  for _, voice in ipairs(voices) do
    count = count + (voice.alive and 1 or 0)
  end
  tap.is(count, 3, "ipairs() goes over them")
  tap.is(voices.alive, 3, "alive counts them")
  tap.is(tostring(voices), "tabor.Voices (3, 3 alive)",
    "their text counts them")
  tap.is(first_value(engine), 6, "all are heard on one frame")
  tap.is(voices[3]:stop(0), true, "one of them can be stopped")
  tap.is(first_value(engine), 3, "and is")
  tap.is(voices[1]:set { gain = 0.5, ramp = 0 }, true, "or changed")
  tap.is(first_value(engine), 2.5, "and is")
  tap.is(voices:stop(0), 2, "stop() counts those that had not ended")
  tap.is(first_value(engine), 0, "and stops them")
  tap.is(voices:stop { fade = 0.01 }, 0, "once")
  tap.is(voices.alive, 0, "none is alive then")
  tap.is(voices[2].ended.reason, "stopped", "each has its end")
  local list = ends(engine)
  tap.ok(#list == 3 and list[1].voice == voices[3] and
    list[2].voice == voices[1], "and each end its voice")
  tap.raises(function() voices:stop { fad = 1 } end,
    { "did you mean 'fade'" }, "stop() names what was meant")
  tap.is(#assert(engine:play_many(sample, { gain = {} })), 0,
    "none at all are no error")
  do
    local closed <close> = assert(engine:play_many(sample, { count = 5 }))
    first_value(engine)
  end
  engine:render(0.01)
  tap.is(first_value(engine), 0, "<close> stops them")
end

-- set() of a Voice that was made later knows its rate and pitch.
do
  local engine <close> = open()
  local other <close> = open()
  local sample = assert(engine:load(ramp(300)))
  local voices = assert(engine:play_many(sample, { rate = { 1, 0.5 },
    pitch = 12 }))
  voices[2]:set { pitch = 0, ramp = 0 }
  local single = assert(other:load(ramp(300)))
  single:play { rate = 1, pitch = 12 }
  single:play { rate = 0.5, pitch = 12 }:set { pitch = 0, ramp = 0 }
  local a, any = listen(engine:render { frames = 300 })
  tap.ok(any and a == listen(other:render { frames = 300 }),
    "a Voice of them knows the rate that it was played with")
end

-- Ends, without anybody, and where a play's place was taken again.
do
  local engine <close> = open { queue = 1024, voices = 64 }
  local sample = assert(engine:load(flat(50)))
  assert(engine:play_many(sample, { count = 10 }))
  collectgarbage()
  engine:render { frames = 100 }
  tap.is(#ends(engine), 10, "ends come also if the Voices were dropped")
  local groups, voices, count = {}, {}, 0
  while count < 4096 do
    local group = assert(engine:play_many(sample,
      { count = math.min(1000, 4096 - count) }))
    for i = 1, #group, 2 do
      voices[#voices + 1] = group[i]
    end
    groups[#groups + 1] = group
    count = count + #group
    engine:render { frames = 100 }
  end
  groups[#groups + 1] = assert(engine:play_many(sample, { count = 500 }))
  for _ = 1, 400 do
    voices[#voices + 1] = assert(sample:play())
  end
  groups[#groups + 1] = assert(engine:play_many(sample, { count = 100 }))
  engine:render { frames = 100 }
  local alive, looked = 0, 0
  for _, group in ipairs(groups) do
    alive, looked = alive + group.alive, looked + #group
  end
  for _, voice in ipairs(voices) do
    alive, looked = alive + (voice.alive and 1 or 0), looked + 1
  end
  tap.ok(alive == 0 and looked > 7000,
    "every end is told, also where a play's place was taken again")
end

-- Errors.
do
  local engine <close> = open()
  local other <close> = open()
  local sample = assert(engine:load(flat(100)))
  local foreign = assert(other:load(flat(100)))
  local function wrong(options, words, samples)
    tap.raises(function()
      engine:play_many(samples or sample, options)
    end, { words }, words)
  end
  wrong({ velocity = { 1, 1 }, at = { 0, 0, 0 } },
    "velocity and at don't agree: 2 and 3 values")
  wrong({ count = 3, gain = { 1 } }, "count and gain don't agree")
  wrong({ pan = { 0, 0 } }, "samples and pan don't agree", { sample })
  wrong({ gain = 1 }, "needs a table of numbers or of samples, or count")
  wrong(nil, "needs a table of numbers or of samples, or count")
  wrong({ pan = { 0, 0, 1.5, 2 } },
    "play 3: pan is 1.5, but goes from -1 to 1")
  wrong({ velocity = { 1, 64 } }, "play 2: velocity is 64")
  wrong({ gain = { -1 } }, "play 1: gain is -1")
  wrong({ gain = 17, count = 2 }, "play 1: gain is 17")
  wrong({ rate = { 1, 0 } }, "play 2: rate is 0")
  wrong({ pitch = { 99 } }, "play 1: rate with pitch")
  wrong({ offset = { 0, 1 } }, "play 2: offset is 48000 frames")
  wrong({ gain = { 1, 0 / 0 } }, "play 2: gain is ")
  wrong({ at = { 0, -0.5 } }, "at[2] can't be -0.5 seconds")
  wrong({ at_frame = { 1.5 } }, "at_frame must be whole numbers from 0")
  wrong({ at_frame = -1, count = 1 }, "at_frame must be whole numbers from 0")
  wrong({ tag = { 1, 2 ^ 32 } }, "tag must be whole numbers from 0")
  wrong({ at = { 0 }, at_frame = { 0 } }, "at and at_frame are both given")
  wrong({ at = 0, at_frame = { 0 } }, "at and at_frame are both given")
  wrong({ gain = { 1, "x" } }, "gain[2] must be a number, not string")
  wrong({ gain = { 1, nil, 3 } }, "gain[2] must be a number, not nil")
  wrong({ gain = "12", count = 1 },
    "gain must be a number or a table of them, not string")
  wrong({ gian = { 1 } }, "did you mean 'gain'")
  wrong({ late = "now", count = 1 }, "late must be one of")
  wrong({}, "samples[2] must be a Sample, not number", { sample, 3 })
  wrong({}, "samples[2] is a sample of another engine",
    { sample, foreign })
  wrong({ count = 1 }, "a sample of another engine", foreign)
  local part = assert(sample:slice(0, 0.001))
  wrong({ loop = true }, "one loop for all", { part, part })
  wrong({ offset = { 0, 0.002 } }, "offset is 96 frames", part)
  tap.raises(function() engine:play_many(nil, {}) end, { "Sample" },
    "no sample at all is an error")

  local function fails(code, words, samples, options)
    tap.fails(code, { words }, words, engine:play_many(samples, options))
  end
  fails("limit", "at most 48 ever fit", sample, { count = MOST + 1 })
  fails("limit", "50 commands", sample, { count = 25, loop = true })
  local gone = assert(engine:load(flat(10)))
  gone:unload()
  fails("closed", "play 2: the sample was unloaded", { sample, gone }, {})
  fails("closed", "the sample was unloaded", gone, { count = 1 })
  tap.is(select(2, listen(engine:render { frames = 100 })), false,
    "nothing of all that is heard")
  engine:close()
  tap.is(select(3, engine:play_many(sample, { count = 1 })), "closed",
    "a closed engine says so")
end

-- Full.
do
  local engine <close> = open()
  local sample = assert(engine:load(flat(100)))
  first_value(engine)
  local first = assert(engine:play_many(sample, { count = 20 }))
  local voices, message, code = engine:play_many(sample, { count = 30 })
  tap.ok(voices == nil and code == "full" and
    message:find("30 needed, 28 free", 1, true),
    "what does not fit is refused with both counts")
  tap.is(engine:stats().refused, 1, "and counted")
  tap.raises(function() engine:play_many(sample, { gain = { 1, 17 },
    count = 2 }) end, { "play 2: gain" }, "what is wrong comes first")
  tap.is(first_value(engine), 20, "and none of it was sent")
  assert(engine:play_many(sample, { count = MOST }))
  tap.is(engine:stop(0), true, "stop gets through a full queue")
  tap.is(first_value(engine), 0, "and silences all")
  tap.is(first.alive, 0, "which their Voices know")
end

do
  local engine <close> = open { on_full = "drop" }
  local sample = assert(engine:load(flat(100)))
  first_value(engine)
  local first = assert(engine:play_many(sample, { count = 20 }))
  local voices = assert(engine:play_many(sample, { count = 30 }))
  tap.ok(first.sent and not voices.sent and voices.alive == 0 and
    #voices == 30 and not voices[3].alive and voices:stop() == 0 and
    tostring(voices):find("never sent"),
    "under on_full = 'drop' all of them are dropped")
  tap.is(first_value(engine), 20, "and no others")
end

do
  local engine <close> = open { driver = "null", block = 32,
    on_full = "wait" }
  local sample = assert(engine:load(flat(100)))
  local sent, ended = 0, 0
  for _ = 1, 20 do
    sent = sent + #assert(engine:play_many(sample, { count = MOST }))
  end
  local last = assert(engine:play_many(sample, { count = MOST }))
  sent = sent + MOST
  while ended < sent and engine:wait(last[MOST], 20) do
    ended = ended + #ends(engine)
    if last.alive == 0 then
      ended = ended + #ends(engine)
      break
    end
  end
  tap.is(ended, sent, "under on_full = 'wait' all of them get in")
end

-- Batches.
do
  local engine <close> = open()
  local sample = assert(engine:load(flat(100)))
  first_value(engine)
  local voices
  assert(engine:batch(function()
    sample:play()
    voices = assert(engine:play_many(sample, { count = 10 }))
    tap.is(first_value(engine), 0,
      "in a batch nothing is heard before its end")
    tap.ok(voices.alive == 10 and not voices.sent, "but the Voices are there")
    voices[3]:stop(0)
  end))
  tap.ok(first_value(engine) == 10 and voices.sent,
    "with the batch they are sent")
  local one, two
  pcall(engine.batch, engine, function()
    voices = assert(engine:play_many(sample, { count = 10 }))
    one = voices[1]
    error "mine"
  end)
  two = voices[2]
  tap.ok(voices.alive == 0 and not voices.sent and not one.alive and
    not two.alive and one.ended == nil and two.ended == nil and
    two:stop() == false, "or, with one that is not sent, have never been")
  tap.is(#ends(engine), 1, "and never end")
  engine:render { frames = 200 }
  tap.is(#assert(engine:play_many(sample, { count = MOST })), MOST,
    "their places are free again")
end

-- Closing.
do
  local engine = open()
  local sample = assert(engine:load(flat(100)))
  local voices = assert(engine:play_many(sample, { count = 5 }))
  local one = voices[1]
  engine:close()
  tap.ok(voices.alive == 0 and one.ended.reason == "detached" and
    voices[2].ended.reason == "detached",
    "who closes the engine ends them as 'detached'")
  tap.is(select(3, voices:stop()), "closed", "stop() says that it is closed")
end

tap.done()
