"""Readers of facts in a prompt: each finds one kind of fact and where it stands. They import no reader of wishes."""
