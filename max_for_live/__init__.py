"""LLMBall's devices for Ableton Live: sources, their builder and, in `dist/`, the devices themselves."""
