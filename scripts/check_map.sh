#!/bin/sh
# The map's bundle is what its sources give: types, unit tests, the build again, and no difference.
# Without Node there is nothing to check here: the committed bundle is what users run.  CI has Node.
set -eu
cd "$(dirname "$0")/../ui/map"
if ! command -v npm >/dev/null 2>&1; then
    [ -z "${CI:-}" ] || { echo "CI needs Node 20 and npm to build the map again" >&2; exit 1; }
    echo "Node is not installed; the map's bundle is not built again."
    exit 0
fi
[ -d node_modules ] && [ node_modules -nt package-lock.json ] || npm ci --silent --no-audit --no-fund
npm run --silent check
npm test --silent
committed=$(mktemp -d)
trap 'rm -rf "$committed"' EXIT
cp -r bundle ../static "$committed"
npm run --silent build
diff -r "$committed/bundle" bundle && diff -r "$committed/static" ../static || {
    echo "ui/map/bundle or ui/static is not what the sources give: run 'npm run build' and commit." >&2
    exit 1
}
