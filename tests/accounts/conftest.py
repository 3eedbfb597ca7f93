from __future__ import annotations

import pytest

from accounts.actors import actor_for
from accounts.models import Organization
from accounts.services import create_organization, create_user
from core.actor import Actor


@pytest.fixture
def alice(db: None) -> Actor:
    return actor_for(create_user(username="alice", email="alice@example.com", password="x" * 12))


@pytest.fixture
def acme(alice: Actor) -> Organization:
    return create_organization(actor=alice, name="acme", display_name="Acme")


@pytest.fixture
def owner(acme: Organization) -> Actor:
    """Alice again, now that she owns acme: an actor is made for each request anew."""
    return actor_for(acme.memberships.get().user)
