from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.wire import ALGORITHMS, Repo
from tests.live import Hub, unique


@pytest.fixture(scope="module")
def repo(hub: Hub) -> Iterator[Repo]:
    """Return a repository for the tests of one file, each of which brings content of its own."""
    opened = Repo(hub, f"alice/{unique('wire')}")
    opened.push_blob(b"the repository is there")
    yield opened
    opened.close()


@pytest.fixture
def fresh(hub: Hub) -> Iterator[Repo]:
    """Return a repository that does not exist so far."""
    opened = Repo(hub, f"alice/{unique('fresh')}")
    yield opened
    opened.close()


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> str:
    """Run a test for each algorithm of digests."""
    return str(request.param)
