"""Images on registries: pulled with what they ask for, and no harm from those that lie."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.wasmhub.cli.conftest import EXAMPLES, Command, Server
from tests.wasmhub.oci.image_builder import compat_oci, index, tgz
from wasmhub.proxywasm import analyse

pytestmark = pytest.mark.single_setup

MODULE = (EXAMPLES / "ada/hello/dist/1.0.0.wasm").read_bytes()
IMAGE = compat_oci(tgz({"plugin.wasm": MODULE}))
NAME = "a/b"
LAYER = IMAGE.parsed.layers[0].digest
MANIFEST = f"/v2/{NAME}/manifests/1"


def reference(server: Server, tag: str = "1", name: str = NAME) -> str:
    return f"oci://{server.host}/{name}{'@' if ':' in tag else ':'}{tag}"


def challenge(server: Server, realm: str) -> None:
    """Ask for a bearer token at every request without one."""
    for path, answer in list(server.answers.items()):

        def guarded(handler: BaseHTTPRequestHandler, answer: object = answer) -> None:
            if handler.headers.get("Authorization") == "Bearer good":
                assert callable(answer)
                answer(handler)
                return
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="x"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        server.answers[path] = guarded


class TestAnImage:
    @pytest.mark.parametrize("tag", ["1", str(IMAGE.digest)])
    def test_is_pulled_by_tag_and_by_digest(
        self, wasmhub: Command, server: Server, tag: str
    ) -> None:
        server.serve(NAME, "1", IMAGE)

        document = json.loads(wasmhub("inspect", reference(server, tag), "--json").out)

        assert document["facts"] == analyse(MODULE).facts.as_json()
        assert document["image"]["digest"] == str(IMAGE.digest)

    def test_behind_an_index_is_pulled_as_a_manifest(
        self, wasmhub: Command, server: Server
    ) -> None:
        outer = index((IMAGE, "linux/amd64"))
        server.serve(NAME, "1", outer)
        server.serve(NAME, "inner", IMAGE)
        del server.answers[f"/v2/{NAME}/blobs/{IMAGE.digest}"]

        document = json.loads(wasmhub("inspect", reference(server), "--json").out)

        assert document["image"]["digest"] == str(IMAGE.digest)
        assert document["image"]["index_digest"] == str(outer.digest)

    def test_that_needs_a_token_is_pulled_with_an_anonymous_one(
        self, wasmhub: Command, server: Server
    ) -> None:
        server.serve(NAME, "1", IMAGE)
        challenge(server, f"{server.origin}/token")
        server.give("/token", b'{"token": "good"}')

        assert wasmhub("inspect", reference(server)).status == 0
        tokens = [each for each in server.asked if each[0].startswith("/token")]
        assert tokens == [("/token?service=x&scope=repository%3Aa%2Fb%3Apull", "")]

    @pytest.mark.parametrize(
        ("secret", "header"),
        [("whub_1", "Bearer whub_1"), ("pat", "Basic d2FzbWh1YjpwYXQ=")],
    )
    def test_is_pulled_with_the_users_token(
        self,
        wasmhub: Command,
        server: Server,
        monkeypatch: pytest.MonkeyPatch,
        secret: str,
        header: str,
    ) -> None:
        server.serve(NAME, "1", IMAGE)
        challenge(server, f"{server.origin}/token")
        server.give("/token", b'{"access_token": "good"}')
        monkeypatch.setenv("WASMHUB_TOKEN", secret)
        monkeypatch.setenv("WASMHUB_URL", server.origin)

        assert wasmhub("inspect", reference(server)).status == 0
        assert {each[1] for each in server.asked} == {"", header, "Bearer good"}

    def test_whose_blobs_are_elsewhere_is_fetched_there_without_credentials(
        self, wasmhub: Command, server: Server, other_server: Server
    ) -> None:
        server.serve(NAME, "1", IMAGE)
        server.give(
            f"/v2/{NAME}/blobs/{LAYER}", b"", 307, Location=f"{other_server.origin}/storage"
        )
        challenge(server, f"{server.origin}/token")
        server.give("/token", b'{"token": "good"}')
        other_server.give("/storage", IMAGE.blobs[LAYER])

        assert wasmhub("inspect", reference(server)).status == 0
        assert other_server.asked == [("/storage", "")]


class TestTls:
    def test_is_spoken_where_the_hub_does(
        self,
        wasmhub: Command,
        tls_server: Server,
        certificate: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        tls_server.serve(NAME, "1", IMAGE)
        text = f"oci://127.0.0.1:{tls_server.origin.rpartition(':')[2]}/{NAME}:1"

        unknown = wasmhub("inspect", text, "--hub", tls_server.origin)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        known = wasmhub("inspect", text, "--hub", tls_server.origin)

        assert (unknown.status, unknown.out) == (3, "")
        assert "its TLS certificate is not trusted" in unknown.err
        assert known.status == 0


def test_a_proxy_is_asked_as_the_environment_says(
    wasmhub: Command, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.origin)
    arguments = ["inspect", "ada/hello:1", "--hub", "http://hub.invalid"]
    server.give("http://hub.invalid/v2/ada/hello/manifests/1", b"", 403)

    assert wasmhub(*arguments).status == 4
    monkeypatch.setenv("NO_PROXY", "hub.invalid")
    assert wasmhub(*arguments).status == 3
    assert len(server.asked) == 1


class TestWhatIsMissing:
    def test_is_wrong_usage(self, wasmhub: Command, server: Server) -> None:
        said = wasmhub("inspect", reference(server, "9.9.9"))

        assert (said.status, said.out) == (2, "")
        assert said.err == (
            f"wasmhub: There is no a/b:9.9.9 on {server.origin}: check the name and the version.\n"
        )

    @pytest.mark.parametrize("status", [401, 403])
    def test_or_forbidden_is_not_allowed(
        self, wasmhub: Command, server: Server, status: int
    ) -> None:
        server.give(MANIFEST, b"", status, WWW_Authenticate='Basic realm="x"')

        said = wasmhub("inspect", reference(server))

        assert (said.status, said.out) == (4, "")
        assert "WASMHUB_TOKEN" in said.err or "does not allow" in said.err

    def test_server_is_a_failure(self, wasmhub: Command) -> None:
        said = wasmhub("inspect", "oci://127.0.0.1:1/a/b:1")

        assert (said.status, said.out) == (3, "")
        assert "http://127.0.0.1:1 does not answer: check the address" in said.err


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        handler.close_connection = True


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


class TestALyingRegistry:
    def refused(self, wasmhub: Command, server: Server, tag: str = "1") -> str:
        said = wasmhub("inspect", reference(server, tag))
        assert (said.status, said.out) == (3, ""), said
        assert said.err.count("\n") == 1
        assert said.err.replace("\n", "").isprintable()
        return said.err

    def test_that_sends_another_manifest_than_the_digest_names(
        self, wasmhub: Command, server: Server
    ) -> None:
        server.give(f"/v2/{NAME}/manifests/{LAYER}", IMAGE.manifest)

        assert "do not trust it" in self.refused(wasmhub, server, str(LAYER))

    def test_that_contradicts_itself_about_a_digest(self, wasmhub: Command, server: Server) -> None:
        for told in (str(LAYER), "nonsense"):
            server.give(MANIFEST, IMAGE.manifest, Docker_Content_Digest=told)

            assert "do not trust it" in self.refused(wasmhub, server)

    def test_that_sends_other_bytes_for_a_blob(self, wasmhub: Command, server: Server) -> None:
        server.serve(NAME, "1", IMAGE)
        server.give(f"/v2/{NAME}/blobs/{LAYER}", tgz({"plugin.wasm": b"evil"}))

        assert "wrong bytes" in self.refused(wasmhub, server)

    def test_that_sends_another_child_of_an_index(self, wasmhub: Command, server: Server) -> None:
        server.serve(NAME, "1", index((IMAGE, None)))
        server.give(f"/v2/{NAME}/manifests/{IMAGE.digest}", b"{}")

        assert "wrong bytes" in self.refused(wasmhub, server)

    @pytest.mark.parametrize("answer", [endless, cut_off])
    def test_that_never_comes_to_an_end_or_too_early(
        self, wasmhub: Command, server: Server, answer: object
    ) -> None:
        assert callable(answer)
        server.answers[MANIFEST] = answer

        self.refused(wasmhub, server)

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[" * 100_000, b"\xff"])
    def test_that_sends_no_manifest(self, wasmhub: Command, server: Server, body: bytes) -> None:
        server.give(MANIFEST, body, Content_Type="text/html\x1b[31m")

        assert "no manifest" in self.refused(wasmhub, server)

    @pytest.mark.parametrize("answer", [b"", b"5", b"{}", b'{"token": 5}', b'{"token": "a\\nb"}'])
    def test_that_gives_no_token(self, wasmhub: Command, server: Server, answer: bytes) -> None:
        server.serve(NAME, "1", IMAGE)
        challenge(server, f"{server.origin}/token")
        server.give("/token", answer)

        self.refused(wasmhub, server)

    @pytest.mark.parametrize(
        "location", ["http://example.com/x", "ftp://127.0.0.1/x", "", MANIFEST, "http://[", "//"]
    )
    def test_that_redirects_to_nowhere_safe(
        self, wasmhub: Command, server: Server, location: str
    ) -> None:
        server.give(MANIFEST, b"", 302, Location=location)

        self.refused(wasmhub, server)
        assert len(server.asked) <= 5

    def test_that_wants_the_token_for_another_host_gets_none(
        self,
        wasmhub: Command,
        server: Server,
        other_server: Server,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("WASMHUB_TOKEN", "whub_secret")
        monkeypatch.setenv("WASMHUB_URL", server.origin)
        server.serve(NAME, "1", IMAGE)
        challenge(server, f"{other_server.origin}/token")
        other_server.give("/token", b'{"token": "good"}')

        self.refused(wasmhub, server)
        server.give(MANIFEST, b"", 302, Location=f"{other_server.origin}{MANIFEST}")
        wasmhub("inspect", reference(server))

        assert "whub_secret" not in str(other_server.asked)

    def test_that_never_takes_a_token(self, wasmhub: Command, server: Server) -> None:
        server.serve(NAME, "1", IMAGE)
        challenge(server, f"{server.origin}/token")
        server.give("/token", b'{"token": "bad"}')

        assert wasmhub("inspect", reference(server)).status == 4
        assert len(server.asked) == 3


class TestALyingHub:
    """A hub's word on a release: who says nonsense is no hub."""

    def hub(self, server: Server, releases: bytes, compatibility: bytes = b"[]") -> list[str]:
        server.serve("ada/hello", "1.0.0", IMAGE)
        path = "/api/v1/extensions/ada/hello/releases"
        server.give(path, releases)
        server.give(f"{path}/1.0.0/compatibility", compatibility)
        return ["inspect", "ada/hello:1.0.0", "--json", "--hub", server.origin]

    def release(self, **more: str | None) -> bytes:
        told = {
            "version": "1.0.0",
            "digest": str(IMAGE.digest),
            "module_sha256": analyse(MODULE).facts.sha256,
            "verdict": "passed",
            "yanked": None,
        }
        return json.dumps({"results": [told | more], "next": None}).encode()

    def proven(self, **more: object) -> bytes:
        told = {"version": "1.40.0", "loads": True, "log": "", **more}
        return json.dumps([{"proven": told}, {"proven": None}]).encode()

    def test_that_tells_the_truth_is_believed(self, wasmhub: Command, server: Server) -> None:
        arguments = self.hub(server, self.release(yanked="\x1b[2J"), self.proven())

        document = json.loads(wasmhub(*arguments).out)
        shown = wasmhub(*arguments[:2], *arguments[3:]).out

        assert document["compatibility"][0]["proven"]["version"] == "1.40.0"
        assert document["image"]["release"]["version"] == "1.0.0"
        assert "1.40*" in shown
        assert "Yanked: \\u{1b}[2J" in shown

    def test_whose_envoy_refused_the_module_is_believed_more_than_the_table(
        self, wasmhub: Command, server: Server
    ) -> None:
        proven = self.proven(loads=False, log="Function: crash\x1b[2J failed")
        arguments = [each for each in self.hub(server, self.release(), proven) if each != "--json"]

        said = wasmhub(*arguments, "--proxy", "envoy:1.40")

        assert said.status == 1
        assert "Function: crash\\u{1b}[2J failed" in said.out
        assert "disputed  1.40*" in wasmhub(*arguments).out

    def test_that_speaks_of_another_module_is_not(self, wasmhub: Command, server: Server) -> None:
        arguments = self.hub(server, self.release(module_sha256="0" * 64), self.proven())

        document = json.loads(wasmhub(*arguments).out)

        assert document["compatibility"][0]["proven"] is None

    @pytest.mark.parametrize(
        ("releases", "compatibility"),
        [
            (b"", b"[]"),
            (b"[]", b"[]"),
            (b'{"results": 5}', b"[]"),
            (b'{"results": [5]}', b"[]"),
            (b'{"results": [{"version": "../../x"}]}', b"[]"),
            (None, b"{}"),
            (None, b"[5]"),
            (None, b'[{"proven": 5}]'),
            (None, b'[{"proven": {"version": 5, "loads": true, "log": ""}}]'),
        ],
    )
    def test_that_says_nonsense_is_a_failure(
        self, wasmhub: Command, server: Server, releases: bytes | None, compatibility: bytes
    ) -> None:
        told = self.release() if releases is None else releases
        said = wasmhub(*self.hub(server, told, compatibility))

        assert (said.status, said.out) == (3, "")
        assert said.err.count("\n") == 1
