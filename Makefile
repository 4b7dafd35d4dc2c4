# From a fresh clone: `make play` sounds, `make test` checks. Nothing else has to be done first.

VENV := .venv
BIN := $(VENV)/bin
# python-rtmidi has wheels up to CPython 3.12; a newer Python needs a C++ compiler.
PYTHONS := python3.12 python3.11 python3 python3.13 python3.14 python
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TORCH := torch==2.13.0
DEMO := dusty lo-fi chords in D minor, 82 bpm, dreamy piano melody
DATA ?= $(LLMBALL_DATA)

.PHONY: help setup play test check accept music train devices

help:
	@echo "make setup   .venv with LLMBall in it (no torch)"
	@echo "make play    play a demo until Ctrl-C; control it over OSC at 127.0.0.1:7411"
	@echo "make test    ruff, mypy and every test; missing optional tools are skipped with one line"
	@echo "make check   ruff and mypy only"
	@echo "make accept  the long measurements; needs JACK (jackd2)"
	@echo "make devices the Max for Live devices anew from their sources"
	@echo "make train DATA=folder   prepare, train and evaluate the decoder"

setup: $(VENV)/.installed

play: $(VENV)/.installed
	@exec $(BIN)/llmball serve --browse --play "$(DEMO)"

test: check
	$(BIN)/python -m pytest -q -rs

check: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

accept: $(VENV)/.developing
	@for script in prompts_to_notes prompt_changes footprint mood_pairs packets panels starving sweep endurance \
		lateness "lateness --busy" slaved link_peer faults broker workers device_loss; do \
		echo "## $$script"; $(BIN)/python -m bench.$$script || exit 1; echo; done

# the long measurements of music; HUMAN is what `python -m model.training.measures read` wrote
music: $(VENV)/.developing
	@for what in facts "implied --half report" opposites refine; do $(BIN)/python -m bench.obedience $$what || exit 1; done
	@test -n "$(HUMAN)" || { echo "say where the songs to measure against are: make music HUMAN=file" >&2; exit 2; }
	$(BIN)/python -m bench.variants --prompts suite --out runs/clips
	$(BIN)/python -m bench.following --human "$(HUMAN)"
	$(BIN)/python -m bench.accompanying --human "$(HUMAN)"
	$(BIN)/python -m model.training.measures keys texture copying --midi runs/clips --human "$(HUMAN)"

devices: $(VENV)/.installed
	$(BIN)/python -m max_for_live.build

train: $(VENV)/.developing
	@test -n "$(DATA)" || { echo "say where the songs are: make train DATA=folder (see docs/data.md)" >&2; exit 2; }
	$(BIN)/python -m model.training.prepare --data "$(DATA)"
	$(BIN)/python -m model.training.train --minutes 160
	$(BIN)/python -m model.training.evaluate

$(BIN)/python:
	@for python in $(PYTHONS); do \
		$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		exec $$python -m venv $(VENV); \
	done; \
	echo "LLMBall needs Python 3.11 or 3.12 with venv: apt install python3 python3-venv, or python.org" >&2; exit 2

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) install --editable .
	@touch $@

# torch comes first and by itself: as a dependency of others it would be resolved anew, by gigabytes.
$(VENV)/.developing: pyproject.toml $(VENV)/.installed
	$(PIP) install $(TORCH)
	$(PIP) install --editable '.[train,dev]'
	@touch $@
