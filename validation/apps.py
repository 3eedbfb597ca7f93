from django.apps import AppConfig


class ValidationConfig(AppConfig):
    name = "validation"
    verbose_name = "Validation"

    def ready(self) -> None:
        """Register the room's job."""
        from validation import tasks  # noqa: F401, PLC0415 - imported for what it registers
