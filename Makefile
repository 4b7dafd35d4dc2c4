# From a fresh clone: `make play` sounds, `make test` checks. Nothing else has to be done first.

VENV := .venv
BIN := $(VENV)/bin
# python-rtmidi has wheels up to CPython 3.12; a newer Python needs a C++ compiler.
PYTHONS := python3.12 python3.11 python3 python3.13 python3.14 python
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TORCH := torch==2.13.0
DEMO := dusty lo-fi chords in D minor, 82 bpm, dreamy piano melody
DATA ?= $(LLMBALL_DATA)

.PHONY: help setup play test check accept music hands train devices
.PRECIOUS: runs/music/%/made

help:
	@echo "make setup   .venv with LLMBall in it (no torch)"
	@echo "make play    play a demo until Ctrl-C; control it over OSC at 127.0.0.1:7411"
	@echo "make test    ruff, mypy and every test; missing optional tools are skipped with one line"
	@echo "make check   ruff and mypy only"
	@echo "make accept  the long measurements; needs JACK (jackd2)"
	@echo "make devices the Max for Live devices anew from their sources"
	@echo "make -j2 music HUMAN=file   the music's measurements; pages in runs/music"
	@echo "make train DATA=folder   everything that is learnt, from the songs on"

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
	$(PIP) install --editable '.[link]' aalink==0.2.3 # Link's own peer: GPL, for measuring only
	@for script in decoding prompts_to_notes prompt_changes growth crowded install quantised footprint mood_pairs packets "flood --what mutated,prompt,density" chaos mishaps soak \
		panels starving sweep endurance lateness "lateness --busy" "lateness --period 64" "lateness --busy --period 64" slaved link_peer \
		faults broker workers device_loss; do \
		echo "## $$script"; $(BIN)/python -m bench.$$script || exit 1; echo; done

# The long measurements of music, each a page in runs/music. Pages that are there are not made again unless the weights or the habits changed, so what was
# interrupted goes on, and `make -j2 music HUMAN=…` does two at once. HUMAN is what `python -m model.training.measures read` wrote.
PAGES := facts implied opposites refine keys unweighed texture matched copying style told diversity chords behind
MUSIC := runs/music
MADE_BY := $(wildcard model/weights/*.safetensors model/weights/*.json) model/prompt/rules/tables/habits.tsv
MEASURE = $(BIN)/python -m model.training.measures
TRAINING = $(BIN)/python -m model.training
VARIANTS = $(BIN)/python -m bench.music.variants
PAGE = > $@.part && mv $@.part $@

music: $(VENV)/.developing $(PAGES:%=$(MUSIC)/%.md)
	@cat $(PAGES:%=$(MUSIC)/%.md)

$(MUSIC)/%/made: $(MADE_BY)
	@test -n "$(HUMAN)" || { echo "say where the songs to measure against are: make music HUMAN=file" >&2; exit 2; }
	@mkdir -p $(@D)
	$(VARIANTS) --prompts $(or $(SET_$*),$*) $(HOW_$*) --out $(@D)
	@touch $@

HOW_unweighed := --theta scale=0,chord=0,tonic=0,chord_size=0,brightness=0
SET_unweighed := suite
HOW_closed := --ending cadence
SET_closed := suite
HOW_matched = --human $(HUMAN)
HOW_told := --seeds 10
HOW_diverse := --seeds 20

$(MUSIC)/facts.md $(MUSIC)/implied.md $(MUSIC)/opposites.md $(MUSIC)/refine.md: $(MUSIC)/%.md: $(MADE_BY)
	@mkdir -p $(@D)
	$(BIN)/python -m bench.music.obedience.judge $* $(HOW_$*) $(PAGE)
HOW_implied := --half report

$(MUSIC)/keys.md: $(MUSIC)/suite/made $(MUSIC)/closed/made
	{ $(MEASURE) keys --midi $(MUSIC)/suite --human $(HUMAN); echo "# closed"; $(MEASURE) keys --midi $(MUSIC)/closed; } $(PAGE)
$(MUSIC)/unweighed.md: $(MUSIC)/unweighed/made
	$(MEASURE) keys texture --midi $(MUSIC)/unweighed --human $(HUMAN) $(PAGE)
$(MUSIC)/texture.md: $(MUSIC)/suite/made
	$(MEASURE) texture --midi $(MUSIC)/suite --human $(HUMAN) $(PAGE)
$(MUSIC)/matched.md: $(MUSIC)/matched/made
	$(MEASURE) texture keys --midi $(MUSIC)/matched --human $(HUMAN) $(PAGE)
$(MUSIC)/copying.md: $(MUSIC)/suite/made
	$(MEASURE) copying --midi $(MUSIC)/suite --human $(HUMAN) $(PAGE)
$(MUSIC)/style.md: $(MUSIC)/styles/made $(MUSIC)/pieces.npz
	$(MEASURE) style --midi $(MUSIC)/styles --human $(HUMAN) --pieces $(MUSIC)/pieces.npz $(PAGE)
$(MUSIC)/told.md: $(MUSIC)/told/made
	$(MEASURE) prompts --midi $(MUSIC)/told $(PAGE)
$(MUSIC)/diversity.md: $(MUSIC)/diverse/made
	$(MEASURE) diversity --midi $(MUSIC)/diverse $(PAGE)
$(MUSIC)/chords.md: $(MUSIC)/tunes/made $(MADE_BY)
	$(BIN)/python -m bench.music.harmonised $(MUSIC)/tunes $(MUSIC)/dressed
	$(MEASURE) chords --midi $(MUSIC)/dressed --human $(HUMAN) --sources pop909 $(PAGE)
$(MUSIC)/behind.md: $(MUSIC)/tunes/made $(MADE_BY)
	$(BIN)/python -m bench.music.harmonised $(MUSIC)/tunes $(MUSIC)/behind --causal
	$(MEASURE) chords --midi $(MUSIC)/behind --human $(HUMAN) --sources pop909 $(PAGE)

$(MUSIC)/pieces.npz:
	@mkdir -p $(@D)
	$(MEASURE) pieces --count 20 --out $@
$(MUSIC)/tunes/made:
	@test -n "$(HUMAN)" || { echo "say where the songs to measure against are: make music HUMAN=file" >&2; exit 2; }
	$(MEASURE) melodies --human $(HUMAN) --sources pop909 --out $(@D)
	@touch $@

# the band behind somebody's hands, measured on the same songs
hands: $(VENV)/.developing
	@test -n "$(HUMAN)" || { echo "say where the songs to measure against are: make hands HUMAN=file" >&2; exit 2; }
	$(BIN)/python -m bench.music.following --human "$(HUMAN)"
	$(BIN)/python -m bench.music.accompanying --human "$(HUMAN)"

# what decides and what sounds next, changed a place at a time: do the tests see it? results: mutmut results
mutants: $(VENV)/.developing
	$(PIP) install mutmut==3.8.1
	LLMBALL_SEQUENCES=20 $(BIN)/mutmut run --max-children 2

# branches of the bridge and of what of the model plays, children of the tests among them
cover: $(VENV)/.developing
	$(PIP) install coverage==7.17.5
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --sort=cover

devices: $(VENV)/.installed
	$(BIN)/python -m max_for_live.build

train: $(VENV)/.developing
	@test -n "$(DATA)" || { echo "say where the songs are: make train DATA=folder (see docs/data.md)" >&2; exit 2; }
	$(TRAINING).prepare --data "$(DATA)" --out runs/store.npz
	$(TRAINING).densities --data "$(DATA)"
	$(TRAINING).train --store runs/store.npz --out runs/decoder --minutes 160
	cp runs/decoder/decoder.safetensors model/weights/
	$(TRAINING).leanings
	$(MEASURE) read --data "$(DATA)" --sources pop909,openewld,lieder,hymns,groove,fiddle --out runs/humans.npz
	$(TRAINING).continuo --human runs/humans.npz
	$(TRAINING).harmoniser prepare --human runs/humans.npz --out runs/harmony.npz
	$(TRAINING).harmoniser train --songs runs/harmony.npz
	cd model/weights && sha256sum *.safetensors fusion.json > SHA256SUMS
	$(TRAINING).habits --human runs/humans.npz
	$(TRAINING).evaluate

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
