#!/usr/bin/env lua
-- SPDX-License-Identifier: MIT
-- 100,000 plays from Lua begin on their frames, for 11 ways to cut time into
-- blocks, and give the hash that C and Python give.
local tap = require "tap"
local golden = require "golden"
local onsets = require "onsets"

local FINISHED = 0 -- the reason's number in tabor.h

local windows = onsets.score()
local plays = {}
for _, window in ipairs(windows) do
  for _, play in ipairs(window) do
    plays[play[4]] = play
  end
end
local wanted = onsets.expected(windows)
local path = tap.file("part.wav")

-- How many ends are what they must be.
local function count_right(ends)
  local right = 0
  for i = 1, #ends, 5 do
    local at = plays[ends[i]][1]
    if ends[i + 1] == at and ends[i + 2] == at + onsets.LENGTH and
      ends[i + 3] == "finished" and ends[i + 4] == 0 then
      right = right + 1
    end
  end
  return right
end

-- All values, then all ends in the order in which they were told; all have
-- finished, or count_right() has said so.
local function whole_hash(audio, ends)
  local of_ends = golden.start
  for i = 1, #ends, 5 do
    for k = i, i + 2 do
      of_ends = golden.hash_word(of_ends, ends[k])
    end
    of_ends = golden.hash_word(of_ends, FINISHED)
  end
  local hash = golden.hash_bytes(golden.start, audio)
  hash = golden.hash_word(hash, of_ends & 0xffffffff)
  return ("%016x"):format(golden.hash_word(hash, of_ends >> 32))
end

-- Are both lists of ends the same, in the same order?
local function same_ends(a, b)
  for i = 1, #a do
    if a[i] ~= b[i] then
      return false
    end
  end
  return #a == #b
end

local first
for _, pattern in ipairs(golden.patterns) do
  local audio, ends, batches = onsets.run(windows, pattern, path)
  tap.ok(audio == wanted and #audio == 8 * onsets.FRAMES,
    ("blocks of %s frames: %d plays in %d batches are heard on their frames")
    :format(pattern[1], onsets.PLAYS, batches))
  tap.is(count_right(ends), onsets.PLAYS, "and each end is told rightly")
  tap.is(#ends // 5, onsets.PLAYS, "once")
  first = first or ends
  tap.ok(same_ends(ends, first), "in one order")
end
tap.is(whole_hash(wanted, first), golden.kept "onsets",
  "the hash of all that is the one that C and Python give")

tap.done()
