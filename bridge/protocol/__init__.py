"""What clients may say and what they are told: addresses, ranges, events. No I/O: never imports asyncio, socket, threading or time."""
