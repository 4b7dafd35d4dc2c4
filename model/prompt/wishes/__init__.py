"""Wishes about a piece as a whole: its length, form and course; each found by its form and where it stands. It imports the readers of single facts, and no understanding."""
