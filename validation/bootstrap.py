"""The smallest configuration of Envoy that loads a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPE: Final = "type.googleapis.com/"
_FILTERS: Final = f"{_TYPE}envoy.extensions.filters."


def bootstrap(
    module: str,
    *,
    root_id: str = "",
    configuration: str = "",
    restriction: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """
    Return a bootstrap with one listener whose filter runs the module in the file ``module``.

    ``restriction`` is a ``capability_restriction_config``, if the module is to have one.
    """
    plugin = {
        "name": "module",
        "root_id": root_id,
        "configuration": {"@type": f"{_TYPE}google.protobuf.StringValue", "value": configuration},
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module}},
        },
    }
    if restriction is not None:
        plugin["capability_restriction_config"] = dict(restriction)
    manager = {
        "@type": f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "module",
        "http_filters": [
            _filter("wasm", f"{_FILTERS}http.wasm.v3.Wasm", config=plugin),
            _filter("router", f"{_FILTERS}http.router.v3.Router"),
        ],
        "route_config": {"virtual_hosts": [{"name": "none", "domains": ["*"]}]},
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    listener = {
        "name": "module",
        "address": address,
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}


def _filter(name: str, kind: str, **fields: object) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": kind, **fields}}
