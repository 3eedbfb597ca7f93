"""
A stand-in for GitHub's OAuth endpoints, as strict as the real ones where it counts.

It checks the redirect address, PKCE (S256) and that a code is used once, and can be told to
refuse, to fail, or to be somebody else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID = "stand-in-client"
CLIENT_SECRET = "stand-in-secret-of-the-tests"


@dataclass(slots=True)
class Person:
    """Who signs in at the stand-in."""

    number: int = 583231
    login: str = "octavia"
    name: str = "Octavia Example"
    emails: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"email": "octavia@example.com", "primary": True, "verified": True}
        ]
    )


@dataclass(slots=True)
class State:
    """What the stand-in will do, and what it was asked."""

    person: Person = field(default_factory=Person)
    denies: bool = False
    fails: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class FakeGitHub:
    """The running stand-in; ``url`` goes into HUB_GITHUB_URL."""

    def __init__(self) -> None:
        self.state = State()
        state = self.state

        class Handler(_Handler):
            github = state

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    github: State

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path == "/login/oauth/authorize":
            self._authorize(query)
        elif url.path == "/api/v3/user":
            self._person()
        elif url.path == "/api/v3/user/emails":
            self._json(200 if self._known() else 401, self.github.person.emails)
        else:
            self._json(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        if self.path == "/login/oauth/access_token":
            self._token(form)
        else:
            self._json(404, {"message": "Not Found"})

    def _authorize(self, query: dict[str, str]) -> None:
        self.github.asked.append(query)
        back = query["redirect_uri"]
        if self.github.denies:
            answer = {"error": "access_denied", "state": query["state"]}
        else:
            code = secrets.token_hex(10)
            self.github.codes[code] = query
            answer = {"code": code, "state": query["state"]}
        self.send_response(302)
        self.send_header("Location", f"{back}?{urlencode(answer)}")
        self.end_headers()

    def _token(self, form: dict[str, str]) -> None:
        if self.github.fails:
            self._json(503, {"message": "Unavailable"})
            return
        asked = self.github.codes.pop(form.get("code", ""), None)
        problem = self._problem(asked, form)
        if problem or asked is None:
            self.github.refused.append(problem)
            self._json(200, {"error": "bad_verification_code", "error_description": problem})
            return
        token = secrets.token_hex(20)
        self.github.tokens.add(token)
        self._json(200, {"access_token": token, "token_type": "bearer", "scope": asked["scope"]})

    @staticmethod
    def _problem(asked: dict[str, str] | None, form: dict[str, str]) -> str:
        if asked is None:
            return "The code is unknown or was used."
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return "The client is unknown."
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return "The redirect address is another one."
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked.get("code_challenge_method") != "S256" or asked.get("code_challenge") != challenge:
            return "PKCE does not match."
        return ""

    def _person(self) -> None:
        person = self.github.person
        body = {
            "id": person.number,
            "login": person.login,
            "name": person.name,
            "email": None,
            "html_url": f"https://github.com/{person.login}",
            "avatar_url": "",
        }
        self._json(200 if self._known() else 401, body)

    def _known(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return scheme.lower() in {"token", "bearer"} and token in self.github.tokens

    def _json(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
