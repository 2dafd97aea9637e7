#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- Recorded sounds: Debian's sonic-pi-samples, all of them.
local tap = require "tap"
local tabor = require "tabor"

local FOLDER = os.getenv "SONICPI_SAMPLES" or "/usr/share/sonic-pi/samples"
local RATE = 44100 -- theirs: nothing is resampled, lengths are the files' own

local function list()
  local pipe = assert(io.popen(("ls '%s' 2>/dev/null"):format(FOLDER)))
  local paths = {}
  for name in pipe:lines() do
    if name:match "%.flac$" then
      paths[#paths + 1] = FOLDER .. "/" .. name
    end
  end
  pipe:close()
  return paths
end

local paths = list()
if #paths == 0 then
  if os.getenv "TABOR_REQUIRE_SERVERS" == "1" then
    tap.ok(false, "the package sonic-pi-samples is installed")
    tap.done()
  end
  tap.skip_all("the package sonic-pi-samples is not installed")
end
tap.ok(#paths >= 165, "there are 165 recorded sounds or more")

local engine = assert(tabor.open { driver = "offline", rate = RATE })

-- Each starts on a frame of its own, and they end in one long render.
local samples, voices, last = {}, {}, 0
for i, path in ipairs(paths) do
  samples[i] = assert(engine:load(path))
  voices[i] = assert(samples[i]:play { at_frame = 1000 * i, gain = 0.1 })
  last = math.max(last, 1000 * i + samples[i].frames)
end
tap.is(#samples, #paths, "all of them load")
tap.is(#voices, #paths, "and play")

while engine:frame() <= last do
  engine:render(10)
end

local exact, finished, same = 0, 0, 0
for i, voice in ipairs(voices) do
  local ended = voice.ended or {}
  local frames = samples[i].frames
  exact = exact + (ended.frame == 1000 * i + frames and 1 or 0)
  finished = finished + (ended.reason == "finished" and 1 or 0)
  same = same + (tabor.read(paths[i]).frames == frames and 1 or 0)
end
tap.is(finished, #paths, "all of them play to their end")
tap.is(exact, #paths, "each ends at its start plus its length, to the frame")
tap.is(same, #paths, "which is the length of its file")

engine:close()
tap.done()
