-- SPDX-License-Identifier: MIT
--
-- What the tests of time and bits share: see golden.h and onsets.h.
local golden = {}

-- Name, block, most: if not 0, each block has 1 to most frames, at random;
-- else each has block frames.
golden.patterns = {
  { "1", 1, 0 }, { "17", 17, 0 }, { "64", 64, 0 }, { "100", 100, 0 },
  { "441", 441, 0 }, { "480", 480, 0 }, { "1024", 1024, 0 },
  { "8192", 8192, 0 }, { "1 to 64, at random,", 8192, 64 },
  { "1 to 1000, at random,", 8192, 1000 },
  { "1 to 8192, at random,", 8192, 8192 },
}

-- A function of sides that throws as C and Python do.
function golden.dice(state)
  return function(sides)
    state = (state * 1664525 + 1013904223) & 0xffffffff
    return (state >> 8) % sides
  end
end

-- A function that returns the frames of the next render.
function golden.steps(block, most)
  local roll = golden.dice(most)
  return function()
    return most > 0 and 1 + roll(most) or block * (1 + 1000 // block)
  end
end

golden.start = -3750763034362895579 -- FNV-1a's offset, as a signed number

-- FNV-1a's constants over numbers of 32 bits.
function golden.hash_word(hash, word)
  return (hash ~ word) * 1099511628211
end

-- The values of float32 bytes by their bits.
function golden.hash_bytes(hash, bytes)
  local unpack = string.unpack
  for place = 1, #bytes, 4 do
    hash = (hash ~ unpack("<I4", bytes, place)) * 1099511628211
  end
  return hash
end

-- By the file that it saves: fast for a long one.
local function saved_bytes(audio, path)
  assert(audio:save(path))
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  local place = 13
  while bytes:sub(place, place + 3) ~= "data" do
    place = place + 8 + string.unpack("<I4", bytes, place + 4)
  end
  local size = string.unpack("<I4", bytes, place + 4)
  return bytes:sub(place + 8, place + 7 + size)
end

-- A stereo Audio's values as bytes of float32; path: a file to use.
function golden.bytes_of(audio, path)
  if audio.frames > 1000 then
    return saved_bytes(audio, path)
  end
  local pack, parts = string.pack, {}
  for i = 0, audio.frames - 1 do
    parts[i + 1] = pack("<ff", audio:get(i, 0), audio:get(i, 1))
  end
  return table.concat(parts)
end

-- The hash that is kept as tests/golden/NAME.sum.
function golden.kept(name)
  local folder = os.getenv "srcdir" or "."
  local file = assert(io.open(folder .. "/tests/golden/" .. name .. ".sum"))
  local digits = file:read "l"
  file:close()
  return digits
end

return golden
