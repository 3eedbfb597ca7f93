"""
The keys that sign registry tokens: ES256, in the database, encrypted under the site's secret key.

The first token that is asked for makes the first key, ``rotate`` the next ones. A token is verified
by the key that it names (``kid``) from this set and from nowhere else.
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.models import SigningKey

CACHED_SECONDS = 5.0
# Far longer than any token lives.
RETIRED_KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair and its name."""

    kid: str
    private: ec.EllipticCurvePrivateKey


class Keyring:
    """The readable keys, newest first, read from the database again after a few seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._newest = 0
        self._read = float("-inf")

    def signing_key(self) -> Key:
        """Return the newest key; make one if there is none."""
        keys = self._current() or self._current(reread=True)
        while not keys:
            # Another process that saw the same makes one of the same name, and only one is stored.
            _make(self._newest + 1)
            keys = self._current(reread=True)
        return next(iter(keys.values()))

    def verification_key(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """Return the public key of this name, or None when it is none of ours."""
        # Another process may have made a key since, and signed with it.
        key = self._current().get(kid) or self._current(reread=True).get(kid)
        return key.private.public_key() if key else None

    def forget(self) -> None:
        """Read the database again next time."""
        self._read = float("-inf")

    def _current(self, *, reread: bool = False) -> dict[str, Key]:
        with self._lock:
            if reread or time.monotonic() - self._read > CACHED_SECONDS:
                rows = list(SigningKey.objects.all())
                self._newest = max((int(row.kid) for row in rows), default=0)
                keys = (_decrypted(row) for row in rows)
                self._keys = {key.kid: key for key in keys if key is not None}
                self._read = time.monotonic()
            return self._keys


def rotate() -> str:
    """
    Make a new key that signs from now on, and return its name.

    The one that signed until now still verifies; those before it go, once no token of theirs can
    be alive.
    """
    newest = SigningKey.objects.first()
    if newest is not None and newest.created < timezone.now() - RETIRED_KEPT:
        SigningKey.objects.exclude(pk=newest.pk).delete()
    number = int(newest.kid) + 1 if newest else 1
    _make(number)
    keyring.forget()
    return str(number)


def _make(number: int) -> None:
    """Store a new key; of two processes that do it at once the first one wins."""
    private = ec.generate_private_key(ec.SECP256R1())
    encoded = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    try:
        with transaction.atomic():
            SigningKey.objects.create(
                kid=str(number), encrypted=_cipher().encrypt(encoded).decode()
            )
    except IntegrityError:
        return


def _decrypted(row: SigningKey) -> Key | None:
    """Return the key; None when it was encrypted under a secret key that is no longer used."""
    try:
        encoded = _cipher().decrypt(row.encrypted.encode())
    except InvalidToken:
        return None
    private = load_der_private_key(encoded, password=None)
    return Key(row.kid, private) if isinstance(private, ec.EllipticCurvePrivateKey) else None


def _cipher() -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wasmhub registry signing keys")
    return Fernet(base64.urlsafe_b64encode(derive.derive(settings.SECRET_KEY.encode())))


keyring = Keyring()
