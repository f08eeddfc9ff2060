"""Write constraints.txt: the exact version of every package in the environment that runs this script.

Receives nothing; run it with the Python of a .venv that passes the tests. Hosts, paths and this project itself are
left out, so that the file means the same on every machine.
"""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

LEFT_OUT = {"goodoffices", "pip", "setuptools", "wheel"}
HEADER = """\
# Exact versions that the tests ran with, direct and transitive, for Python 3.11 and later.
# Made by tools/freeze.py from a .venv that passes the tests; used as pip's -c file by the Makefile.
"""


def main() -> None:
    """Write the file beside pyproject.toml."""
    pins = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"] not in LEFT_OUT}
    lines = [f"{name}=={version}" for name, version in sorted(pins.items(), key=lambda pin: pin[0].lower())]
    Path(__file__).resolve().parents[1].joinpath("constraints.txt").write_text(
        HEADER + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
