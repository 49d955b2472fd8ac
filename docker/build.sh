#!/bin/sh
# Makes the folder that the image runs from: a virtual environment with the service and nothing to install with.
# The Dockerfile runs this script, and so does tests/docker/test_build.py outside a container.
#
#   docker/build.sh TARGET          PYTHON=python3.12 docker/build.sh TARGET
#
# TARGET must not exist yet, and the result cannot be moved: its scripts name TARGET.
set -eu
umask 022

target=${1:?usage: build.sh TARGET}
case $target in /*) ;; *) target=$PWD/$target ;; esac
[ ! -e "$target" ] || { echo "build.sh: $target exists already" >&2; exit 2; }
source=$(cd "$(dirname "$0")/.." && pwd)
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

"${PYTHON:-python3}" -m venv "$tools/venv"
"${PYTHON:-python3}" -m venv --without-pip "$target"
pip() { "$tools/venv/bin/python" -m pip --disable-pip-version-check --quiet --python "$target/bin/python" "$@"; }

# Wheels only: nothing is compiled, and no foreign build script runs.
pip install --no-compile --require-hashes --only-binary :all: -r "$source/requirements/serve.txt"
pip wheel --no-deps --no-build-isolation -w "$tools/wheel" "$source"
pip install --no-compile --no-deps --no-index "$tools"/wheel/cds_service-*.whl

# The lock file holds the build backend too. What only it needs has no place at run time; `check` fails if more went.
pip uninstall --yes editables hatchling packaging pathspec pluggy tomlkit trove-classifiers
pip check

# The root file system is read-only at run time, so this is the last chance to write bytecode. Unchecked: a copy that
# changes the dates of files does not outdate it.
"$target/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$target/lib"
