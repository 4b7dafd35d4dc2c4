"""What a take is made of: the plan of its form, bars of the songbook and how they vary, lines moved to other chords. Pure."""
