"""``manage.py serve``: the port that it takes."""

from __future__ import annotations

import socket

import pytest
from django.core.management import CommandError

from hub.management.commands.serve import listen

pytestmark = pytest.mark.single_setup


def test_small_answers_do_not_wait_for_the_clients_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()

        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        accepted.close()
        client.close()


def test_a_taken_port_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 is taken: choose"):
            listen("127.0.0.1", port)
