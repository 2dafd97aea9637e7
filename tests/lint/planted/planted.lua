-- SPDX-License-Identifier: MIT
-- The global is for luacheck to find.
local function planted()
  forgotten_local = 1
end
return planted
