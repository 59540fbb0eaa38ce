# `make app` and `make test` do all set-up in .venv; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# PyTorch's CPU index keeps an ordinary Linux machine from receiving gigabytes of CUDA libraries.
# With an NVIDIA GPU: make setup TORCH_INDEX=https://download.pytorch.org/whl/cu130
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: setup app demo test test-long lint types map screenshots benchmark train clean
setup: $(VENV)/.ready

$(VENV)/.ready: requirements.txt requirements-dev.txt pyproject.toml scripts/install.sh
	PYTHON=$(PYTHON) VENV=$(VENV) TORCH_INDEX=$(TORCH_INDEX) sh scripts/install.sh
	touch $@

app: setup
	$(BIN)/cropmap app

demo: setup
	$(BIN)/cropmap demo --out demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

# The annotation map's bundle, built again and compared with the committed one.
map:
	sh scripts/check_map.sh

test: lint types map
	# Each worker has a processor: threads of libraries would only wait for each other.
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope

# What takes minutes and rarely fails; `make test` has a shorter one of each.
test-long: setup
	$(BIN)/python -m pytest -m long

screenshots: setup
	$(BIN)/python -m scripts.screenshots

benchmark: setup
	$(BIN)/python -m benchmarks

# Hours on a CPU.  glibc gives freed memory back at once, and asking for it again takes half the time.
train: setup
	$(BIN)/python -m pip install -r training/requirements.txt
	MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_THRESHOLD_=4000000000 \
		$(BIN)/python -m training.train_fields --out runs/fields
	MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_THRESHOLD_=4000000000 \
		$(BIN)/python -m training.train_prompts --fields runs/fields --out runs/prompts

clean:
	rm -rf $(VENV) demo out
