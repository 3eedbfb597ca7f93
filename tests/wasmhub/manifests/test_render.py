from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmhub.manifests import (
    RENDERERS,
    InvalidOptionError,
    ModuleSource,
    Options,
    RenderError,
    UnknownTargetError,
    render,
)

SOURCE = ModuleSource(
    origin="https://hub.example",
    namespace="acme",
    name="jwt",
    version="1.2.0",
    tag="1.2.0",
    manifest_digest="sha256:" + "12" * 32,
    module_sha256="ab" * 32,
    root_id="jwt_root",
    public=True,
)
short = st.text(max_size=12)
PRIVATE = replace(SOURCE, public=False)


def load(text: str) -> Any:
    return yaml.safe_load(text)


def comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


class TestTargets:
    def test_both_are_known(self) -> None:
        assert {"envoy", "istio-wasmplugin"} <= set(RENDERERS)

    @pytest.mark.parametrize("target", ["", "targets", "istio_wasmplugin", "../envoy", "Envoy"])
    def test_an_unknown_one_is_refused_with_the_list(self, target: str) -> None:
        with pytest.raises(UnknownTargetError, match=r"envoy.*istio-wasmplugin"):
            render(target, SOURCE)

    @pytest.mark.parametrize("target", RENDERERS)
    @pytest.mark.parametrize("source", [SOURCE, PRIVATE])
    def test_each_names_release_and_digests_in_comments(
        self, target: str, source: ModuleSource
    ) -> None:
        head = "\n".join(comments(render(target, source)))

        assert "acme/jwt 1.2.0 from https://hub.example" in head
        assert f"manifest digest, {source.manifest_digest}" in head.replace(" is ", ", ")
        assert f"module sha256 is {source.module_sha256}" in head


class TestIstioWasmPlugin:
    def plugin(self, source: ModuleSource = SOURCE, **options: Any) -> Any:
        return load(render("istio-wasmplugin", source, Options(**options)))

    def test_a_public_release_is_pinned_by_its_manifest_digest(self) -> None:
        assert self.plugin(config='{"header": "x-hello", "value": 1}') == {
            "apiVersion": "extensions.istio.io/v1alpha1",
            "kind": "WasmPlugin",
            "metadata": {"name": "jwt", "namespace": "istio-system"},
            "spec": {
                "selector": {"matchLabels": {"istio": "ingressgateway"}},
                "url": "oci://hub.example/acme/jwt:1.2.0",
                "sha256": "12" * 32,
                "imagePullPolicy": "IfNotPresent",
                "pluginName": "jwt_root",
                "phase": "AUTHN",
                "failStrategy": "FAIL_CLOSE",
                "pluginConfig": {"header": "x-hello", "value": 1},
            },
        }

    def test_a_private_release_needs_a_pull_secret(self) -> None:
        text = render("istio-wasmplugin", PRIVATE, Options(pull_secret="mine"))

        assert load(text)["spec"]["imagePullSecret"] == "mine"
        [command] = [line for line in comments(text) if "kubectl" in line]
        assert "create secret docker-registry mine --docker-server=hub.example " in command

    def test_an_empty_root_id_is_left_out(self) -> None:
        assert "pluginName" not in self.plugin(replace(SOURCE, root_id=""))["spec"]

    def test_the_origins_port_is_kept(self) -> None:
        plugin = self.plugin(replace(SOURCE, origin="http://127.0.0.1:8000/"))

        assert plugin["spec"]["url"] == "oci://127.0.0.1:8000/acme/jwt:1.2.0"

    @pytest.mark.parametrize("config", ["text", "[1]", '"x"', "{", '{"a": NaN}', "a\nkind: b"])
    def test_a_configuration_that_is_no_object_becomes_a_comment(self, config: str) -> None:
        text = render("istio-wasmplugin", SOURCE, Options(config=config))

        assert "pluginConfig" not in load(text)["spec"]
        assert json.dumps(config) in comments(text)[-1]

    def test_without_a_configuration_nothing_is_said(self) -> None:
        assert "pluginConfig" not in render("istio-wasmplugin", SOURCE)

    def test_names_become_those_of_kubernetes(self) -> None:
        plugin = self.plugin(replace(SOURCE, name="a__b.c_d"))

        assert plugin["metadata"]["name"] == "a--b.c-d"

    @pytest.mark.parametrize(
        ("contexts", "wanted", "kind"),
        [
            (("http",), None, None),
            (("tcp",), None, "NETWORK"),
            (("http", "tcp"), None, None),
            (("http", "tcp"), "network", "NETWORK"),
            (("tcp",), "http", None),
        ],
    )
    def test_a_module_for_connections_only_is_a_network_plugin(
        self, contexts: tuple[str, ...], wanted: str | None, kind: str | None
    ) -> None:
        plugin = self.plugin(replace(SOURCE, contexts=contexts), filter_type=wanted)

        assert plugin["spec"].get("type") == kind

    def test_the_image_is_named_by_its_own_tag(self) -> None:
        plugin = self.plugin(replace(SOURCE, tag="canonical-1.2.0"))

        assert plugin["spec"]["url"] == "oci://hub.example/acme/jwt:canonical-1.2.0"

    def test_an_image_without_a_tag_is_named_by_its_digest(self) -> None:
        plugin = self.plugin(replace(SOURCE, tag=None))

        assert plugin["spec"]["url"] == f"oci://hub.example/acme/jwt@{SOURCE.manifest_digest}"

    def test_options_are_followed(self) -> None:
        plugin = self.plugin(plugin_name="mine", kubernetes_namespace="edge", phase="STATS")

        assert plugin["metadata"] == {"name": "mine", "namespace": "edge"}
        assert plugin["spec"]["phase"] == "STATS"


class TestEnvoy:
    def resources(self, source: ModuleSource = SOURCE, **options: Any) -> Any:
        bootstrap = load(render("envoy", source, Options(**options)))
        assert list(bootstrap) == ["static_resources"]
        return bootstrap["static_resources"]

    def manager(self, source: ModuleSource = SOURCE, **options: Any) -> Any:
        [listener] = self.resources(source, **options)["listeners"]
        return listener["filter_chains"][0]["filters"][0]["typed_config"]

    def plugin(self, source: ModuleSource = SOURCE, **options: Any) -> Any:
        wasm, router = self.manager(source, **options)["http_filters"]
        assert router["name"] == "envoy.filters.http.router"
        return wasm["typed_config"]["config"]

    def test_it_listens_on_loopback(self) -> None:
        [listener] = self.resources(listen_port=18080)["listeners"]

        assert listener["address"] == {
            "socket_address": {"address": "127.0.0.1", "port_value": 18080}
        }

    def test_a_public_module_is_fetched_by_its_own_sha256(self) -> None:
        plugin = self.plugin()

        remote = plugin["vm_config"]["code"]["remote"]
        assert remote["sha256"] == SOURCE.module_sha256
        assert remote["http_uri"] == {
            "uri": f"https://hub.example/download/acme/jwt/{SOURCE.module_sha256}.wasm",
            "cluster": "wasmhub",
            "timeout": "30s",
        }
        assert remote["retry_policy"]["num_retries"] > 0
        assert plugin["failure_policy"] == "FAIL_CLOSED"
        assert plugin["root_id"] == "jwt_root"
        assert plugin["vm_config"]["runtime"] == "envoy.wasm.runtime.v8"

    def test_the_hub_is_reached_by_tls_with_its_name_checked(self) -> None:
        [cluster] = self.resources()["clusters"]

        [endpoint] = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        address = endpoint["endpoint"]["address"]["socket_address"]
        tls = cluster["transport_socket"]["typed_config"]
        validation = tls["common_tls_context"]["validation_context"]
        assert (cluster["name"], cluster["type"]) == ("wasmhub", "STRICT_DNS")
        assert address == {"address": "hub.example", "port_value": 443}
        assert tls["sni"] == "hub.example"
        assert validation["trusted_ca"]["filename"].startswith("/etc/ssl/")
        assert validation["match_typed_subject_alt_names"] == [
            {"san_type": "DNS", "matcher": {"exact": "hub.example"}}
        ]

    def test_an_address_is_no_server_name(self) -> None:
        [cluster] = self.resources(replace(SOURCE, origin="https://[::1]:8443"))["clusters"]

        tls = cluster["transport_socket"]["typed_config"]
        assert "sni" not in tls
        assert "IP_ADDRESS" in str(tls)
        assert "'address': '::1', 'port_value': 8443" in str(cluster)

    def test_a_plain_http_hub_is_reached_without_tls(self) -> None:
        [cluster] = self.resources(replace(SOURCE, origin="http://127.0.0.1"))["clusters"]

        assert "transport_socket" not in cluster
        assert "'address': '127.0.0.1', 'port_value': 80" in str(cluster)

    def test_a_private_module_is_read_from_a_file(self) -> None:
        text = render("envoy", PRIVATE)

        assert self.plugin(PRIVATE)["vm_config"]["code"] == {
            "local": {"filename": "./jwt-1.2.0.wasm"}
        }
        assert self.resources(PRIVATE)["clusters"] == []
        [command] = [line for line in comments(text) if "curl" in line]
        assert command == (
            '#   curl -fL -H "Authorization: Bearer $WASMHUB_TOKEN" -o jwt-1.2.0.wasm '
            f"https://hub.example/download/acme/jwt/{PRIVATE.module_sha256}.wasm"
        )

    def test_the_configuration_is_passed_on_as_it_is(self) -> None:
        assert self.plugin(config="a: [\n")["configuration"] == {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": "a: [\n",
        }
        assert "configuration" not in self.plugin()

    def test_without_an_upstream_envoy_answers_itself(self) -> None:
        [host] = self.manager()["route_config"]["virtual_hosts"]

        assert host["routes"][0]["direct_response"] == {
            "status": 200,
            "body": {"inline_string": "hello from Envoy\n"},
        }

    def test_an_upstream_is_forwarded_to(self) -> None:
        [host] = self.manager(upstream="app.example:8080")["route_config"]["virtual_hosts"]
        upstream, hub = self.resources(upstream="app.example:8080")["clusters"]

        assert host["routes"][0]["route"] == {"cluster": "upstream"}
        assert (upstream["name"], upstream["type"]) == ("upstream", "STRICT_DNS")
        assert "'address': 'app.example', 'port_value': 8080" in str(upstream)
        assert hub["name"] == "wasmhub"


class TestUntrustedTexts:
    @settings(deadline=None, max_examples=50)
    @given(short, short)
    def test_they_stay_in_their_place(self, config: str, root_id: str) -> None:
        try:
            options = Options(config=config)
            source = replace(SOURCE, root_id=root_id)
        except InvalidOptionError:
            return

        text = render("envoy", source, options)

        assert text.isascii()
        plugin = TestEnvoy().plugin(source, config=config)
        assert plugin["root_id"] == root_id
        assert plugin.get("configuration", {}).get("value", "") == config

    @settings(deadline=None, max_examples=50)
    @given(short)
    def test_a_comment_stays_a_comment(self, config: str) -> None:
        text = render("istio-wasmplugin", PRIVATE, Options(config=f"-{config}"))

        assert text.isascii()
        assert load(text) == load(render("istio-wasmplugin", PRIVATE))
        assert text.splitlines()[len(comments(text))] == "apiVersion: extensions.istio.io/v1alpha1"

    @settings(deadline=None, max_examples=50)
    @given(st.dictionaries(short, st.recursive(short | st.integers(), st.lists, max_leaves=4)))
    def test_an_object_is_read_back_the_same(self, config: dict[str, Any]) -> None:
        text = render("istio-wasmplugin", SOURCE, Options(config=json.dumps(config)))

        assert load(text)["spec"]["pluginConfig"] == config

    @pytest.mark.parametrize("word", ["y", "NO", "on", "1e3", "0o7", "1:30", "null", "~", "=", ""])
    def test_words_that_readers_disagree_about_are_quoted(self, word: str) -> None:
        text = render("istio-wasmplugin", SOURCE, Options(config=json.dumps({"a": word})))

        assert f'a: "{word}"\n' in text

    def test_equal_values_are_written_out_twice(self) -> None:
        text = render("istio-wasmplugin", SOURCE, Options(config='{"a": [1], "b": [1]}'))

        assert "&" not in text
        assert "*" not in text

    def test_a_long_list_is_written_in_time(self) -> None:
        started = time.perf_counter()

        render("istio-wasmplugin", SOURCE, Options(config='{"a": [' + "1," * 32_000 + "1]}"))

        assert time.perf_counter() - started < 10


class TestRefused:
    @pytest.mark.parametrize(
        "options",
        [
            {"listen_port": 0},
            {"listen_port": 65536},
            {"listen_port": True},
            {"upstream": ""},
            {"upstream": "app.example"},
            {"upstream": "app.example:0"},
            {"upstream": "app.example:99999"},
            {"upstream": "http://app.example:80"},
            {"upstream": "app.example:80/x"},
            {"upstream": "app example:80"},
            {"upstream": "a\nb:80"},
            {"upstream": "[::1]"},
            {"upstream": "::1:80"},
            {"phase": "FIRST"},
            {"filter_type": "tcp"},
            {"plugin_name": ""},
            {"plugin_name": "A"},
            {"plugin_name": "a\n"},
            {"plugin_name": "a-.b"},
            {"plugin_name": "a" * 254},
            {"kubernetes_namespace": "a b"},
            {"pull_secret": "a/b"},
            {"config": "x" * 65_537},
            {"config": "\ud800"},
        ],
    )
    def test_options_that_break_their_rule(self, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidOptionError, match=r"\.$"):
            Options(**options)

    @pytest.mark.parametrize(
        "upstream", ["a:1", "127.0.0.1:8080", "[::1]:8080", "a-b.example:65535"]
    )
    def test_good_upstreams_are_not(self, upstream: str) -> None:
        assert Options(upstream=upstream).upstream == upstream

    @pytest.mark.parametrize(
        "change",
        [
            {"origin": "hub.example"},
            {"origin": "ftp://hub.example"},
            {"origin": "https://hub.example/x"},
            {"origin": "https://user@hub.example"},
            {"origin": "https://hub.example:0"},
            {"origin": "https://hub.example?x"},
            {"origin": "https://hub.example\n"},
            {"namespace": "a/b"},
            {"name": "a b"},
            {"version": "a\nb"},
            {"manifest_digest": "12" * 32},
            {"manifest_digest": "sha512:" + "12" * 64},
            {"module_sha256": "AB" * 32},
            {"module_sha256": "sha256:" + "ab" * 32},
            {"root_id": "\udfff"},
            {"tag": "a b"},
        ],
    )
    def test_sources_that_break_their_rule(self, change: dict[str, Any]) -> None:
        with pytest.raises(InvalidOptionError, match=r"\.$"):
            replace(SOURCE, **change)

    @pytest.mark.parametrize(
        "config", ['{"a":' * 10_000, '{"a":' * 700 + "1" + "}" * 700, '{"a": "\\ud800"}']
    )
    def test_configurations_that_no_yaml_can_carry(self, config: str) -> None:
        with pytest.raises(RenderError, match=r"nested too deep|surrogate"):
            render("istio-wasmplugin", SOURCE, Options(config=config))
