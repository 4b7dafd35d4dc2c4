"""Notes, chords, keys, numerals, .mid files: values without a model."""
