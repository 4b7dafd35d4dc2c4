"""The messages of clients: addresses, ranges, checks, events. No I/O: never imports asyncio, socket, threading or time."""
