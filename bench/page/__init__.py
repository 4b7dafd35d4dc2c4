"""The page in a browser: its sound beside FluidSynth's, its weight, its first paint, what it costs while it plays."""
