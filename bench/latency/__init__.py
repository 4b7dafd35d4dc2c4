"""How soon: first notes, lateness, starts, speed."""
