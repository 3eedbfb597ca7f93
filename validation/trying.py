"""Try a release on a request: find its modules, and run them in the limited child process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.selectors import get_extension, get_release
from core.content import content_store
from core.errors import InvalidError, NotFoundError
from validation import compiled
from validation.children import TooHeavyError
from validation.errors import BusyError
from validation.spares import Spares
from wasmhub.proxywasm.asking import cut_short, question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.models import Module, Release
    from core.actor import Actor

# The one that is tried; no reference to a plugin's module is empty.
TRIED = ""
PLUGINS = 2
# A trial holds its modules in memory.
MODULE_BYTES = 32 * 1024 * 1024
# At a time, in one process: a trial may take a processor for seconds.
AT_A_TIME, WAITING, PATIENCE_SECONDS = 4, 4, 10.0
HEAVY = "Compiling a module took more than the sandbox gives; it is not tried again for a while."
_turns = threading.BoundedSemaphore(AT_A_TIME)
_queue = threading.BoundedSemaphore(WAITING)
_spares = Spares()

Trial = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """
    What came of a trial, in the fixed shape.

    ``before`` has the ``request`` that the first filter saw, and the ``response`` that the
    upstream sent, for those who want to see the difference. ``memory`` is what all modules had at
    the end, in bytes. ``proposed`` is what to expect of the trial from now on, for those who asked.
    """

    outcome: dict[str, Any]
    before: dict[str, Any]
    memory: int = 0
    proposed: dict[str, Any] | None = None


def try_release(*, actor: Actor, release: Release, trial: Trial, propose: bool = False) -> Tried:
    """
    Run a trial of DESIGN.md's fixed shape; to propose what to expect of it may take twice as long.

    :raises InvalidError: the trial is not of that shape
    :raises NotFoundError: the actor may not see a module of the chain, or it is not read yet
    :raises BusyError: too many trials are under way
    """
    releases = {TRIED: release, **chain_of(actor=actor, trial=trial)}
    modules = {reference: _module_of(each) for reference, each in releases.items()}
    with _turn():
        document = _answer(trial, modules, propose=propose)
    if refused := document.get("refused"):
        raise InvalidError(refused)
    return Tried(document["outcome"], document["before"], document["memory"], document["proposed"])


def chain_of(*, actor: Actor, trial: Trial) -> dict[str, Release]:
    """
    Return the releases behind the one that is tried, by how the trial names them.

    :raises InvalidError: the trial names them wrongly, or too many
    :raises NotFoundError: the actor may not see one of them
    """
    return {reference: _release_of(actor, reference) for reference in _plugins(trial)}


def _answer(trial: Trial, modules: dict[str, Module], *, propose: bool) -> dict[str, Any]:
    hashes = [module.sha256 for module in modules.values()]
    if any(compiled.is_heavy(each) for each in hashes):
        return cut_short(HEAVY)
    contents = {}
    for reference, module in modules.items():
        with content_store().open(module.sha256) as file:
            contents[reference] = file.read()
    child = _spares.take(str(compiled.folder()))
    try:
        return child.answer(question(trial, contents, propose=propose))
    except TooHeavyError as error:
        compiled.note_heavy(hashes)
        return cut_short(f"The trial {error}.")
    finally:
        compiled.make_room()


def _plugins(trial: Trial) -> list[str]:
    """Return the references to the modules behind the one that is tried; the child checks more."""
    plugins = trial.get("plugins", [])
    if not isinstance(plugins, list) or len(plugins) > PLUGINS:
        raise InvalidError(f"plugins is a list of at most {PLUGINS} filters.")
    references = [each.get("module") for each in plugins if isinstance(each, dict)]
    return [each for each in references if isinstance(each, str) and each]


def _release_of(actor: Actor, reference: str) -> Release:
    path, _, version = reference.partition(":")
    namespace, _, name = path.partition("/")
    if not version:
        raise InvalidError("Name a plugin's module as <namespace>/<name>:<version>.")
    try:
        extension = get_extension(actor=actor, namespace=namespace, name=name)
        return get_release(actor=actor, extension=extension, version=version)
    except NotFoundError as error:
        raise NotFoundError(f"{reference[:200]!a}: {error.message}") from error


def _module_of(release: Release) -> Module:
    """Return the module of a release that has passed, unless it is too large."""
    module = release.manifest.module if release.manifest is not None else None
    if module is None or release.verdict != "passed":
        raise NotFoundError(f"{release.version} has not passed its check: it cannot be tried.")
    if module.size > MODULE_BYTES:
        raise InvalidError(
            f"A module of more than {MODULE_BYTES // 1024**2} MiB is not tried here."
        )
    return module


@contextmanager
def _turn() -> Iterator[None]:
    """Be one of the few that try something; some may wait, but threads that wait answer nobody."""
    if not _turns.acquire(blocking=False) and not _waited():
        raise BusyError("Too many trials are under way: try again in a moment.")
    try:
        yield
    finally:
        _turns.release()


def _waited() -> bool:
    """Wait for a turn, unless enough do."""
    if not _queue.acquire(blocking=False):
        return False
    try:
        return _turns.acquire(timeout=PATIENCE_SECONDS)
    finally:
        _queue.release()
