"""Texts of the songbook's notation that language models write: completed, checked, told back, and shown how to write."""
