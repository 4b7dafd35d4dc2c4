"""What runs in child processes: generation and the writing of clips."""
