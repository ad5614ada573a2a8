"""What python-oracledb, in thin mode, sees of the server."""

import importlib
import sys

import harness

# Importing one registers its checks; they run in this order.
MODULES = ("session", "bind", "type", "fetch", "array", "lob", "transaction", "error", "plsql", "interrupt")

if __name__ == "__main__":
    for name in MODULES:
        importlib.import_module(f"{name}_checks")
    sys.exit(harness.run())
