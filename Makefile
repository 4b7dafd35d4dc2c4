# From a fresh clone: `make play` sounds, `make test` checks. Nothing else has to be done first.

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
# The first of these that is there and is 3.11 or later; another one: make play PYTHONS=python3.14
PYTHONS ?= python3.12 python3.11 python3.13 python3.14 python3 python
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check
# Where uv is there, it installs in a fifth of the time; where it cannot, as behind an index that only pip knows, pip goes on.
UV := $(shell command -v uv 2>/dev/null)
TORCH := torch==2.13.0
COMMA := ,
DEMO := dusty lo-fi chords in D minor, 82 bpm, dreamy piano melody
JOBS ?= 1
DATA ?= $(LLMBALL_DATA)
BENT ?= 0

.PHONY: help setup play check test test-long corpus sanitize docs accept music hands mutants cover devices train

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# --- play ---------------------------------------------------------------------------------------------------------------

setup: $(VENV)/.installed ## .venv with LLMBall in it (no torch)

play: $(VENV)/.installed ## play a demo until Ctrl-C; OSC at 127.0.0.1:7411, the panel at http://127.0.0.1:7410
	@exec $(BIN)/llmball serve --browse --play "$(DEMO)"

# --- check --------------------------------------------------------------------------------------------------------------

check: $(VENV)/.developing ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What a JACK server hears (the marker `heard`) has the machine to itself; test-long learns. The rest runs on two cores by three
# workers: real programs wait for much. Laws are tried on fewer examples than in test-long. Hundreds of processes are started,
# each of which would compile every module again where the shell's environment says that none is kept.
LEARNT = tests/model/training
HEARD = tests/bridge/follow tests/bridge/midi tests/bridge/runtime
test test-long: export PYTHONDONTWRITEBYTECODE =
test: check ## check, then every test but long ones; a missing optional tool is a skip with one line
	LLMBALL_EXAMPLES=40 $(PYTHON) -m pytest -q -rs -m "not long and not heard" -n 3 --dist loadgroup --ignore=$(LEARNT)
	$(PYTHON) -m pytest -q -rs -m "not long and heard" $(HEARD)

test-long: docs sanitize ## what else .ci/run checks: the site, long tests, all of the songbook, odd files, the C code under sanitizers
	$(PYTHON) -m bench.robustness.corpus --plain --bent 300
	$(PYTHON) -m model.songbook check model/songbook/pieces
	$(PYTHON) -m model.songbook pages docs/songbook --check
	LLMBALL_PIECES=10000 $(PYTHON) -m pytest -q -n 2 tests/model/songbook $(LEARNT)
	LLMBALL_RECORD_SECONDS=60 $(PYTHON) -m pytest -q -rs -m long
	$(PYTHON) -m pytest -q -n 2 -m "hypothesis and not long and not heard" --ignore=$(LEARNT)

corpus: need-DIR $(VENV)/.developing ## DIR=folder [BENT=5000]: somebody else's .mid files through every command that reads one
	$(PYTHON) -m bench.robustness.corpus "$(DIR)" --plain --bent $(BENT)

# A copy, so that the extensions that are in use stay as they are. Leaks are not looked for: the interpreter's would be told.
SANITIZED = build/sanitized
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
sanitize: $(VENV)/.developing ## the C code under AddressSanitizer and UndefinedBehaviorSanitizer
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	cp -r bench bridge docs examples model tests pyproject.toml README.md LICENSE $(SANITIZED)
	find $(SANITIZED) -name '*.so' -delete
	cd $(SANITIZED) && CFLAGS="-g $(SANITIZERS)" LDFLAGS="$(SANITIZERS)" $(CURDIR)/$(PYTHON) -c 'from setuptools import setup; setup()' -q build_ext --inplace
	cd $(SANITIZED) && PYTHONPATH=. PYTHONMALLOC=malloc LLMBALL_REQUIRE_ALL= ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
		LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
		$(CURDIR)/$(PYTHON) -m pytest -q -p no:cacheprovider -o timeout=900 $(C_TESTS)
C_TESTS = tests/model/decoder/test_engines.py tests/model/decoder/test_token_sampling.py tests/model/prompt/test_use_encoder.py tests/bridge/midi/test_jack.py

docs: $(VENV)/.documenting ## the site into site/; a wrong link or anchor is an error
	$(BIN)/zensical build --clean --strict
	@! grep -rE '<(script|img|link)[^>]* (src|href)="(https?:)?//' site --include='*.html' # nothing from other hosts

mutants: $(VENV)/.developing ## change what decides, a place at a time: do the tests see it? then: mutmut results
	$(PIP) install mutmut==3.8.1
	LLMBALL_SEQUENCES=20 $(BIN)/mutmut run --max-children 2

cover: $(VENV)/.developing ## branches that the tests reach, their child processes among them
	$(PIP) install coverage==7.17.5
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --sort=cover

# --- measure (docs/benchmarks.md) ---------------------------------------------------------------------------------------

accept: $(VENV)/.developing ## the long measurements of bench/accept.py, one after another; needs JACK
	$(PIP) install --editable '.[link]' aalink==0.2.3 # Link's own peer: GPL, for measuring only
	$(PYTHON) -m bench.accept

music: need-HUMAN $(VENV)/.developing ## HUMAN=file [JOBS=2]: the music's measurements, pages in runs/music
	$(PYTHON) -m bench.music.pages --human "$(HUMAN)" --jobs $(JOBS)

hands: need-HUMAN $(VENV)/.developing ## HUMAN=file: the band behind somebody's hands
	$(PYTHON) -m bench.music.following --human "$(HUMAN)"
	$(PYTHON) -m bench.music.accompanying --human "$(HUMAN)"

# --- make anew ----------------------------------------------------------------------------------------------------------

devices: $(VENV)/.installed ## the Max for Live devices from their sources
	$(PYTHON) -m max_for_live.build

FIT = $(PYTHON) -m model.training.fit
train: need-DATA $(VENV)/.developing ## DATA=folder: everything that is learnt, from the songs on (docs/training.md)
	$(PYTHON) -m model.training.prepare --data "$(DATA)" --out runs/store.npz
	$(FIT).densities
	$(PYTHON) -m model.training.train --store runs/store.npz --out runs/decoder --minutes 160
	cp runs/decoder/decoder.safetensors model/weights/
	$(FIT).examples --store runs/store.npz
	$(FIT).semantic_head
	$(PYTHON) -m model.training.measures read --data "$(DATA)" --sources pop909,openewld,lieder,hymns,groove,fiddle --out runs/humans.npz
	$(FIT).melody_tracker --human runs/humans.npz
	$(FIT).harmoniser prepare --human runs/humans.npz --out runs/harmony.npz
	$(FIT).harmoniser train --songs runs/harmony.npz
	cd model/weights && sha256sum *.safetensors fusion.json examples.npz > SHA256SUMS
	$(PYTHON) -m model.training.evaluate

# --- the environment ----------------------------------------------------------------------------------------------------

need-%:
	@test -n "$($*)" || { echo "say which: $* (see docs/benchmarks.md, docs/data.md)" >&2; exit 2; }

# An environment without its Python, which an upgrade of the system leaves, is made anew. Its pip is unpacked from the wheel that
# Python brings: `venv` would install and compile it, for a fifth of the time of the whole set-up. Without that wheel `venv` does.
BUNDLED = import ensurepip, pathlib, sys, sysconfig, zipfile; \
	folders = [getattr(ensurepip, "_WHEEL_PKG_DIR", None) or "", pathlib.Path(ensurepip.__file__).parent / "_bundled"]; \
	zipfile.ZipFile([wheel for folder in folders if folder for wheel in pathlib.Path(folder).glob("pip-*.whl")][0]).extractall(sysconfig.get_path("purelib"))
$(PYTHON):
	@rm -rf $(VENV); for python in $(PYTHONS); do \
		$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -m venv --without-pip $(VENV) && $(PYTHON) -c '$(BUNDLED)' 2>/dev/null && \
		printf '#!/bin/sh\nexec "$${0%%/*}/python" -m pip "$$@"\n' >$(BIN)/pip && chmod +x $(BIN)/pip && exit 0; \
		$$python -m venv --clear $(VENV) && exit 0; rm -rf $(VENV); \
	done; \
	echo "LLMBall needs Python 3.11 or later with venv: apt install python3-venv, or brew install python, or python.org; then make again" >&2; exit 2

# pip's own words go to setup.log. A set-up that fails says what to do in one line, and the environment that it was to fill is
# removed unless it worked before. Modules are compiled when they are first imported: most never are.
define install
	@$(2) $(PIP) install --no-compile $(1) >setup.log 2>&1 || { \
		test -e $(VENV)/.installed || rm -rf $(VENV); \
		echo "LLMBall could not be installed: $$(grep -m 1 '^ERROR' setup.log) (all of it: setup.log). Is there a network, and room on the disk? Then make $(MAKECMDGOALS) again; with another Python: PYTHONS=python3.12" >&2; exit 2; }
	@rm -f setup.log
	@touch $@
endef

# Extensions of other Pythons, or built by an older version, would be found before the new ones.
$(VENV)/.installed: pyproject.toml | $(PYTHON)
	@echo "installing LLMBall into $(VENV), about 250 MB ..."
	@rm -f bridge/midi/_jackmidi.*.so model/native/_native.*.so
	$(call install,--editable .,$(UV:%=% pip install --quiet --python $(PYTHON) --editable . >setup.log 2>&1 ||))

# torch comes first and by itself: as a dependency of others it would be resolved anew, by gigabytes.
$(VENV)/.torch: pyproject.toml $(VENV)/.installed
	$(call install,$(TORCH))

$(VENV)/.developing: pyproject.toml $(VENV)/.torch
	$(call install,--editable '.[train$(COMMA)dev]')

$(VENV)/.documenting: pyproject.toml $(VENV)/.installed
	$(call install,--editable '.[docs]')
