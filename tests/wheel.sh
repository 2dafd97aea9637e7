#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# "pip install ." in a fresh virtual environment, from a copy of the tree that is
# gone afterwards; then README's Python, the tools and pytest's plugin run from
# there. wheel.sh PYTHON; ./dev wheel calls it.
set -eu

python=$1
top=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset PYTHONPATH LD_LIBRARY_PATH TABOR_DRIVER_PATH TABOR_KIT_DIR \
    TABOR_DECODER TABOR_GUARD MAKEFLAGS MAKELEVEL
export TABOR_DRIVER=null PIP_DISABLE_PIP_VERSION_CHECK=1

mkdir "$folder/tree"
tar -C "$top" --exclude=./build --exclude=./.git -cf - . |
    tar -C "$folder/tree" -xf -
cp "$top/README.md" "$top/tests/lib/readme.py" "$folder"
# pytest is the system's: nothing is fetched
"$python" -m venv --system-site-packages "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-index "$folder/tree"
rm -rf "$folder/tree"
cd /

say() {
    echo "wheel: $*"
}

tabor=("$folder/venv/bin/python" -I)
"${tabor[@]}" "$folder/readme.py" "$folder/README.md" "$folder/venv"
"${tabor[@]}" -m tabor torture --driver null --seconds 0.2
if "$python" -c 'import pytest' 2>/dev/null; then
    cat >"$folder/test_it.py" <<'PY'
import tabor
from tabor.testing import assert_onsets

def test_it(offline_engine):
    kick = offline_engine.load(tabor.kit()["kick"])
    kick.play(at=0.25)
    assert_onsets(offline_engine.render(0.5), [0.25])
PY
    (cd "$folder" && "${tabor[@]}" -m pytest -q -p no:cacheprovider test_it.py)
    say "pytest finds the plugin by itself"
fi
say "all of it works, with the tree gone"
