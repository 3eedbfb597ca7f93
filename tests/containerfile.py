"""
Do what a Containerfile says without a container: each stage becomes a folder.

Where the file says ``/app``, the folder of the stage has ``app``; the base image is this machine
with the tests' own Python. It knows the few instructions that ours has, and no others.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# The absolute paths that are the image's own; all others are the base image's.
OWN = re.compile(r"(?<![\w./])/(opt/hub|app|data|build)(?![\w-])")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, such as ``COPY`` and what follows it."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.rest)


@dataclass(slots=True)
class Stage:
    """A folder that a stage becomes, and what it says of processes in it."""

    name: str
    base: str
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = ""
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        """Turn the image's own paths in a text into those on this machine."""
        return OWN.sub(lambda match: f"{self.root}/{match[1]}", text)

    def path(self, inside: str) -> Path:
        """Return where a path of the image is on this machine."""
        return self.root / inside.lstrip("/")

    def process_environment(self) -> dict[str, str]:
        """Return what a process in the image finds in its environment."""
        return {name: self.here(value) for name, value in self.environment.items()}


def read_containerfile(file: Path) -> list[Instruction]:
    """Return the instructions, without comments and with long lines joined."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    split = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [Instruction(name, rest) for name, rest in split]


def build(file: Path, context: Path, folder: Path) -> Stage:
    """Follow the file with ``context`` as the builder's; return the last stage."""
    python = _python(folder / "bin")
    stages: list[Stage] = []
    for step in read_containerfile(file):
        if step.name == "FROM":
            base, *named = step.words
            stage = Stage(named[-1] if named else "", base, folder / f"stage-{len(stages)}")
            stage.root.mkdir()
            stages.append(stage)
        else:
            _follow(step, stages, context, python)
    return stages[-1]


def _follow(step: Instruction, stages: list[Stage], context: Path, python: Path) -> None:
    stage = stages[-1]
    match step.name:
        case "WORKDIR":
            stage.folder = step.rest
            stage.path(step.rest).mkdir(parents=True)
        case "COPY":
            _copy(step, stages, context)
        case "RUN":
            _run(step, stage, python)
        case "ENV":
            stage.environment |= dict(word.split("=", 1) for word in step.words)
        case "USER":
            stage.user = step.rest
        case "VOLUME":
            stage.volumes.append(step.rest)
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(step.rest.partition(" CMD ")[2])
        case "CMD":
            stage.command = json.loads(step.rest)
        case "EXPOSE":
            pass
        case _:
            raise ValueError(f"What does {step.name} do? Teach it to {__name__}.")


def _copy(step: Instruction, stages: list[Stage], context: Path) -> None:
    stage = stages[-1]
    *sources, target = step.words
    origin, ignored = context, ["__pycache__"]
    if sources[0].startswith("--from="):
        name = sources.pop(0).removeprefix("--from=")
        origin, ignored = next(each.root for each in stages if each.name == name), []
    place = stage.path(os.path.join(stage.folder, target))  # noqa: PTH118 - a path of the image
    for source in sources:
        file = origin / source.lstrip("/")
        if file.is_dir():
            ignore = shutil.ignore_patterns(*ignored)
            shutil.copytree(file, place, symlinks=True, ignore=ignore, dirs_exist_ok=True)
        else:
            shutil.copy2(file, place)


def _run(step: Instruction, stage: Stage, python: Path) -> None:
    script = stage.here(step.rest)
    if os.geteuid() != 0:
        # A builder is root; who is not cannot give folders away.
        script = re.sub(r"(install -d) -o \d+ -g \d+", r"\1", script)
    kept = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ}
    subprocess.run(
        ["/bin/sh", "-euc", script],
        cwd=stage.path(stage.folder),
        env=kept | {"PATH": f"{python.parent}:/usr/bin:/bin"} | stage.process_environment(),
        check=True,
    )


def _python(folder: Path) -> Path:
    """Make a ``python`` that is the tests' own, as the base image has one of this name."""
    folder.mkdir()
    program = folder / "python"
    real = getattr(sys, "_base_executable", sys.executable)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(real)} "$@"\n')
    program.chmod(0o755)
    return program
