from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        """Register the room's jobs and periodic work."""
        from registry import tasks  # noqa: F401, PLC0415 - needs the app registry
