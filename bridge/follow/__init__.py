"""What is heard in live playing: chords, melody, loops, key. Pure: never imports asyncio, socket, threading or time."""
