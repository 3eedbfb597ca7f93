"""Other forms of an image: the same module, packed by the hub."""

from __future__ import annotations

from django.db import models

from catalog.models.manifests import Manifest


class Conversion(models.Model):
    """
    An image that the hub packed from the module of another one, which stays as it was pushed.

    It shares the original's verdict and goes with it. ``form`` is also how its tag begins.
    """

    class Form(models.TextChoices):
        CANONICAL = "canonical"
        CNCF = "cncf"

    original = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="conversions")
    form = models.CharField(max_length=10, choices=Form.choices)
    manifest = models.OneToOneField(
        Manifest, on_delete=models.CASCADE, related_name="converted_from"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["original", "form"], name="converted_once_per_form"),
        ]

    def __str__(self) -> str:
        return f"{self.form} form of {self.original}"
