"""``manage.py rejudge``: let today's rules and Envoys look at everything again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from validation.services import request_all_proofs, request_all_trials, request_rejudging


class Command(BaseCommand):
    """Queue what older rules judged, what the installed Envoys have not loaded, and trials."""

    help = "Judge again what older rules judged; prove and try what was not proven or tried yet."

    def handle(self, **_options: Any) -> None:
        manifests = request_rejudging()
        modules = request_all_proofs()
        request_all_trials()
        self.stdout.write(
            f"{manifests} manifests are judged again, and {modules} modules proven and tried where "
            "they are not, in the background, by the workers."
        )
