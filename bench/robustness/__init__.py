"""What the daemon survives: floods, faults, losses, days of playing."""
