"""The image's recipe without a container engine: its rules, and that what it makes runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containerfile import read_containerfile

pytestmark = pytest.mark.single_setup

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "deploy/Containerfile"


def copied() -> list[str]:
    """Return what is copied from the checkout."""
    steps = [step for step in read_containerfile(FILE) if step.name == "COPY"]
    return [
        source.rstrip("/")
        for step in steps
        for source in step.words[:-1]
        if not step.words[0].startswith("--from=")
    ]


def test_everything_that_is_copied_exists_and_is_not_ignored() -> None:
    ignore = FILE.with_name("Containerfile.dockerignore").read_text().splitlines()
    rules = [line for line in ignore if not line.startswith("#")]

    assert rules[0] == "*"
    assert {line[1:] for line in rules if line.startswith("!")} == set(copied())
    assert all((ROOT / source).exists() for source in copied())


def test_every_room_is_in_the_image() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")}

    assert rooms
    assert rooms - set(copied()) - {"tests"} == set()


def test_it_takes_hashed_wheels_only_and_runs_as_nobody_in_particular() -> None:
    steps = read_containerfile(FILE)
    installs = [step.rest for step in steps if step.name == "RUN" and " pip " in step.rest]
    users = [step.rest for step in steps if step.name == "USER"]

    assert "--only-binary :all: --require-hashes -r requirements.txt" in installs[0]
    assert all("--no-index --no-deps" in each for each in installs[1:])
    assert users == ["10001:10001"]
    assert {step.words[0] for step in steps if step.name == "FROM"} == {
        "docker.io/library/python:3.11-slim-bookworm"
    }
    assert [step.name for step in steps if step.name in {"ARG", "ADD"}] == []
