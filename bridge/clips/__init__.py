"""Clips for clients: options, the queue, notes sent in messages."""
