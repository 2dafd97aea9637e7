-- SPDX-License-Identifier: MIT
-- luacheck: each file by itself, with the names that are there when it runs.
std = "lua54"
max_line_length = 80
-- A value with __close is closed by its going out of scope: nobody else uses it.
ignore = { "211/_.*", "21./closed", "212/self", "241/kept" }
-- What the console gives its scripts.
local console = { "tabor", "engine", "clock", "play", "after", "every",
  "wait" }
files["tests/sandbox"] = { read_globals = console }
files["tests/console"] = { read_globals = { "tabor", "play" },
  globals = { "engine", "clock" } }
files["examples"] = { read_globals = console }
-- Lua beside Python: what its prelude gives.
local duet = { "receive", "send", "play", "clock" }
files["bindings/lua/host"] = { globals = duet }
files["examples/duet.lua"] = { read_globals = duet }
