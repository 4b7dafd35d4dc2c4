"""The daemon: OSC in, MIDI out. Never imports torch."""
