"""``manage.py collect_garbage``: free what no repository names any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import ConflictError
from registry.collecting import GRACE, collect

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Safe beside pushes, and safe to kill: the next run goes on."""

    help = "Free bytes that no repository names any more; safe beside pushes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument(
            "--grace",
            type=float,
            default=GRACE.total_seconds(),
            metavar="SECONDS",
            help="leave alone what was touched within so many seconds (two hours)",
        )

    def handle(self, *, dry_run: bool, grace: float, **_options: Any) -> None:
        try:
            freed = collect(grace=timedelta(seconds=grace), dry_run=dry_run, tell=self.stdout.write)
        except ConflictError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{freed} would go." if dry_run else f"{freed} went.")
