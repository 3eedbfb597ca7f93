"""The REST API's part of the accounts."""
