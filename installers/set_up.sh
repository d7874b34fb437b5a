#!/usr/bin/env bash
# Makes a fresh Debian 12 ready for one purpose: run (the demo), test, proof or soak.
#
# Debian packages come through apt-get when we are root or sudo asks for no password; otherwise one line names what is
# missing and the exit status is 2. Python packages go into .venv at the versions and hashes of requirements.lock. A
# second run finds the stamp of the same lock and does nothing.
set -euo pipefail

purpose="${1:-test}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lock=installers/requirements.lock
venv=.venv
stamp="$venv/set-up.stamp"

say() { printf 'set-up: %s\n' "$*" >&2; }

usable() { # a Python of 3.11 or later that can make virtual environments
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3 /usr/bin/python3; do
        if usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

has_headers() { # what compiling an extension needs
    [ -n "$1" ] && "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' >/dev/null 2>&1
}

wanted_packages() { # the names whose purpose is ours or an earlier one
    local name first
    while read -r name first _; do
        case "$name" in '' | '#'*) continue ;; esac
        case "$purpose:$first" in
            run:run | test:run | test:test | proof:run | proof:test | proof:proof | soak:*) printf '%s\n' "$name" ;;
        esac
    done <installers/debian-packages.txt
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() { # "$@": missing names; first argument: how to become root
    local as_root="$1"
    shift
    say "installing Debian packages: $*"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q -o Acquire::Retries=3 >&2
    if printf '%s\n' "$@" | grep -qx postgresql; then
        # The tests start their own servers; Debian's would otherwise run one beside them for ever.
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql-common >&2
        $as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

debian_packages() {
    local missing=() name
    command -v dpkg-query >/dev/null 2>&1 || { say "this is no Debian: installers/debian-packages.txt says what is needed"; return; }
    for name in $(wanted_packages); do
        [ "$name" = python3-venv ] && [ -n "$(find_python)" ] && continue
        [ "$name" = python3-dev ] && has_headers "$(find_python)" && continue
        installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -eq 0 ]; then
        install_packages "" "${missing[@]}"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        install_packages "sudo" "${missing[@]}"
    else
        say "missing Debian packages (become root, or: sudo apt-get install ${missing[*]})"
        exit 2
    fi
}

python_packages() {
    local want had python
    want="$(cat "$lock" pyproject.toml edge/*/*.c | sha256sum | cut -d' ' -f1) $PWD"
    had="$(cat "$stamp" 2>/dev/null || true)"
    if [ -x "$venv/bin/python" ] && [ "$had" = "$want" ]; then
        return
    fi
    # One that was made elsewhere and moved here still points back there.
    if ! usable "$venv/bin/python" || { [ -n "$had" ] && [ "${had#* }" != "$PWD" ]; }; then
        python="$(find_python)"
        [ -n "$python" ] || { say "no Python 3.11 or later with venv on PATH"; exit 2; }
        say "making $venv with $python"
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    say "installing Python packages by $lock"
    rm -f "$stamp"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock" >&2
    # The lock holds the build backend too, so nothing unpinned is fetched to build ourselves.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
    printf '%s\n' "$want" >"$stamp"
}

case "$purpose" in
    run | test | proof | soak) ;;
    *) say "usage: installers/set_up.sh [run|test|proof|soak]"; exit 2 ;;
esac
debian_packages
python_packages
