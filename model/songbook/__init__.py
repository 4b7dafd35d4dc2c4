"""The songbook: pieces as text (`pieces/`), their notation, rendering, lint and statistics.

It reads and writes text and .mid files and knows nothing of the decoder: it never imports the rest of `model`.
"""
