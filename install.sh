#!/bin/sh
# install.sh PYTHON VENV TARGET PACKAGE...
# System packages where they are missing and may be installed, then a virtual environment with pinned versions.
set -eu
python=$1 venv=$2 target=$3
shift 3

fail() { echo "loopmorph: $*" >&2; exit 1; }

missing=""
if command -v dpkg-query >/dev/null; then
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
    done
    # a Python that was not installed by the system brings its own venv
    "$python" -c 'import ensurepip, venv' 2>/dev/null && missing=$(echo " $missing " | sed 's/ python3-venv / /')
    missing=$(echo $missing)
fi

if [ -n "$missing" ]; then
    line="apt-get install -y --no-install-recommends $missing"
    if [ "$(id -u)" = 0 ]; then sudo=""
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then sudo="sudo"
    else sudo="none"
    fi
    echo "loopmorph: system packages: $missing"
    if [ "$sudo" = none ] || ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive $line >/dev/null; }; then
        echo "loopmorph: these system packages could not be installed; type: sudo $line" >&2
    fi
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$("$python" --version 2>&1 || echo "no $python"): Python 3.11 or newer is needed; name one, for example: make perform PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no venv, it is needed for an environment of its own; type: sudo apt install python3-venv"

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "loopmorph: installing Python packages into $venv (the first time takes some minutes)"
# torch first: a package that depends on it must find the pinned one
"$venv/bin/pip" install --quiet --disable-pip-version-check -c constraints.txt torch
"$venv/bin/pip" install --quiet --disable-pip-version-check -c constraints.txt -e "$target"
