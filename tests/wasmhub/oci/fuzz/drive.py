"""
Look for bytes that break the doctor of images, guided by what they reach; finds join the corpus.

Atheris is no dependency: get it for the while, in an environment of its own.

    python3 -m venv /tmp/atheris && /tmp/atheris/bin/pip install atheris==3.0.0
    /tmp/atheris/bin/python tests/wasmhub/oci/fuzz/drive.py -max_total_time=300

Every argument goes to libFuzzer. With ``-merge=1 tests/wasmhub/oci/fuzz/corpus FOLDER`` it
keeps only what adds to what is reached.
"""

from __future__ import annotations

import sys
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

try:
    import atheris  # type: ignore[import-untyped,unused-ignore]
except ModuleNotFoundError:
    sys.exit(__doc__)

with atheris.instrument_imports(include=["wasmhub.oci"]):
    from tests.wasmhub.oci.fuzz.targets import doctor


def main() -> None:
    """Start libFuzzer, in the kept corpus unless the arguments name folders."""
    arguments = sys.argv[1:]
    folders = [each for each in arguments if not each.startswith("-")] or [str(CORPUS)]
    options = [each for each in arguments if each.startswith("-")]
    # To merge it starts itself, by this name.
    program = f"{sys.executable} {__file__}"
    atheris.Setup([program, "-max_len=16384", "-timeout=10", *options, *folders], doctor)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
