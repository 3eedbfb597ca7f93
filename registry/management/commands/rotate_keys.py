"""``manage.py rotate_keys``: sign registry tokens with a new key from now on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from registry.keys import rotate


class Command(BaseCommand):
    """Make a new signing key; tokens of the one before stay valid until they expire."""

    help = "Sign registry tokens with a new key from now on."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"Key {rotate()} signs from now on.")
