"""Run by ``manage.py shell`` in a test hub: make its people, their tokens, and acme."""

from __future__ import annotations

import json
import os

from accounts.actors import actor_for
from accounts.services import create_access_token, create_organization, create_user, set_member
from core.policy import Role

people = {}
tokens = {}
for name in ("alice", "bob", "mallory"):
    people[name] = create_user(
        username=name, email=f"{name}@example.com", password=os.environ["TEST_PASSWORD"]
    )
    _, tokens[name] = create_access_token(actor=actor_for(people[name]), name="tests")
acme = create_organization(actor=actor_for(people["alice"]), name="acme", display_name="Acme")
set_member(actor=actor_for(people["alice"]), organization=acme, username="bob", role=Role.MEMBER)
print(json.dumps(tokens))
