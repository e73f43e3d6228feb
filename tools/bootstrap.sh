#!/bin/sh
# Makes a virtual environment with the pinned packages and this project in it. No root, no prompts.
#
#   sh tools/bootstrap.sh VENV LOCK     make or refresh VENV from the hashed LOCK
#   sh tools/bootstrap.sh --check      say nothing, exit 0 if this machine can do it
#
# PYTHON names the interpreter; without it: python3, else python3.12, 3.13, 3.11.
set -eu

APT_LINE='apt-get install -y git make python3 python3-venv'

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.12 python3.13 python3.11}; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

say() { printf '%s\n' "$*" >&2; }

if [ "${1:-}" = --check ]; then
    python=$(find_python) && can_make_venv "$python"
    exit
fi

venv=$1
lock=$2

python=$(find_python) || {
    found=$(${PYTHON:-python3} --version 2>&1 || true)
    say "Qianmian needs Python 3.11 or newer; this machine has: ${found:-no python3}."
    say "Debian 12, Ubuntu 24.04 or newer, as root:  $APT_LINE"
    say "Or name another interpreter:  make PYTHON=/path/to/python3.12 <target>"
    exit 1
}

if ! can_make_venv "$python"; then
    say "$python cannot make virtual environments (no module ensurepip). Debian, Ubuntu, as root:  $APT_LINE"
    exit 1
fi

# A half-made or outdated environment is made anew; a sound one is kept, so that refreshing is quick.
if ! { [ -x "$venv/bin/python" ] && is_new_enough "$venv/bin/python" &&
    "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    say "==> $venv: making it with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

say "==> $venv: installing $lock (hashes checked)"
"$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$lock"
say "==> $venv: installing qianmian from this checkout"
# Without the browser pages, which tests do not need: `make console` builds them.
QIANMIAN_SKIP_CONSOLE=1 "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
