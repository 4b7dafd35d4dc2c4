"""Analysis of live MIDI input: chords, melody, loops, key. Pure: never imports asyncio, socket, threading or time."""
