"""Child processes: begun, watched, begun again."""
