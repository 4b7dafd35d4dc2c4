"""The long measurements, each a table with counts: `make accept`. Their figures are in docs/accept.md."""
