"""Takes and their beats on the timeline: arranged, voiced, recorded. Pure: never imports asyncio, socket, threading or time."""
