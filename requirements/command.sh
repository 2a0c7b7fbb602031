#!/bin/sh
# Writes .venv/bin/weighbridge, the command as it stands in this checkout: command.sh VENV
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
venv=$(cd "$1" && pwd)
cat >"$venv/bin/weighbridge" <<EOF
#!$venv/bin/python
import sys

sys.path[:0] = ["$here/cli", "$here/functions"]
from weighbridge_cli.main import run

run()
EOF
chmod +x "$venv/bin/weighbridge"
