"""Clips offline: write, refine, edit, harmonise."""
