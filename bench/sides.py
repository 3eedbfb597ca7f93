"""The two sides of a comparison: a hub, and the registry that is asked directly."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import httpx

from tests.live import Hub

REPOSITORY = "/v2/alice/bench"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(slots=True)
class Side:
    """One of the two: where it is, whose processes serve it, and a token if it wants one."""

    origin: str
    root: int
    token: str = ""

    def client(self) -> httpx.Client:
        headers = {"Accept": f"{MANIFEST}, */*"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return httpx.Client(base_url=self.origin, headers=headers, timeout=120)

    def push(self, content: bytes) -> str:
        """Push a blob; return its digest."""
        digest = digest_of(content)
        with self.client() as client:
            push(client, digest, content)
        return digest

    def push_manifest(self, tag: str, *blobs: tuple[str, int]) -> None:
        layers = [
            {"mediaType": "application/octet-stream", "digest": digest, "size": size}
            for digest, size in blobs
        ]
        config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": EMPTY, "size": 2}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        with self.client() as client:
            client.put(
                f"{REPOSITORY}/manifests/{tag}",
                content=json.dumps(manifest),
                headers={"Content-Type": MANIFEST},
            ).raise_for_status()

    def url(self, path: str) -> str:
        return f"{self.origin}{REPOSITORY}/{path}"


def push(client: httpx.Client, digest: str, content: bytes) -> None:
    """Push a blob as most clients do, by POST and PUT."""
    place = client.post(f"{REPOSITORY}/blobs/uploads/").raise_for_status().headers["location"]
    mark = "&" if "?" in place else "?"
    client.put(f"{place}{mark}digest={digest}", content=content).raise_for_status()


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


EMPTY = digest_of(b"{}")


def hub_side(hub: Hub) -> Side:
    """Return a hub with a token for what the benches do."""
    answer = httpx.get(
        f"{hub.origin}/token",
        params={"service": hub.host, "scope": "repository:alice/bench:pull,push"},
        auth=("alice", hub.tokens["alice"]),
    )
    return Side(hub.origin, hub.process.pid, answer.json()["token"])
