"""The daemon and the commands: OSC in, MIDI out. Never imports torch."""
