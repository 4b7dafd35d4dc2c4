"""Decisions: every event becomes effects. Pure: never imports asyncio, socket, threading or time."""
