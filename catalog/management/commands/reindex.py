"""``manage.py reindex``: build the search index anew and swap it in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from catalog.search.follower import build


class Command(BaseCommand):
    """Build a new search index beside the old one, then point every process at it."""

    help = "Build the search index of this data folder anew."

    def handle(self, **_options: Any) -> None:
        build()
        self.stdout.write("The search index is new.")
