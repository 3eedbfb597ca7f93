"""Content on its way from the backing registry into the cache, once for all who ask for it."""

from __future__ import annotations

import hashlib
import logging
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from blake3 import blake3 as Blake3  # noqa: N812 - a class, and the name of the digest

from core.content import ContentError
from registry.stores.following import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from registry.stores.backend import Arriving, Backend
    from registry.stores.cache import Cache

log = logging.getLogger(__name__)

# What is sent as a whole is fetched as a whole; a thread fetches what readers follow.
AT_ONCE = 2 * 1024 * 1024
# So many contents are fetched at a time by one process; who wants another one waits so long.
MOST, TURN_SECONDS = 32, 30.0
# What was fetched may be the one too many for the cache before its next reader comes.
TRIES = 5


class Fetcher:
    """Gives out content, from the cache or while it comes from the backend."""

    def __init__(self, cache: Cache, backend: Backend) -> None:
        self._cache = cache
        self._backend = backend
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(MOST)
        self._fetches: dict[str, Progress] = {}

    def open(self, sha256: str, *, blake3: str = "") -> BinaryIO:
        """
        Open a content. Bytes may be given out before all were hashed, but never all of them.

        :raises ContentError: it cannot be had
        """
        for _ in range(TRIES):
            file = self._cache.open(sha256) or self._fetch(sha256, blake3)
            if file is not None:
                return file
        raise ContentError("The cache is too small for what is asked of it.")

    def size(self, sha256: str) -> int | None:
        """Return the size of a content that is here or on its way."""
        progress = self._fetches.get(sha256)
        return self._cache.size(sha256) if progress is None else progress.size

    def _fetch(self, sha256: str, blake3: str) -> BinaryIO | None:
        """Fetch the content, or follow the thread that does."""
        with self._lock:
            theirs = self._fetches.get(sha256)
            if theirs is None:
                mine = self._fetches[sha256] = Progress()
        if theirs is not None:
            return theirs.follow(self._cache.filling(sha256))
        return self._begin(sha256, blake3, mine)

    def _begin(self, sha256: str, blake3: str, progress: Progress) -> BinaryIO:
        """Ask for the bytes, and let a thread read them when they are many."""
        with ExitStack() as stack:
            stack.enter_context(self._told(sha256, progress))
            file = stack.enter_context(self._cache.held(sha256))
            there = self._cache.open(sha256)
            if there is not None:  # another process was faster
                return there
            stack.enter_context(self._turn())
            arriving = self._backend.read(sha256)
            reader = progress.start(arriving.size, self._cache.filling(sha256))
            fill = partial(self._fill, sha256, blake3, progress, file, arriving)
            if arriving.size <= AT_ONCE:
                with _closed_on_error(reader):
                    fill()
            else:
                _go_on_in_a_thread(fill, stack.pop_all())
        return reader

    def _fill(
        self, sha256: str, blake3: str, progress: Progress, file: BinaryIO, arriving: Arriving
    ) -> None:
        """Keep what arrives, if it is right."""
        digest = Blake3() if blake3 else hashlib.sha256()
        for chunk in arriving.chunks:
            file.write(chunk)
            file.flush()
            progress.advance(len(chunk))
            digest.update(chunk)
        if digest.hexdigest() != (blake3 or sha256):
            log.error("The backing registry gave other bytes than those of sha256:%s.", sha256)
            raise ContentError("The backing registry gave other bytes than it was given.")
        self._cache.keep(sha256, file)

    @contextmanager
    def _told(self, sha256: str, progress: Progress) -> Iterator[None]:
        """Let others follow the progress until it has ended, and tell them how."""
        outcome: ContentError | None = ContentError("These bytes were not fetched to the end.")
        try:
            yield
            outcome = None
        except ContentError as error:
            outcome = error
            raise
        except Exception as error:
            log.exception("sha256:%s could not be fetched", sha256)
            outcome = ContentError("The hub could not take in these bytes.")
            raise outcome from error
        finally:
            with self._lock:
                del self._fetches[sha256]
            progress.end(outcome)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Be one of the few who fetch at a time."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise ContentError("Too much is being fetched at the moment: try again.")
        try:
            yield
        finally:
            self._turns.release()


def _go_on_in_a_thread(work: Callable[[], None], rest: ExitStack) -> None:
    """Do the work, and then what the stack has to do, while the caller goes on."""

    def run() -> None:
        # Readers are told how it ended, and the operator, too.
        with suppress(ContentError), rest:
            work()

    try:
        # A daemon: what is not fetched to its end is not kept, and holds up no exit.
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError as error:
        with rest:
            raise ContentError("The hub has no thread to spare: try again.") from error


@contextmanager
def _closed_on_error(reader: BinaryIO) -> Iterator[None]:
    try:
        yield
    except BaseException:
        reader.close()
        raise
