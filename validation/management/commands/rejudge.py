"""``manage.py rejudge``: let today's rules and Envoys look at everything again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from validation.services import request_all_proofs, request_rejudging


class Command(BaseCommand):
    """Queue what older rules judged, and what the installed Envoys have not loaded yet."""

    help = "Judge again what older rules judged, and prove what no installed Envoy has proven."

    def handle(self, **_options: Any) -> None:
        manifests = request_rejudging()
        modules = request_all_proofs()
        self.stdout.write(
            f"{manifests} manifests are judged again, and {modules} modules proven where they are "
            "not, in the background, by the workers."
        )
