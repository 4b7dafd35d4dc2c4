"""Measures of music, the same for our clips and for human songs: every figure with its count and interval."""
