"""Training windows: stored, cut and fed."""
