# `make help` lists the targets. Nothing is done again that is already done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help install corpus train lexicon evaluate retrain models rollback audit classify wheel serve key browser test soak fuzz bench lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  CORPUS=path[,path...]   what corpus, train and evaluate read (default: training/corpus; add it to keep ours)"
	@echo "  EVAL=path[,path...]     labelled headlines to measure on     REAL=path[,...]  lines the corpus must not resemble"
	@echo "  ARCHIVE= LABELLED= CALIBRATE= OUT=  what lexicon learns from, is calibrated on, and writes"
	@echo "  FILE=path               what classify labels                 NAME= ROLES= REVOKE=1  what key makes or takes back"
	@echo "  HEADLINES=path          what bench times on                  FULL=1  every comparison of evaluate, every size of bench"
	@echo
	@echo "  Environment of serve: HOST PORT WORKERS THREADS BUSY SILENCE HEADLINES_MODELS HOSTS ORIGINS KEYS RATE"
	@echo "  DATABASE_URL QUORUM QUOTA KEEP_UNCERTAIN LOG_HEADLINES (see README)"

$(VENV)/made: pyproject.toml classifier/kernel.pyx
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[train,serve]'
	touch $@

$(VENV)/made-dev: $(VENV)/made
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

$(VENV)/made-bench: $(VENV)/made
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@

install: $(VENV)/made ## create .venv with everything that training and serving need

corpus: install ## check the corpus and count it
	@$(BIN)/python -m training corpus $(if $(CORPUS),--corpus '$(CORPUS)') $(if $(REAL),--real '$(REAL)')

train: install ## train the default model, or one on CORPUS=path[,path...]
	@$(BIN)/python -m training train $(if $(CORPUS),--corpus '$(CORPUS)')

lexicon: install ## learn word weights from ARCHIVE=path[,path...] and LABELLED=path[,path...]
	@$(BIN)/python -m training lexicon $(if $(CORPUS),--corpus '$(CORPUS)') $(if $(ARCHIVE),--archive '$(ARCHIVE)') \
		$(if $(LABELLED),--labelled '$(LABELLED)') $(if $(CALIBRATE),--calibrate '$(CALIBRATE)') \
		$(if $(OUT),--out '$(OUT)')

evaluate: train ## measure the model on labelled headlines, EVAL=path[,path...], and write report/
	@$(BIN)/python -m training evaluate $(if $(CORPUS),--corpus '$(CORPUS)') $(if $(EVAL),--eval '$(EVAL)') \
		$(if $(LABELLED),--labelled '$(LABELLED)') $(if $(FULL),--full)

retrain: train ## learn the accepted corrections, or those of CORRECTIONS=path[,path...]; FORCE="reason" overrules the gate
	@mkdir -p report
	@$(if $(CORRECTIONS),true,$(BIN)/python -m service export --accepted > report/corrections.jsonl)
	@$(BIN)/python -m training retrain $(if $(CORPUS),--corpus '$(CORPUS)') $(if $(EVAL),--eval '$(EVAL)') \
		--corrections '$(or $(CORRECTIONS),report/corrections.jsonl)' $(if $(FORCE),--force '$(FORCE)')

models: install ## list the versions of the model
	@$(BIN)/python -m training models

rollback: install ## put the version before this one in force, or VERSION=name; a running service follows
	@$(BIN)/python -m training rollback $(if $(VERSION),--version '$(VERSION)')

audit: install ## list labels of the corpus that the cross-validated model contradicts
	@$(BIN)/python -m training audit $(if $(CORPUS),--corpus '$(CORPUS)')

classify: train ## label the headlines in FILE=path, or on standard input; into OUT=path, on JOBS=all cores
	@$(BIN)/python -m classifier $(if $(FILE),'$(FILE)') $(if $(OUT),--out '$(OUT)') $(if $(JOBS),--jobs '$(JOBS)')

wheel: $(VENV)/made-dev train ## build a wheel that carries the model, in dist/, for tools that embed it
	@$(BIN)/python -m training wheel

serve: train ## serve the model on http://127.0.0.1:8000, see the environment below
	$(BIN)/gunicorn --config service/gunicorn.conf.py

key: install ## make an API key: NAME=desk [ROLES=classify,correct,review], or REVOKE=1
	@$(BIN)/python -m service key '$(NAME)' $(if $(ROLES),--roles '$(ROLES)') $(if $(REVOKE),--revoke)

browser: ## make sure that there is a browser for the tests of the page, where that can be done without asking
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || [ -n "$$CHROMIUM" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
		echo "No browser: install chromium, or name one in CHROMIUM; the tests of the page and the widget are skipped." >&2

test: $(VENV)/made-dev train browser ## run all tests
	$(BIN)/python -m pytest

soak: $(VENV)/made-dev train ## 2,000 swaps of models under load and 500 kills of the service, of which make test has 200 and 20
	SWAPS=2000 KILLS=500 $(BIN)/python -m pytest tests/test_models.py tests/test_corrections.py

fuzz: $(VENV)/made-dev train ## try INPUTS=20000000 random inputs and 5,000 damaged models, on all cores
	@$(BIN)/python -m tests.fuzz --inputs $(or $(INPUTS),20000000) $(if $(SEED),--seed '$(SEED)')

bench: $(VENV)/made-bench train ## time the classifier beside its peers, on HEADLINES=path or made-up ones, and write report/
	@mkdir -p report
	$(BIN)/python -m pytest tests/bench -o python_files='bench_*.py' -o python_functions='bench_*' \
		--benchmark-json=report/bench.json --benchmark-columns=median,max,rounds $(if $(HEADLINES),--headlines '$(HEADLINES)') \
		$(if $(FULL),--grow)
	@$(BIN)/python -m tests.bench.verdict report/bench.json

lint: $(VENV)/made-dev ## check style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

clean: ## remove what was made, except models
	rm -rf $(VENV) report .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
