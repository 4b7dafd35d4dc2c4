"""What is decided: every event becomes effects. Pure: never imports asyncio, socket, threading or time."""
