"""What the site's staff looks into: modules that the table and a real Envoy disagree about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from catalog.models import Extension, Proof

if TYPE_CHECKING:
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Proof]
else:
    Base = admin.ModelAdmin


class ProofAdmin(Base):
    """Proofs are read here; only workers write them."""

    list_display = ("module", "extensions", "version", "disputed", "loads", "log", "created")
    list_filter = ("disputed", "version", "loads")
    search_fields = ("sha256", "log")
    ordering = ("-disputed", "-created")
    list_per_page = 50

    @admin.display(ordering="sha256")
    def module(self, proof: Proof) -> str:
        """Name the module as briefly as people do."""
        return proof.sha256[:12]

    @admin.display(description="in")
    def extensions(self, proof: Proof) -> str:
        """Name the extensions that the module is in."""
        rows = Extension.objects.filter(manifests__module__sha256=proof.sha256).distinct()
        return ", ".join(str(each) for each in rows.select_related("namespace")[:5])

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the signature is the framework's
        """Nobody writes what an Envoy said."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Proof | None = None) -> bool:  # noqa: ARG002 - the signature is the framework's
        """Nobody changes what an Envoy said."""
        return False
