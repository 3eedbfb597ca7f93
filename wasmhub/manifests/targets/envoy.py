"""Plain Envoy: a whole bootstrap for 1.36 and later that runs as it is."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from wasmhub.manifests.model import Endpoint, Manifest, is_network_filter

if TYPE_CHECKING:
    from wasmhub.manifests.model import ModuleSource, Options

_TYPES: Final = "type.googleapis.com/"
_EXTENSIONS: Final = f"{_TYPES}envoy.extensions."
_CA_FILE: Final = "/etc/ssl/certs/ca-certificates.crt"
_HUB_CLUSTER: Final = "wasmhub"
_UPSTREAM_CLUSTER: Final = "upstream"


def render(source: ModuleSource, options: Options) -> Manifest:
    """Run the extension in one listener on 127.0.0.1."""
    clusters = []
    if options.upstream is not None:
        clusters.append(_cluster(_UPSTREAM_CLUSTER, Endpoint.parse(options.upstream)))
    if source.public:
        clusters.append(_hub_cluster(source))
    resources = {"listeners": [_listener(source, options)], "clusters": clusters}
    return Manifest(_comments(source, options), ({"static_resources": resources},))


def _comments(source: ModuleSource, options: Options) -> tuple[str, ...]:
    lines = [
        f"Envoy bootstrap: {source.title} from {source.origin}",
        f"Run it with: envoy -c envoy.yaml; then {_first_use(source, options)}",
        f"The module sha256 is {source.module_sha256}.",
        f"The image's manifest digest is {source.manifest_digest}.",
    ]
    if not source.public:
        return (
            *lines,
            "The extension is private and Envoy cannot send a token; fetch the module first:",
            f"  {_fetch_command(source)}",
            f"  echo '{source.module_sha256}  {_file_name(source)}' | sha256sum -c",
        )
    if source.origin.startswith("https:"):
        lines.append(f"Certificate authorities are read from {_CA_FILE}.")
    return tuple(lines)


def _first_use(source: ModuleSource, options: Options) -> str:
    if is_network_filter(source, options):
        return f"connect to 127.0.0.1:{options.listen_port}"
    return f"ask http://127.0.0.1:{options.listen_port}/"


def _fetch_command(source: ModuleSource) -> str:
    header = "Authorization: Bearer $WASMHUB_TOKEN"
    return f'curl -fL -H "{header}" -o {_file_name(source)} {source.download_url}'


def _listener(source: ModuleSource, options: Options) -> dict[str, Any]:
    network = is_network_filter(source, options)
    filters = _network_filters(source, options) if network else [_http_manager(source, options)]
    return {
        "name": "main",
        "address": _address(Endpoint("127.0.0.1", options.listen_port)),
        "filter_chains": [{"filters": filters}],
    }


def _network_filters(source: ModuleSource, options: Options) -> list[dict[str, Any]]:
    """Filter connections to the upstream; without one, what a client sends comes back."""
    last: dict[str, Any] = {
        "name": "envoy.filters.network.echo",
        "typed_config": {"@type": f"{_EXTENSIONS}filters.network.echo.v3.Echo"},
    }
    if options.upstream is not None:
        proxy = {
            "@type": f"{_EXTENSIONS}filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": "ingress",
            "cluster": _UPSTREAM_CLUSTER,
        }
        last = {"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}
    kind = f"{_EXTENSIONS}filters.network.wasm.v3.Wasm"
    config = {"@type": kind, "config": _plugin(source, options)}
    return [{"name": "envoy.filters.network.wasm", "typed_config": config}, last]


def _http_manager(source: ModuleSource, options: Options) -> dict[str, Any]:
    kind = f"{_EXTENSIONS}filters.http.wasm.v3.Wasm"
    wasm = {"@type": kind, "config": _plugin(source, options)}
    manager = {
        "@type": f"{_EXTENSIONS}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ingress",
        "route_config": {
            "name": "all",
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(options)]}],
        },
        "http_filters": [
            {"name": "envoy.filters.http.wasm", "typed_config": wasm},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_EXTENSIONS}filters.http.router.v3.Router"},
            },
        ],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def _route(options: Options) -> dict[str, Any]:
    match = {"prefix": "/"}
    if options.upstream is not None:
        return {"match": match, "route": {"cluster": _UPSTREAM_CLUSTER}}
    body = {"inline_string": "hello from Envoy\n"}
    return {"match": match, "direct_response": {"status": 200, "body": body}}


def _plugin(source: ModuleSource, options: Options) -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": options.plugin_name or source.object_name,
        "root_id": source.root_id,
        "failure_policy": "FAIL_CLOSED",
        "vm_config": {
            "vm_id": f"{source.namespace}/{source.name}",
            "runtime": "envoy.wasm.runtime.v8",
            "code": _code(source),
        },
    }
    if options.config:
        config["configuration"] = {
            "@type": f"{_TYPES}google.protobuf.StringValue",
            "value": options.config,
        }
    return config


def _code(source: ModuleSource) -> dict[str, Any]:
    if not source.public:
        return {"local": {"filename": f"./{_file_name(source)}"}}
    return {
        "remote": {
            "http_uri": {
                "uri": source.download_url,
                "cluster": _HUB_CLUSTER,
                "timeout": "30s",
            },
            "sha256": source.module_sha256,
            "retry_policy": {
                "retry_back_off": {"base_interval": "1s", "max_interval": "10s"},
                "num_retries": 5,
            },
        }
    }


def _hub_cluster(source: ModuleSource) -> dict[str, Any]:
    hub = Endpoint.of_origin(source.origin)
    cluster = _cluster(_HUB_CLUSTER, hub)
    if source.origin.startswith("https:"):
        cluster["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": _tls(hub.host),
        }
    return cluster


def _cluster(name: str, endpoint: Endpoint) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(endpoint)}}]}]
    return {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",  # a server on 127.0.0.1 is often named localhost
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }


def _tls(host: str) -> dict[str, Any]:
    is_address = _is_address(host)
    san_type = "IP_ADDRESS" if is_address else "DNS"
    name = {} if is_address else {"sni": host}  # RFC 6066 §3: no addresses in SNI
    return {
        "@type": f"{_EXTENSIONS}transport_sockets.tls.v3.UpstreamTlsContext",
        **name,
        "common_tls_context": {
            "validation_context": {
                "trusted_ca": {"filename": _CA_FILE},
                "match_typed_subject_alt_names": [
                    {"san_type": san_type, "matcher": {"exact": host}}
                ],
            }
        },
    }


def _address(endpoint: Endpoint) -> dict[str, Any]:
    return {"socket_address": {"address": endpoint.host, "port_value": endpoint.port}}


def _file_name(source: ModuleSource) -> str:
    return f"{source.name}-{source.version}.wasm"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
