"""``manage.py create_token``: make an access token for somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actors import actor_for
from accounts.models import User
from accounts.services import DEFAULT_SCOPES, TOKEN_DAYS, create_access_token
from core.errors import HubError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Print a new access token, and nothing else."""

    help = "Make an access token and print only it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", action="append", help="pull or publish; default: both")
        parser.add_argument("--expires", type=int, default=TOKEN_DAYS, metavar="DAYS")

    def handle(self, *, user: str, scope: list[str] | None, expires: int, **_options: Any) -> None:
        owner = User.objects.filter(username=user.lower(), is_active=True).first()
        if owner is None:
            raise CommandError(
                f"There is nobody called {user}: see `manage.py create_user --help`."
            )
        try:
            _, secret = create_access_token(
                actor=actor_for(owner),
                name="from the command line",
                scopes=scope or DEFAULT_SCOPES,
                days=expires,
            )
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(secret)
