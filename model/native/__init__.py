"""The C engine and its loader."""
