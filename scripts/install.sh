#!/bin/sh
# Sets up the virtual environment: PyTorch first, then everything else.
#
# On Linux, PyPI's own torch pulls gigabytes of CUDA libraries, so torch and torchvision come, with
# --no-deps, from PyTorch's CPU index where that can be reached, else from whatever pip is set up
# with.  requirements.txt then finds them installed and adds only their small pure dependencies.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}" "${TORCH_INDEX:=https://download.pytorch.org/whl/cpu}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "cropmap needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
pip() { "$VENV/bin/python" -m pip --disable-pip-version-check "$@"; }

pins=$(grep -E '^(torch|torchvision)==' requirements.txt)
# shellcheck disable=SC2086  # one argument per pin
if ! pip install -q --no-deps --retries 0 --timeout 20 --index-url "$TORCH_INDEX" $pins 2>/dev/null; then
    echo "PyTorch's own index is out of reach; taking torch from pip's usual places."
    pip install -q --no-deps $pins
fi
pip install -q -r requirements-dev.txt
pip install -q --no-deps --no-build-isolation -e . 2>/dev/null || pip install -q --no-deps -e .
"$VENV/bin/python" -c 'import torch' || {
    echo "torch does not load: its CUDA libraries are missing. Run: $VENV/bin/pip install torch" >&2
    exit 1
}
