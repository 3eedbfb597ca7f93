"""What a module can do is said in words, compared between versions, and can be all it may do."""

from __future__ import annotations

import pytest

from tests.wasmhub.proxywasm.samples import COMPONENT, GOOD
from tests.wasmhub.wasm_builder import Export, Import, a_filter, wasm_module
from wasmhub.proxywasm import (
    CAPABILITIES,
    capability_changes,
    capability_restriction,
    facts_of,
    in_words,
)
from wasmhub.proxywasm.abi import MARKERS, WASI_TYPES, callbacks, host_functions
from wasmhub.proxywasm.capabilities import BY_EXPORT, BY_IMPORT

pytestmark = pytest.mark.single_setup

ABIS = sorted(MARKERS.values())
# They tell a module of itself, or do nothing in a proxy.
PLAIN_IMPORTS = set(
    """proxy_done proxy_get_buffer_bytes proxy_get_buffer_status proxy_get_configuration
    proxy_get_log_level proxy_get_status proxy_set_effective_context pthread_equal
    emscripten_notify_memory_growth args_get args_sizes_get proc_exit sched_yield poll_oneoff
    fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags
    fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times
    fd_prestat_dir_name fd_prestat_get fd_renumber fd_seek fd_sync fd_tell""".split()
)
# The beginning and the end of a context, and answers to what the module asked for itself.
PLAIN_CALLBACKS = {
    f"proxy_{name}"
    for name in """on_vm_start on_configure validate_configuration on_context_create on_done
    on_delete on_tick on_queue_ready on_http_call_response on_grpc_receive on_grpc_close
    on_grpc_receive_initial_metadata on_grpc_receive_trailing_metadata
    on_downstream_connection_close on_upstream_connection_close""".split()
}


class TestWords:
    def test_are_there_for_every_function_of_the_proxy_that_means_something(self) -> None:
        offered = {name for abi in ABIS for name in host_functions(abi)} | set(WASI_TYPES)

        assert set(BY_IMPORT) | PLAIN_IMPORTS == offered
        assert not set(BY_IMPORT) & PLAIN_IMPORTS

    def test_are_there_for_every_callback_that_brings_something(self) -> None:
        called = {name for abi in ABIS for name in callbacks(abi)}

        assert set(BY_EXPORT) | PLAIN_CALLBACKS == called
        assert not set(BY_EXPORT) & PLAIN_CALLBACKS

    def test_are_sentences_and_none_is_left_over(self) -> None:
        assert set(CAPABILITIES) == {*BY_IMPORT.values(), *BY_EXPORT.values()}
        assert all(each[0].isupper() and each.endswith(".") for each in CAPABILITIES.values())

    def test_tell_that_the_environment_can_be_read(self) -> None:
        wanted = [Import("environ_get", "(i32 i32) -> (i32)", "wasi_unstable")]

        capabilities = facts_of(wasm_module(imports=wanted)).capabilities

        assert in_words(capabilities) == [
            {"name": "environment", "sentence": CAPABILITIES["environment"]}
        ]

    def test_of_a_capability_that_is_no_more_are_its_name(self) -> None:
        assert in_words(["telepathy"]) == [{"name": "telepathy", "sentence": ""}]


class TestChanges:
    def test_are_what_was_gained_and_what_was_lost(self) -> None:
        changes = capability_changes(["log", "timer"], ["http-call", "log", "clock"])

        assert (changes.gained, changes.lost) == (("clock", "http-call"), ("timer",))
        assert changes.as_json() == {
            "gained": in_words(["clock", "http-call"]),
            "lost": in_words(["timer"]),
        }


class TestRestriction:
    def allowed(self, data: bytes) -> set[str]:
        facts = facts_of(data)
        restriction = capability_restriction(facts)

        assert restriction == capability_restriction(facts.as_json())
        assert set(restriction) == {"allowed_capabilities"}
        assert all(each == {} for each in restriction["allowed_capabilities"].values())
        return set(restriction["allowed_capabilities"])

    def test_allows_what_is_imported_and_exported_and_nothing_else(self) -> None:
        data = a_filter(
            imports=[
                Import("proxy_log", "(i32 i32 i32) -> (i32)"),
                Import("fd_write", WASI_TYPES["fd_write"], "wasi_unstable"),
            ],
            exports=[Export("proxy_on_log", "(i32) -> ()"), Export("helper")],
        )

        assert self.allowed(data) == {"proxy_log", "fd_write", "proxy_on_log"}

    def test_leaves_out_what_is_no_capability(self) -> None:
        data = a_filter(
            imports=[
                Import("pthread_equal", "(i32 i32) -> (i32)"),
                Import("fd_write", WASI_TYPES["fd_write"]),
                Import("proxy_log", "() -> ()", "elsewhere"),
                Import("proxy_done", kind="global"),
            ],
            exports=[Export("proxy_on_request_headers", "(i32 i32 i32) -> (i32)")],
        )

        assert self.allowed(data) == {"proxy_on_request_headers"}

    @pytest.mark.parametrize("data", [a_filter(), COMPONENT, b""])
    def test_is_never_empty_since_that_would_allow_everything(self, data: bytes) -> None:
        assert self.allowed(data) == {"proxy_on_context_create"}

    def test_follows_the_abi_of_the_module(self) -> None:
        foreign = [Export("proxy_on_foreign_function", "(i32 i32 i32) -> ()")]

        assert "proxy_on_foreign_function" in self.allowed(a_filter(exports=foreign))
        assert "proxy_on_foreign_function" not in self.allowed(
            a_filter(abi="0_1_0", exports=foreign)
        )

    def test_of_a_good_filter_has_its_callback(self) -> None:
        assert self.allowed(GOOD) == {"proxy_on_request_headers"}
