# Makes .venv with the Python that is named, unless the one that is there will do. Says what is missing before it makes
# anything, and leaves nothing half made. `make install` calls it.
set -eu
python=$1

# What an interrupted attempt leaves has no pip, nor has what Debian's Python makes without its package.
.venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exit
# Now, since the Makefile would take a python3 from there.
rm -rf .venv

if ! command -v "$python" >/dev/null; then
	echo "There is no $python. Weighbridge needs Python 3.11 or later: install it, or name it, PYTHON=python3.12 make install" >&2
	exit 1
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
	echo "$python is Python $version. Weighbridge needs 3.11 or later: install it, or name it, PYTHON=python3.12 make install" >&2
	exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
	echo "$python (Python $version) cannot make virtual environments. On Debian and Ubuntu: apt install python$version-venv" >&2
	exit 1
fi

trap 'rm -rf .venv' EXIT
trap 'exit 1' HUP INT TERM
"$python" -m venv .venv
trap - EXIT
