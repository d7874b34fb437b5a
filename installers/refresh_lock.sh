#!/usr/bin/env bash
# Rewrites the three locks from pyproject.toml: everything, what the appliance alone carries (the edge extra), and what a Windows machine freezes.
#
# Versions and hashes only; where packages come from is the business of whoever installs. Pass uv's own options to
# raise one package: installers/refresh_lock.sh --upgrade-package aiohttp
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv="$(command -v uv || true)"
[ -x .venv/bin/uv ] && uv=.venv/bin/uv
if [ -z "$uv" ]; then
    python3 -m venv build/lock
    build/lock/bin/python -m pip install -q uv
    uv=build/lock/bin/uv
fi

common=(--quiet --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --no-config
    --universal --python-version 3.11)
"$uv" pip compile pyproject.toml "${common[@]}" --all-extras "$@" -o installers/requirements.lock
"$uv" pip compile pyproject.toml "${common[@]}" --extra edge -c installers/requirements.lock -o installers/requirements-edge.lock
# for one Python on one system, with nothing in it that the program does not carry but what freezes it
windows=("${common[@]/--universal/--python-platform=windows}")
"$uv" pip compile pyproject.toml installers/windows/build.in "${windows[@]}" --extra edge --extra readers -c installers/requirements.lock \
    -o installers/requirements-windows.lock
if grep -nE '://|^--' installers/requirements.lock installers/requirements-edge.lock installers/requirements-windows.lock; then
    echo "a lock holds an address" >&2
    exit 1
fi
