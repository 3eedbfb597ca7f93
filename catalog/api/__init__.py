"""The REST API of the catalog, below ``/api/v1``."""
