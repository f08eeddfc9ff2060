#!/usr/bin/env bash
# Makes sure that the tests find a Chromium: one on this machine, else Debian's, else Playwright's own.
# Receives the folder of the virtual environment's commands; says what to do where none can be had.
set -euo pipefail
bin="$1"

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if "$bin/python" - <<'PY'
import os
import sys

from playwright.sync_api import sync_playwright

with sync_playwright() as p:
    sys.exit(not os.path.exists(p.chromium.executable_path))
PY
then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "No Chromium found: installing Debian's for the browser tests"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    then exit 0; fi
fi
echo "No Chromium found: fetching Playwright's own for the browser tests"
if "$bin/playwright" install chromium; then exit 0; fi

echo "The browser tests need a Chromium. Install one (Debian: 'sudo apt-get install chromium';" >&2
echo "Fedora: 'sudo dnf install chromium'; macOS: 'brew install --cask chromium'), then run make test again." >&2
exit 1
