"""What a take is: its beats on the time line, arranged, voiced, recorded. Pure: never imports asyncio, socket, threading or time."""
