-- Record what a JACK MIDI port sends with Ardour, without a screen: ardour7-lua ardour.lua
-- Environment variables: SESSION (a folder that does not exist yet), PORT, SECONDS.
local folder, port, seconds = os.getenv("SESSION"), os.getenv("PORT"), tonumber(os.getenv("SECONDS"))
AudioEngine:set_backend("JACK", "", "")
local session = create_session(folder, "recorded", 48000)
assert(session, "no session")
local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
local tracks = session:new_midi_track(
  midi, midi, true, ARDOUR.PluginInfo(), nil, nil, 1, "LLMBall",
  ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true, false)
for track in tracks:iter() do
  local input = track:input():nth(0)
  track:input():connect(input, port, nil)
  track:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
end
session:maybe_enable_record(false)
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
print("recording")
io.stdout:flush()
for _ = 1, math.floor(seconds * 10) do ARDOUR.LuaAPI.usleep(100000) end
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep(2000000)
session:save_state("", false, false, false, false, false)
print("saved")
io.stdout:flush()
close_session()
quit()
