"""MIDI input and output ports, the player process and its scheduler. Never imports the session."""
