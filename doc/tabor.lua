---@meta tabor
-- SPDX-License-Identifier: MIT
--
-- What Lua finds, said once: editors read it (LuaCATS), help() at the prompt
-- of tabor(1) and the reference page are made from it by topics.awk.
-- Nobody runs this file. Its examples are run by tests/console-help.sh, at a
-- console with the offline driver.

---What tabor.open() takes; options that are not here are the driver's own.
---@class tabor.OpenOptions
---@field driver? string "rtaudio", "null", "offline" or another's name ("auto")
---@field device? string the driver's name for it (its default)
---@field rate? integer frames per second, 4000 to 768000 (48000)
---@field channels? integer 1 to 64 (2)
---@field block? integer frames that the device asks for at once (256)
---@field voices? integer that sound at once (256)
---@field queue? integer commands that wait in the ring (1024)
---@field on_full? string what a full queue does: "raise", "wait", "drop" ("raise")
---@field wake? string "event", or "poll": no system call for readers ("event")
---@field log? string a file for the take: all that the engine does
---@field limiter? boolean bend what is too loud below 1 (false)
---@field kernel? string how pitched sounds are read: "linear", "sinc16", "sinc32"
---@field dither? boolean for devices that take integers (true)

---What tabor.attach() takes.
---@class tabor.AttachOptions
---@field queue? integer commands that wait in the ring (1024)
---@field on_full? string what a full queue does: "raise", "wait", "drop" ("raise")

---What a play takes. Times are seconds on the engine's clock.
---@class tabor.PlayOptions
---@field velocity? number 0 to 1, multiplies gain (1)
---@field gain? number linear, 1 is as recorded (1)
---@field pan? number -1 is left, 1 is right (0)
---@field rate? number 1 is as recorded (1)
---@field pitch? number semitones, multiplies rate (0)
---@field at? number when, in seconds; the past means now
---@field at_frame? integer when, in frames
---@field offset? number seconds of the sample to skip (0)
---@field duration? number seconds of the sample to play (to its end)
---@field loop? boolean|number[] true, or {start, end} in seconds (false)
---@field loop_fade? number seconds over which a loop's seam is crossed (0)
---@field fade_in? number seconds (0)
---@field fade_out? number seconds (0)
---@field env? table what tabor.adsr() takes or gives
---@field late? string if its time has passed: "play", "catch_up", "drop" ("play")
---@field tag? integer what cancel() names it by (0)
---@field choke? integer a group: a new one fades the others of it (0, none)
---@field kernel? string how a pitched sound is read: "linear", "sinc16", "sinc32"

---What play_many() takes: most may be a table, with an entry for each play.
---@class tabor.ManyOptions
---@field velocity? number|number[] 0 to 1, multiplies gain (1)
---@field gain? number|number[] linear, 1 is as recorded (1)
---@field pan? number|number[] -1 is left, 1 is right (0)
---@field rate? number|number[] 1 is as recorded (1)
---@field pitch? number|number[] semitones, multiplies rate (0)
---@field at? number|number[] when, in seconds
---@field at_frame? integer|integer[] when, in frames
---@field offset? number|number[] seconds of the sample to skip (0)
---@field duration? number|number[] seconds of the sample to play (to its end)
---@field tag? integer|integer[] what cancel() names it by (0)
---@field late? string of all: "play", "catch_up" or "drop" ("play")
---@field loop? boolean|number[] of all: true, or {start, end} in seconds (false)
---@field loop_fade? number of all: seconds over which the seam is crossed (0)
---@field fade_in? number of all: seconds (0)
---@field fade_out? number of all: seconds (0)
---@field env? table of all: what tabor.adsr() takes or gives
---@field choke? integer of all: a group (0, none)
---@field kernel? string of all: "linear", "sinc16" or "sinc32"
---@field count? integer how many plays, if no table says so

---What engine:load() takes.
---@class tabor.LoadOptions
---@field rate? integer of a table's numbers, frames per second (the engine's)
---@field name? string what it is called (the file's name)
---@field trusted? boolean decode in this process, not in a jail (false)

---What tabor.read() takes.
---@class tabor.ReadOptions
---@field rate? integer frames per second to resample to (the file's own)
---@field trusted? boolean decode in this process, not in a jail (false)

---What audio:save() takes.
---@class tabor.SaveOptions
---@field bits? integer 16, 24, or 32 for float (as the file's ending has it)
---@field dither? boolean for 16 and 24 bits (true)

---What engine:stop() takes; a bare number is the fade.
---@class tabor.FadeOptions
---@field fade? number seconds (0.005)

---What a voice's stop() takes; a bare number is the fade.
---@class tabor.StopOptions
---@field fade? number seconds (0.005)
---@field at? number when, in seconds (now)
---@field at_frame? integer when, in frames

---What voice:release() takes.
---@class tabor.ReleaseOptions
---@field at? number when, in seconds (now)
---@field at_frame? integer when, in frames

---What voice:set() takes.
---@class tabor.SetOptions
---@field gain? number linear
---@field pan? number -1 to 1
---@field rate? number 1 is as recorded
---@field pitch? number semitones
---@field ramp? number seconds that the change takes (0.005)
---@field at? number when, in seconds (now)
---@field at_frame? integer when, in frames

---What voice:seek() takes after the position.
---@class tabor.SeekOptions
---@field at? number when, in seconds (now)
---@field at_frame? integer when, in frames

---What engine:cancel() takes; a bare number is the tag.
---@class tabor.CancelOptions
---@field tag? integer only plays with it (0, all)
---@field after? number only what is scheduled from here on, in seconds
---@field before? number only what is scheduled before, in seconds
---@field after_frame? integer the same in frames
---@field before_frame? integer the same in frames

---What engine:render() takes; a bare number is seconds.
---@class tabor.RenderOptions
---@field seconds? number how much
---@field frames? integer how much

---What tabor.adsr() takes, in seconds; sustain is a level.
---@class tabor.EnvOptions
---@field attack? number seconds from silence to full (0)
---@field hold? number seconds at full (0)
---@field decay? number seconds down to the sustain (0)
---@field sustain? number the level until it is released (1)
---@field release? number seconds to silence after that (0)

---What engine:clock() takes.
---@class tabor.ClockOptions
---@field bpm? number beats a minute (120)
---@field latency? number seconds that tasks run ahead of what is heard (0.1)
---@field slip? number seconds behind which a task has stalled: no catching up
---@field on_error? function called with what a task's failure says

-- ------------------------------------------------------------- tabor --

---The module, as require "tabor" gives it. A console has it as tabor.
---```lua
---local tabor = require "tabor"
---print(tabor.version)
---```
tabor = {}

---Which Tabor this is, as "0.1.0".
---```lua
---print(tabor.version)
---```
---@type string
tabor.version = ""

---Open an engine; it plays from now on. Without options it takes the first
---driver on which something is heard. nil, message, code if there is none.
---```lua
---local engine <close> = assert(tabor.open { driver = "offline", rate = 44100 })
---print(engine.rate)
---```
---@param options? tabor.OpenOptions
---@return tabor.Engine? the engine
function tabor.open(options) end

---Another client of an engine of this process, by its id.
---```lua
---local own <close> = assert(tabor.open { driver = "null" })
---local other <close> = assert(tabor.attach(own.id))
---assert(other.id == own.id)
---```
---@param id integer engine.id of the other
---@param options? tabor.AttachOptions
---@return tabor.Engine? the engine
function tabor.attach(id, options) end

---What there is to play with: tables with name, title, available and why not.
---```lua
---for _, driver in ipairs(tabor.drivers()) do print(driver.name, driver.why) end
---```
---@return table[] drivers
function tabor.drivers() end

---What there is to play on: tables with driver, name, inputs, outputs, rates
---and default.
---```lua
---for _, device in ipairs(tabor.devices "null") do print(device.name) end
---```
---@param driver? string only this one's
---@return table[] devices
function tabor.devices(driver) end

---Read a sound file. nil, message, code if that fails.
---```lua
---local audio = assert(tabor.read(tabor.kit().kick))
---print(audio.duration)
---```
---@param path string the file
---@param options? tabor.ReadOptions
---@return tabor.Audio? the sound
function tabor.read(path, options) end

---Render a take that open{log=} or tabor --log recorded: the bytes are those
---that were heard.
---```lua
---local name = os.tmpname()
---local engine = assert(tabor.open { driver = "offline", log = name })
---engine:load(tabor.kit().kick):play {}
---engine:render(0.5)
---engine:close()
---print(assert(tabor.replay(name)).frames)
---os.remove(name)
---```
---@param path string the take
---@return tabor.Audio? the sound
function tabor.replay(path) end

---The sounds that came with Tabor: a table of paths by name.
---```lua
---for name in pairs(tabor.kit()) do print(name) end
---```
---@return table<string,string>? the paths
function tabor.kit() end

---Decibels as a gain.
---```lua
---play("kick", { gain = tabor.db(-6) })
---```
---@param decibels number -6 is about a half
---@return number gain
function tabor.db(decibels) end

---Check an envelope once, for env= of many plays.
---```lua
---local soft = tabor.adsr { attack = 0.02, release = 0.3 }
---play("bell", { env = soft })
---```
---@param options tabor.EnvOptions
---@return table the envelope
function tabor.adsr(options) end

-- ------------------------------------------------------------ Engine --

---An engine, and this script's line to it. It closes when its block is left
---with <close>, and at the latest when Lua does.
---```lua
---print(engine.driver, engine.rate, engine:now())
---```
---@class tabor.Engine
---@field rate integer frames per second
---@field channels integer of its output
---@field block integer frames that the device asks for at once
---@field voices integer that can sound at once
---@field id integer what tabor.attach() takes
---@field closed boolean whether it is closed
---@field driver string the driver's name
---@field device string the driver's name for the device
---@field warning string? what open() had to say, or nil
local Engine = {}

---Load a sound: a path, an Audio, or a table of numbers (or of one table for
---each channel). It is resampled to the engine's rate. nil, message, code if
---that fails.
---```lua
---local kick = assert(engine:load(tabor.kit().kick))
---local click = engine:load({ 1, 0.5, 0.25 }, { rate = 48000, name = "click" })
---kick:play {}
---```
---@param source string|tabor.Audio|table the sound
---@param options? tabor.LoadOptions
---@return tabor.Sample? the sample
function Engine:load(source, options) end

---A sample that any client of the engine has loaded, by its name: another
---script's, or Python's. nil, message, code if there is none.
---```lua
---local kick = load "kick"
---print(engine:sample("kick").frames == kick.frames)
---```
---@param name string what it is called
---@return tabor.Sample? the sample
function Engine:sample(name) end

---Play a sample. nil, message, "full" if the queue is full.
---```lua
---local kick = engine:load(tabor.kit().kick)
---engine:play(kick, { at = engine:now() + 0.5, pan = -0.3 })
---```
---@param sample tabor.Sample what
---@param options? tabor.PlayOptions
---@return tabor.Voice? the voice
function Engine:play(sample, options) end

---Play up to 4080 times in one call, accepted whole or refused whole.
---```lua
---local hat = engine:load(tabor.kit().hat)
---local hats = engine:play_many(hat, { at = { 0, 0.25, 0.5 }, gain = { 1, 0.5, 0.7 } })
---print(#hats)
---```
---@param samples tabor.Sample|tabor.Sample[] one, or one for each
---@param options? tabor.ManyOptions
---@return tabor.Voices? the voices
function Engine:play_many(samples, options) end

---End all voices of this client, with a ramp.
---```lua
---play "bell"
---engine:stop(0.5)
---```
---@param options? tabor.FadeOptions
---@return boolean? whether it was sent
function Engine:stop(options) end

---Withdraw what is scheduled and does not sound yet: all, or by tag or time.
---```lua
---play("clap", { at = engine:now() + 60, tag = 7 })
---engine:cancel { tag = 7 }
---```
---@param options? tabor.CancelOptions
---@return boolean? whether it was sent
function Engine:cancel(options) end

---Call fn; what it plays is accepted together or refused together, and heard
---in one block. Returns whether it was sent, and fn's results.
---```lua
---engine:batch(function()
---  play("kick", { at = 1 })
---  play("hat", { at = 1 })
---end)
---```
---@param fn function what to do
---@param ... any its arguments
---@return boolean? whether it was sent
function Engine:batch(fn, ...) end

---A clock of its own: its tasks play in beats and seconds, on exact frames.
---```lua
---local slow = engine:clock { bpm = 60 }
---slow:run(function() slow:wait(1) engine:play(load "kick") end)
---engine:render(2)
---```
---@param options? tabor.ClockOptions
---@return tabor.Clock? the clock
function Engine:clock(options) end

---Silence now: every voice off, every scheduled play withdrawn. Can't fail.
---```lua
---engine:panic()
---```
---@return boolean true
function Engine:panic() end

---The master volume; with a number it is changed, over a ramp.
---```lua
---engine:gain(0.5)
---print(engine:gain())
---```
---@param gain? number linear
---@param ramp? number seconds (0.005)
---@return number|boolean? the gain, or whether it was sent
function Engine:gain(gain, ramp) end

---The seconds of a round trip through the audio thread. Offline nobody answers
---before the next render(): nil, message, code.
---```lua
---local own <close> = assert(tabor.open { driver = "null" })
---print(own:ping())
---```
---@param timeout? number seconds (1)
---@return number? seconds
function Engine:ping(timeout) end

---The events that have come, as tables with a type; calls the handlers.
---```lua
---play "kick"
---engine:render(1)
---for _, event in ipairs(engine:poll()) do print(event.type, event.frame) end
---```
---@return table[]? events
function Engine:poll() end

---Wait for a voice's end, or for any event. nil, message, code if nothing came.
---```lua
---local own <close> = assert(tabor.open { driver = "null" })
---local voice = own:load({ 1, 1, 1 }):play {}
---print(own:wait(voice, 2).reason)
---```
---@param voice? tabor.Voice whose end
---@param timeout? number seconds (for ever)
---@return table? the event, or a list of them
function Engine:wait(voice, timeout) end

---Have fn(event) called for each "ended", "late", "xrun", "pong",
---"device_lost" or "device_back": while something polls or waits, and at the
---prompt.
---```lua
---engine:on("ended", function(event) print(event.reason) end)
---play "kick"
---engine:render(1)
---engine:poll()
---```
---@param type string which events
---@param fn function what to call
---@return function fn
function Engine:on(type, fn) end

---Undo on().
---```lua
---local tell = engine:on("ended", print)
---engine:off("ended", tell)
---```
---@param type string which events
---@param fn function what on() was given
---@return boolean whether it was there
function Engine:off(type, fn) end

---Counts and loads: frame, voices, queue_size, queue_high, refused, stale, late,
---late_max, stolen, unread_lost, xruns, unsound, blocks, load_mean, load_max,
---latency, realtime, hung.
---```lua
---print(engine:stats().late)
---```
---@return table? counts
function Engine:stats() end

---What each channel has had since this was last asked: peak and rms, and how
---many values were ever above 1, clipped.
---```lua
---play "kick"
---engine:render(0.1)
---print(engine:meters()[1].peak)
---```
---@return table[]? channels
function Engine:meters() end

---Render, where the driver is "offline": nothing else moves its time.
---```lua
---play("kick", { at = 0.5 })
---local audio = engine:render(1)
---print(audio.frames)
---```
---@param options number|tabor.RenderOptions seconds, or a table
---@return tabor.Audio? the sound
function Engine:render(options) end

---Frames rendered since the engine opened: its clock.
---```lua
---print(engine:frame())
---```
---@return integer? frames
function Engine:frame() end

---The same clock in seconds.
---```lua
---play("kick", { at = engine:now() + 0.5 })
---```
---@return number? seconds
function Engine:now() end

---Close it; what sounds ends. nil, message, code if a take is not complete or
---the driver hangs.
---```lua
---local own = assert(tabor.open { driver = "offline" })
---assert(own:close())
---```
---@return boolean? true
function Engine:close() end

-- ------------------------------------------------------------ Sample --

---A loaded sound. It is given back when it is collected; that stops nothing.
---```lua
---local kick = load "kick"
---print(kick.name, kick.duration)
---```
---@class tabor.Sample
---@field frames integer its length
---@field channels integer of it
---@field rate integer frames per second, the engine's
---@field duration number seconds
---@field loop_start number? seconds, if its file has a loop
---@field loop_end number? seconds, if its file has a loop
---@field name string what it is called
local Sample = {}

---Play it. nil, message, "full" if the queue is full.
---```lua
---load("kick"):play { velocity = 0.8, pan = -0.2 }
---```
---@param options? tabor.PlayOptions
---@return tabor.Voice? the voice
function Sample:play(options) end

---A part of it, as a sample of its own; nothing is copied.
---```lua
---local attack = load("bell"):slice(0, 0.1)
---attack:play {}
---```
---@param start number seconds
---@param stop? number seconds (its end)
---@return tabor.Sample? the part
function Sample:slice(start, stop) end

---Give it back now; its voices "ring", "fade" or are "cut".
---```lua
---local kick = load "kick"
---kick:play {}
---kick:unload "fade"
---```
---@param voices? string what becomes of those that sound ("ring")
---@return boolean? whether it was loaded
function Sample:unload(voices) end

-- ------------------------------------------------------------- Voice --

---One play of a sample. Who forgets it stops nothing; leaving a block with
---<close> does. One that has ended takes calls, and answers false.
---```lua
---local voice = play "bell"
---print(voice.alive)
---```
---@class tabor.Voice
---@field id integer a number that is its own
---@field alive boolean whether it sounds, or will
---@field ended table? its end as an event, or nil
local Voice = {}

---End it, with a ramp.
---```lua
---local voice = play "bell"
---voice:stop { fade = 0.5 }
---```
---@param options? tabor.StopOptions
---@return boolean? whether it had not ended
function Voice:stop(options) end

---Let its envelope's release begin; a loop is left.
---```lua
---local voice = play("bell", { loop = true, env = { release = 0.3 } })
---voice:release()
---```
---@param options? tabor.ReleaseOptions
---@return boolean? whether it had not ended
function Voice:release(options) end

---Go on elsewhere in the sample.
---```lua
---local voice = play "bell"
---voice:seek(0.1)
---```
---@param seconds number the place
---@param options? tabor.SeekOptions
---@return boolean? whether it had not ended
function Voice:seek(seconds, options) end

---Change gain, pan, rate or pitch, over a ramp.
---```lua
---local voice = play "bell"
---voice:set { gain = 0.3, pitch = -2, ramp = 0.5 }
---```
---@param options tabor.SetOptions
---@return boolean? whether it had not ended
function Voice:set(options) end

---Wait for its end. nil, message, code if it did not come.
---```lua
---local own <close> = assert(tabor.open { driver = "null" })
---print(own:load({ 1, 1, 1 }):play({}):wait(2).reason)
---```
---@param timeout? number seconds (for ever)
---@return table? the event
function Voice:wait(timeout) end

-- ------------------------------------------------------------ Voices --

---What play_many() made: #voices, and voices[i] is a Voice.
---```lua
---local hats = engine:play_many(load "hat", { at = { 0, 0.5, 1 } })
---print(#hats, hats[1].alive)
---```
---@class tabor.Voices
---@field alive integer how many have not ended
---@field sent boolean false while, or if, their batch was not sent
local Voices = {}

---End them all, with a ramp.
---```lua
---engine:play_many(load "hat", { at = { 0, 0.5, 1 } }):stop()
---```
---@param options? tabor.StopOptions
---@return integer? how many had not ended
function Voices:stop(options) end

-- ------------------------------------------------------------- Audio --

---A sound in memory: float32 values.
---```lua
---local audio = engine:render(0.1)
---print(audio.frames, audio.channels)
---```
---@class tabor.Audio
---@field frames integer its length
---@field channels integer of it
---@field rate integer frames per second
---@field duration number seconds
local Audio = {}

---Write it to a file, whose ending says how: .wav, .aiff, .flac, .ogg.
---```lua
---local name = os.tmpname() .. ".wav"
---assert(engine:render(0.1):save(name, { bits = 16 }))
---os.remove(name)
---```
---@param path string the file
---@param options? tabor.SaveOptions
---@return boolean? true
function Audio:save(path, options) end

---One value; frames and channels count from 0.
---```lua
---print(engine:render(0.1):get(0, 1))
---```
---@param frame integer from 0
---@param channel? integer from 0 (0)
---@return number value
function Audio:get(frame, channel) end

-- ------------------------------------------------------------- Clock --

---Beats, and the tasks that live by them: functions that wait. What a task
---plays without at= is stamped with its own logical time.
---```lua
---clock:run(function()
---  for _ = 1, 4 do play "kick" clock:wait(1) end
---end)
---engine:render(3)
---```
---@class tabor.Clock
---@field latency number seconds that its tasks run ahead of what is heard
---@field engine tabor.Engine whose clock it is
local Clock = {}

---Start a task: a call of fn that may wait. A name in front is for messages.
---```lua
---clock:run("drums", function(sound)
---  for _ = 1, 4 do play(sound) clock:wait(1/2) end
---end, "hat")
---engine:render(2)
---```
---@param fn function what it does
---@param ... any its arguments
---@return tabor.Task the task
function Clock:run(fn, ...) end

---The same from a beat on; one that has passed means now.
---```lua
---clock:at(4, play, "snare")
---engine:render(3)
---```
---@param beat number on the clock
---@param fn function what it does
---@param ... any its arguments
---@return tabor.Task the task
function Clock:at(beat, fn, ...) end

---In a task: wait so many beats.
---```lua
---clock:run(function() play "kick" clock:wait(3/2) play "snare" end)
---engine:render(2)
---```
---@param beats number how many
function Clock:wait(beats) end

---In a task: wait so many seconds, whatever the tempo.
---```lua
---clock:run(function() clock:sleep(0.25) play "hat" end)
---engine:render(1)
---```
---@param seconds number how many
function Clock:sleep(seconds) end

---In a task: wait for the next multiple of beats, never none.
---```lua
---clock:run(function() clock:sync(4) play "clap" end)
---engine:render(3)
---```
---@param beats number the grid
---@param offset? number beats behind its lines (0)
function Clock:sync(beats, offset) end

---Do fn again and again under a name; the same name with another fn takes over
---where a pass ends, and false stops it there.
---```lua
---clock:loop("hat", function() play "hat" clock:wait(1/4) end)
---engine:render(1)
---clock:loop("hat", false)
---```
---@param name string what it is called
---@param fn function|boolean one pass, or false
---@param grid? number beats: on which multiple it begins (1)
---@return tabor.Task? the task
function Clock:loop(name, fn, grid) end

---End a task, or a loop by its name, now.
---```lua
---local task = clock:run(function() clock:wait(100) end)
---clock:cancel(task)
---```
---@param task tabor.Task|string which
---@return boolean whether it was still there
function Clock:cancel(task) end

---No task, no sound, and nothing scheduled any more.
---```lua
---clock:run(function() while true do play "hat" clock:wait(1) end end)
---engine:render(1)
---clock:hush()
---```
function Clock:hush() end

---Wait until all its tasks are over. Offline only render() moves its time.
---```lua
---print(clock:join(1))
---```
---@param timeout? number seconds (for ever)
---@return boolean whether they are
function Clock:join(timeout) end

---Beats a minute, now; with a number they change, at once or over some beats.
---```lua
---clock:tempo(90)
---clock:tempo(160, 8)
---print(clock:tempo())
---```
---@param bpm? number beats a minute
---@param beats? number over how many (0)
---@return number bpm
function Clock:tempo(bpm, beats) end

---A task's own beat; for others, the one that is heard.
---```lua
---print(clock:beat())
---```
---@return number beat
function Clock:beat() end

---The logical time, in seconds of the engine.
---```lua
---play("kick", { at = clock:now() + 0.5 })
---```
---@return number seconds
function Clock:now() end

---What came too late, by whom, and what would have helped: tasks, late, worst,
---refused, slips, slipped, culprits, advice.
---```lua
---print(clock:stats().late)
---```
---@return table counts
function Clock:stats() end

---End its tasks, and it.
---```lua
---local own = engine:clock {}
---own:close()
---```
---@return boolean true
function Clock:close() end

-- -------------------------------------------------------------- Task --

---A function that runs on a clock. Who forgets it stops nothing; leaving a
---block with <close> does.
---```lua
---local task = clock:run("slow", function() clock:wait(100) end)
---print(task.name, task.alive)
---task:cancel()
---```
---@class tabor.Task
---@field name string what messages call it
---@field alive boolean whether it is not over
local Task = {}

---End it now; what is pending in it is closed.
---```lua
---local task = clock:run(function() clock:wait(100) end)
---task:cancel()
---```
---@return boolean whether it was still there
function Task:cancel() end

---Wait until it is over.
---```lua
---local task = clock:run(function() end)
---engine:render(0.1)
---print(task:join(1))
---```
---@param timeout? number seconds (for ever)
---@return boolean whether it is
function Task:join(timeout) end

-- ----------------------------------------------------------- console --

---The console's engine, which opens when it is first touched.
---Beside Python it is Python's.
---```lua
---print(engine)
---```
---@type tabor.Engine
engine = nil

---The console's clock, which begins when it is first touched.
---Beside Python it is the script's own.
---```lua
---clock:tempo(110)
---print(clock)
---```
---@type tabor.Clock
clock = nil

---The script's arguments; arg[0] is the script.
---```lua
---print(#arg)
---```
---@type string[]
arg = nil

---Play a sample, or a file, or a sound that came with Tabor, by its name.
---Beside Python also one that Python has loaded, by its name.
---```lua
---play "kick"
---play("hat", { at = engine:now() + 0.25, gain = 0.5 })
---```
---@param sound string|tabor.Sample|tabor.Audio what
---@param options? tabor.PlayOptions
---@return tabor.Voice the voice
function play(sound, options) end

---Load a file, or a sound that came with Tabor. What only Lua's own load()
---understands goes there.
---```lua
---local kick = load "kick"
---kick:play { pitch = -3 }
---```
---@param sound string|table|tabor.Audio what
---@param options? tabor.LoadOptions
---@return tabor.Sample the sample
function load(sound, options) end

---End all voices, with a ramp; what is scheduled stays.
---```lua
---play "bell"
---stop(0.5)
---```
---@param options? tabor.FadeOptions
function stop(options) end

---Silence now, also of what is scheduled.
---```lua
---play("bell", { at = engine:now() + 60 })
---hush()
---```
function hush() end

---Counts and loads of the engine, as engine:stats().
---```lua
---print(stats().xruns)
---```
---@return table counts
function stats() end

---List what there is to play on.
---```lua
---devices "null"
---```
---@param driver? string only this one's
function devices(driver) end

---Show or hide the status row: each channel's peak, voices, load, late, xruns.
---Without a terminal, print it once.
---```lua
---meters()
---```
function meters() end

---Tell what a name or a value is for; without one, list what there is. At the
---prompt, name? does the same.
---```lua
---help "play"
---help(engine)
---```
---@param what? any a name, a value, or a word to look for
function help(what) end

-- ---------------------------------------------------- beside Python --

---Send Python a message, from a script beside it: tabor --python, engine.lua().
---lua.receive() returns it there; nobody waits. Values are nil, booleans,
---numbers, strings, and tables of them, at most 32 deep.
---```lua
---send("chord", { 0, 4, 7 })
---```
---@param ... any its values
function send(...) end

---Take the next message from Python, in a script beside it.
---Python sends with lua.send(). Nothing if none comes in time; only a task of
---clock can wait for one.
---```lua
---clock:run(function()
---  local word, bpm = receive(10)
---  if word == "tempo" then clock:tempo(bpm) end
---end)
---```
---@param timeout? number seconds to wait (0)
---@return any the values
function receive(timeout) end
