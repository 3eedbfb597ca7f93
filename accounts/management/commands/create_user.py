"""``manage.py create_user``: open a local account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services import create_user
from core.errors import HubError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Open an account with a password."""

    help = "Open a local account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--staff", action="store_true")

    def handle(self, *, name: str, email: str, password: str, staff: bool, **_options: Any) -> None:
        try:
            create_user(username=name, email=email, password=password, staff=staff)
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{name} can sign in now.")
