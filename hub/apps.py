from django.apps import AppConfig

from hub.lifespan import on_shutdown, on_startup


class HubConfig(AppConfig):
    name = "hub"
    verbose_name = "WebAssembly Hub"

    def ready(self) -> None:
        """Let each web process follow the changes that a search has to show."""
        from catalog.search.follower import FollowerThread  # noqa: PLC0415 - needs the app registry

        follower = FollowerThread()
        on_startup.append(follower.start)
        on_shutdown.append(follower.stop)
