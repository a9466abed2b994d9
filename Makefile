# make perform   set up and start the instrument
# make test      set up and run all tests that this machine can run
# make lint      format, lint and type checks

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SYSTEM_PACKAGES := python3-venv libportaudio2
RIG_PACKAGES := $(SYSTEM_PACKAGES) libasound2-plugins pulseaudio pulseaudio-utils jackd2 liblo-tools puredata-core chromium

.PHONY: perform test lint clean

perform: $(BIN)/.instrument
	$(BIN)/loopmorph perform $(ARGS)

test: $(BIN)/.dev
	$(BIN)/python -m pytest $(ARGS)

lint: $(BIN)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(BIN)/.instrument: setup.py constraints.txt
	sh ./install.sh "$(PYTHON)" "$(VENV)" "." $(SYSTEM_PACKAGES)
	touch $@

$(BIN)/.dev: setup.py constraints.txt
	sh ./install.sh "$(PYTHON)" "$(VENV)" ".[train,dev]" $(RIG_PACKAGES)
	touch $@ $(BIN)/.instrument

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
