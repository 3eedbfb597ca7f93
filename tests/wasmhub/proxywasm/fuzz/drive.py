"""
Look for bytes that break a verdict or a trial, guided by what they reach; finds join the corpus.

Atheris is no dependency: get it for the while, in an environment of its own.

    python3 -m venv /tmp/atheris && /tmp/atheris/bin/pip install atheris==3.0.0 wasmtime pyyaml
    /tmp/atheris/bin/python tests/wasmhub/proxywasm/fuzz/drive.py --trials -max_total_time=300

What is tried is ``--modules`` (facts, findings, compatibility) or ``--trials`` (the sandbox host's
documents; ``-dict=tests/wasmhub/proxywasm/fuzz/trials.dict`` helps). Every other argument goes to
libFuzzer. With ``-merge=1 tests/wasmhub/proxywasm/fuzz/trials FOLDER`` it keeps only what adds to
what is reached.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[3]))

try:
    import atheris  # type: ignore[import-untyped,unused-ignore]
except ModuleNotFoundError:
    sys.exit(__doc__)

with atheris.instrument_imports(include=["wasmhub.module", "wasmhub.proxywasm"]):
    from tests.wasmhub.proxywasm.fuzz.targets import TARGETS


def main() -> None:
    """Start libFuzzer, in the kept corpus unless the arguments name folders."""
    arguments = sys.argv[1:]
    # libFuzzer ignores it, and hands it to the processes that it starts.
    (name,) = (each[2:] for each in arguments if each.startswith("--"))
    folders = [each for each in arguments if not each.startswith("-")] or [str(HERE / name)]
    options = [each for each in arguments if each.startswith("-")]
    target = TARGETS[name]

    def once(data: bytes) -> None:
        target(data)

    # To merge it starts itself, by this name.
    program = f"{sys.executable} {__file__}"
    atheris.Setup([program, "-max_len=4096", "-timeout=10", *options, *folders], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
