"""The examples, each built release on requests of all kinds and with its configurations."""

from __future__ import annotations

from typing import Any

from tests.filters import EXAMPLES
from tests.wasmhub.proxywasm.host.cases.writing import Cases

cases = Cases("examples")
MODULES = {
    str(path.relative_to(EXAMPLES)).replace("/dist/", " ").removesuffix(".wasm"): path.read_bytes()
    for path in sorted(EXAMPLES.glob("*/*/dist/*.wasm"))
}
JSON_BODY = '{"card": "4111 1111 1111 1111", "raw": 5555555555554444, "order": "1234567890123456"}'
UPSTREAM = {
    "status": 201,
    "headers": [
        *(["server", "Apache/2.4.1"], ["x-powered-by", "PHP/8.3"], ["x-generator", "Drupal 10"]),
        *(["vary", "accept-encoding"], ["content-type", "application/json"], ["x-hello", "own"]),
        *(["set-cookie", "session=a1; Path=/"], ["set-cookie", "theme=dark; SAMESITE=Strict"]),
        *(["set-cookie", "csrf=9; Path=/; Secure"], ["x-frame-options", "SAMEORIGIN"]),
    ],
    "body": JSON_BODY,
}
# On every module, without a configuration. The canary draws lots then, so it is left out.
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "post": {"request": {"method": "POST", "path": "/a?b=1", "body": "hello"}, "root_id": "rid"},
    "full": {
        "request": {
            "headers": [
                *(["user-agent", "curl/8"], ["cookie", "a=b"], ["x-api-key", "no"]),
                *(["x-request-id", "given"], ["x-canary", "true"], ["x-original-path", "/old"]),
                *(["accept-language", "de"], ["x-user-id", "alice"], ["x-team", "a"]),
            ]
        },
        "upstream": UPSTREAM,
    },
    "chunks": {
        "request": {"method": "PUT", "path": "/robots.txt", "body": {"chunks": ["12345", "67890"]}},
        "upstream": UPSTREAM | {"body": {"chunks": [JSON_BODY[:25], JSON_BODY[25:]]}},
    },
    "head": {"request": {"method": "HEAD", "path": "/.git/config"}},
    "trailers": {
        "request": {
            "method": "POST",
            "path": "/wp-login.php",
            "body": {"chunks": ["ab"]},
            "trailers": [["x-t", "1"]],
        },
        "upstream": {"status": 500, "body": {"chunks": ["c"]}, "trailers": [["x-u", "1"]]},
    },
    "bodiless": {
        "request": {"method": "DELETE", "path": "/x/../%61dmin"},
        "upstream": {"status": 204},
    },
    "junk as configuration": {"config": "this is \u2014 no configuration of any filter: {"},
}
DRAWING_LOTS = "canary-header"
# With configurations: of each module, the lines and the paths or headers that they are about.
CONFIGURED: dict[str, list[tuple[str, list[dict[str, Any]]]]] = {
    "acme/add-header": [
        ("# who to ask\nx-team: edge\n+vary: accept-language\n-x-powered-by", [{}]),
        ("x-team: edge\n\ncache-control: no-store", [{}]),
        ("request  set x-team: edge\nrequest  remove user-agent\nresponse add vary: b", [{}]),
    ],
    "acme/api-key": [
        (
            "key one\nkey two\nheader x-key",
            [{"headers": [["x-key", each]]} for each in ("one", "two", "three", "")] + [{}],
        ),
    ],
    "acme/deny-paths": [
        (
            "/admin\n/internal\nstatus 404",
            [
                {"path": each}
                for each in (
                    "/admin/users",
                    "/%61dmin",
                    "/shop/../admin",
                    "//admin",
                    "/administrator",
                )
            ],
        ),
    ],
    "acme/rate-limit": [("rate 1\nburst 2\nbucket shop", [{}]), ("rate 1\nburst 0", [{}])],
    "acme/security-headers": [
        ("x-frame-options: SAMEORIGIN\nstrict-transport-security: off\nx-own: 1", [{}]),
    ],
    "ada/maintenance": [
        (
            "on\nmessage Our new shop opens at <b>noon</b>.\nretry-after 600\nallow /healthz",
            [{}, {"path": "/healthz"}, {"method": "HEAD"}, {"method": "POST", "body": "x"}],
        ),
    ],
    "ada/path-rewrite": [
        (
            "strip /shop\nadd /v2",
            [{"path": each} for each in ("/shop/cart", "/shop/cart?item=3", "/shop", "/shopping")],
        ),
    ],
    "mira/body-size-limit": [
        (
            "limit 10",
            [
                {"method": "POST", "body": "1234567890"},
                {"method": "POST", "body": "12345678901"},
                {"method": "POST", "body": {"chunks": ["12345", "67890"]}},
                {"method": "POST", "body": {"chunks": ["12345", "678901", "2"]}},
            ],
        ),
    ],
    "mira/cookie-flags": [("samesite Strict\nscripted csrf", [{}]), ("samesite off", [{}])],
    "mira/json-redact": [("keep 0", [{}]), ("keep 6", [{}])],
    "northwind/access-log-json": [
        ("query on\nrequest user-agent\nresponse content-type", [{"path": "/cart?item=3"}]),
    ],
    "northwind/canary-header": [
        ("percent 0", [{}]),
        ("percent 100\nheader x-c", [{}]),
        (
            "percent 50\nkey x-user",
            [{"headers": [["x-user", each]]} for each in ("alice", "bob", "eve")],
        ),
    ],
    "northwind/request-counter": [("prefix shop", [{}])],
    "northwind/request-id": [("header x-correlation-id\nresponse off", [{}])],
}

for module, data in MODULES.items():
    for kind, document in REQUESTS.items():
        if DRAWING_LOTS not in module or kind.startswith("junk"):
            cases.module(f"{module}, {kind}", data, document=document)
    for number, (config, requests) in enumerate(CONFIGURED.get(module.split(" ")[0], [])):
        for at, request in enumerate(requests):
            cases.module(
                f"{module}, configured {number}.{at}",
                data,
                document={"config": config, "request": request, "upstream": UPSTREAM},
            )
