-- SPDX-License-Identifier: MIT
--
-- 100,000 plays at random frames, the same as in onsets.h.
local golden = require "golden"

local onsets = { PLAYS = 100000, SPAN = 400000, LENGTH = 8, SAMPLES = 16 }

local WINDOW = 4000

onsets.FRAMES = onsets.SPAN + onsets.LENGTH

-- Value j of a sample's channel, in 1/64.
local function value(sample, channel, j)
  if j == 0 then
    return channel == 1 and sample + 1 or 64
  elseif channel == 1 then
    return (sample * 29 + j * 11) % 64 - 32
  end
  return (sample * 13 + j * 7) % 64 - 32
end

-- A list of windows, each a list of { frame, sample, level in sixteenths,
-- number }.
function onsets.score()
  local roll, windows, number = golden.dice(2024), {}, 0
  for i = 1, onsets.SPAN // WINDOW do
    windows[i] = {}
  end
  for _ = 1, onsets.PLAYS do
    local at, sample = roll(onsets.SPAN), roll(onsets.SAMPLES)
    local window = windows[at // WINDOW + 1]
    window[#window + 1] = { at, sample, 1 + roll(16) }
  end
  for _, window in ipairs(windows) do
    for _, play in ipairs(window) do
      play[4], number = number, number + 1
    end
  end
  return windows
end

-- What must be heard, as float32 bytes: a sum of integers, so it is exact.
function onsets.expected(windows)
  local total = {}
  for k = 1, 2 * onsets.FRAMES do
    total[k] = 0
  end
  for _, window in ipairs(windows) do
    for _, play in ipairs(window) do
      for k = 0, 2 * onsets.LENGTH - 1 do
        local place = 2 * play[1] + k + 1
        total[place] = total[place] + value(play[2], k % 2, k // 2) * play[3]
      end
    end
  end
  local packed = {}
  for k = 1, #total, 8 do
    packed[#packed + 1] = string.pack("<ffffffff", total[k] / 1024,
      total[k + 1] / 1024, total[k + 2] / 1024, total[k + 3] / 1024,
      total[k + 4] / 1024, total[k + 5] / 1024, total[k + 6] / 1024,
      total[k + 7] / 1024)
  end
  return table.concat(packed)
end

local function load_samples(engine)
  local samples = {}
  for s = 0, onsets.SAMPLES - 1 do
    local channels = { {}, {} }
    for j = 0, onsets.LENGTH - 1 do
      channels[1][j + 1] = value(s, 0, j) / 64
      channels[2][j + 1] = value(s, 1, j) / 64
    end
    samples[s] = assert(engine:load(channels))
  end
  return samples
end

-- Send a window's plays in batches of 1 to 40; numbers: out, the play's by the
-- voice's id. Returns the number of batches.
local function send(engine, samples, window, roll, numbers)
  local sent, batches = 0, 0
  while sent < #window do
    local last = math.min(sent + 1 + roll(40), #window)
    assert(engine:batch(function()
      for i = sent + 1, last do
        local play = window[i]
        local voice = samples[play[2]]:play { at_frame = play[1],
          gain = play[3] / 16 }
        numbers[voice.id] = play[4]
      end
    end))
    sent, batches = last, batches + 1
  end
  return batches
end

-- Add number, start, end, reason and lateness of each end that is told to a
-- flat list: a table each would cost more than all the rest.
local function take_ends(engine, numbers, ends)
  local n = #ends
  for _, e in ipairs(engine:poll()) do
    ends[n + 1], ends[n + 2], ends[n + 3] = numbers[e.voice.id], e.started,
      e.frame
    ends[n + 4], ends[n + 5] = e.reason, e.late
    n = n + 5
  end
end

-- Render the whole score. Returns the audio's bytes, the ends as five numbers
-- each, and the number of batches.
function onsets.run(windows, pattern, path)
  local tabor = require "tabor"
  local engine <close> = assert(tabor.open { driver = "offline",
    block = pattern[2], queue = 16384 })
  local samples, roll = load_samples(engine),
    golden.dice(pattern[2] + pattern[3])
  local step = golden.steps(pattern[2], pattern[3])
  local frame, sent, batches = 0, 0, 0
  local parts, ends, numbers = {}, {}, {}
  while frame < onsets.FRAMES do
    local n = math.min(step(), onsets.FRAMES - frame)
    while sent < #windows and sent * WINDOW < frame + n do
      sent = sent + 1
      batches = batches + send(engine, samples, windows[sent], roll, numbers)
    end
    parts[#parts + 1] = golden.bytes_of(engine:render { frames = n }, path)
    take_ends(engine, numbers, ends)
    frame = frame + n
  end
  return table.concat(parts), ends, batches
end

return onsets
