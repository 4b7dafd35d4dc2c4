"""Bits per note beside baselines, and plots."""
