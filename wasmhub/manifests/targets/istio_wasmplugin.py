"""Istio's WasmPlugin (extensions.istio.io/v1alpha1, since Istio 1.12)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from wasmhub.manifests.errors import InvalidOptionError
from wasmhub.manifests.model import Manifest, check_text, is_network_filter

if TYPE_CHECKING:
    from wasmhub.manifests.model import ModuleSource, Options


def render(source: ModuleSource, options: Options) -> Manifest:
    """Attach the extension to Istio's ingress gateway."""
    config = _as_object(options.config)
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"istio": "ingressgateway"}},
        "url": f"oci://{source.image}",
        "sha256": source.manifest_digest.removeprefix("sha256:"),
        "imagePullPolicy": "IfNotPresent",
    }
    if not source.public:
        spec["imagePullSecret"] = options.pull_secret
    if source.root_id:
        spec["pluginName"] = source.root_id
    if is_network_filter(source, options):
        spec["type"] = "NETWORK"
    spec |= {"phase": options.phase, "failStrategy": "FAIL_CLOSE"}
    if config is not None:
        spec["pluginConfig"] = config
    plugin = {
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "WasmPlugin",
        "metadata": {
            "name": options.plugin_name or source.object_name,
            "namespace": options.kubernetes_namespace,
        },
        "spec": spec,
    }
    return Manifest(_comments(source, options, has_config=config is not None), (plugin,))


def _comments(source: ModuleSource, options: Options, *, has_config: bool) -> tuple[str, ...]:
    lines = [
        f"Istio WasmPlugin: {source.title} from {source.origin}",
        f"sha256 is the manifest digest, {source.manifest_digest}.",
        f"The module sha256 is {source.module_sha256}.",
    ]
    if not source.public:
        lines += [
            "The extension is private; make the pull secret once, with a token that may pull:",
            f"  {_secret_command(source, options)}",
        ]
    if options.config and not has_config:
        lines += [
            "pluginConfig takes a JSON object only; this configuration was left out:",
            f"  {json.dumps(options.config)}",
        ]
    return tuple(lines)


def _secret_command(source: ModuleSource, options: Options) -> str:
    host = source.image.partition("/")[0]
    secret = f"create secret docker-registry {options.pull_secret} --docker-server={host}"
    login = '--docker-username="$USER" --docker-password="$WASMHUB_TOKEN"'
    return f"kubectl -n {options.kubernetes_namespace} {secret} {login}"


def _as_object(config: str) -> dict[str, Any] | None:
    """Read a JSON object; None for any other text."""
    try:
        value = json.loads(config, parse_constant=_refuse_constant)
        check_text(json.dumps(value, ensure_ascii=False), "configuration")
    except InvalidOptionError:
        raise
    except RecursionError:
        raise InvalidOptionError("The configuration is nested too deep.") from None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON.")
