"""What the music is like: obedience, moods, variants, listening."""
