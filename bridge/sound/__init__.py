"""Music as audio: FluidSynth and our SoundFont make a .wav file of a song, or one of each part."""
