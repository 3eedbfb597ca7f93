"""The Django project: settings, routes, processes. Wiring only."""

from hub.celery import app as celery_app

__all__ = ["celery_app"]
