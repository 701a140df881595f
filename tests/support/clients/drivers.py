"""Imported first by adapters whose driver is a Python package: starts the adapter again under the interpreter that has it.

Imports little itself, as all of it is thrown away.
"""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
VENV = os.path.join(os.environ.get("SHAKEDOWN_PEERS") or os.path.join(HERE, "../../../target/peers"), "venv")
PYTHON = os.path.join(VENV, "bin", "python")

if os.path.exists(PYTHON) and os.path.realpath(sys.prefix) != os.path.realpath(VENV):
    os.execv(PYTHON, [PYTHON, "-B", *sys.argv])
