"""Every route of the registry (distribution-spec 1.1, and ours)."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from registry import blobs, manifests, referrers, tags, token, uploads
from registry.archive import archive
from registry.doors import ping, repository
from registry.download import download
from registry.scopes import DELETE, PULL, PUSH


class Sha256Convertor(Convertor[str]):
    """64 lower-case hexadecimal digits."""

    regex = "[0-9a-f]{64}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("sha256", Sha256Convertor())

# A name may hold slashes: whether it has exactly two segments is for the grammar to say. Starlette
# takes the last fitting place, so an extension may be called blobs, manifests, tags or uploads.
V2 = "/v2/{name:path}"
UPLOAD = f"{V2}/blobs/uploads/{{upload}}"
BLOB = f"{V2}/blobs/{{digest}}"
MANIFEST = f"{V2}/manifests/{{reference}}"

routes = [
    # What fleets ask for comes first: routes are tried one by one.
    Route(MANIFEST, repository(PULL, manifests.pull), methods=["GET"]),
    # Who asks whether a blob is here is about to push it, and oras-py asks for one token only.
    Route(BLOB, repository(PULL, blobs.pull, token_for=PUSH), methods=["HEAD"]),
    Route(BLOB, repository(PULL, blobs.pull), methods=["GET"]),
    Route("/v2", ping),
    Route("/v2/", ping),
    Route(f"{V2}/blobs/uploads", repository(PUSH, uploads.begin), methods=["POST"]),
    Route(f"{V2}/blobs/uploads/", repository(PUSH, uploads.begin), methods=["POST"]),
    Route(UPLOAD, repository(PUSH, uploads.show), methods=["GET"]),
    Route(UPLOAD, repository(PUSH, uploads.append), methods=["PATCH"]),
    Route(UPLOAD, repository(PUSH, uploads.finish), methods=["PUT"]),
    Route(UPLOAD, repository(PUSH, uploads.cancel), methods=["DELETE"]),
    Route(BLOB, repository(DELETE, blobs.delete), methods=["DELETE"]),
    Route(MANIFEST, repository(PUSH, manifests.push), methods=["PUT"]),
    Route(MANIFEST, repository(DELETE, manifests.delete), methods=["DELETE"]),
    Route(f"{V2}/referrers/{{digest}}", repository(PULL, referrers.list_referrers)),
    Route(f"{V2}/tags/list", repository(PULL, tags.list_tags), methods=["GET"]),
    Route("/token", token.get, methods=["GET"]),
    Route("/token", token.post, methods=["POST"]),
    Route("/download/{namespace}/{name}/{sha256:sha256}.wasm", download, methods=["GET"]),
    Route("/download/{namespace}/{name}/{sha256:sha256}.tar", archive, methods=["GET"]),
]
