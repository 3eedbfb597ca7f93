from __future__ import annotations

import pytest

from tests.wasmhub.wasm_builder import Export, Import, a_filter, wasm_module
from wasmhub.proxywasm import Severity, analyse, facts_of
from wasmhub.proxywasm.abi import MARKERS, WASI_TYPES, callbacks, host_functions

pytestmark = pytest.mark.single_setup

ABIS = sorted(MARKERS.values())
BOTH_WASI = ("wasi_snapshot_preview1", "wasi_unstable")
# The parameters, i for i32 and I for i64, as the host's header file declares them.
WASI = {
    "": "sched_yield",
    "i": "fd_close fd_datasync fd_sync proc_exit",
    "ii": "args_get args_sizes_get clock_res_get environ_get environ_sizes_get fd_fdstat_get "
    "fd_fdstat_set_flags fd_filestat_get fd_prestat_get fd_renumber fd_tell random_get "
    "sock_shutdown",
    "iI": "fd_filestat_set_size",
    "iii": "fd_prestat_dir_name path_create_directory path_remove_directory path_unlink_file "
    "sock_accept",
    "iIi": "clock_time_get",
    "iII": "fd_allocate fd_fdstat_set_rights",
    "iiii": "fd_read fd_write path_symlink poll_oneoff",
    "iIii": "fd_seek",
    "iIIi": "fd_advise fd_filestat_set_times",
    "iiiii": "path_filestat_get sock_send",
    "iiiIi": "fd_pread fd_pwrite fd_readdir",
    "iiiiii": "path_link path_readlink path_rename sock_recv",
    "iiiiIIi": "path_filestat_set_times",
    "iiiiiIIii": "path_open",
}


def findings(data: bytes) -> set[str]:
    return {finding.id for finding in analyse(data).findings}


def errors(data: bytes) -> set[str]:
    found = analyse(data).findings
    return {finding.id for finding in found if finding.severity == Severity.ERROR}


class TestMarker:
    @pytest.mark.parametrize("abi", ABIS)
    def test_each_names_its_abi_whatever_its_type(self, abi: str) -> None:
        marker = Export(f"proxy_abi_version_{abi.replace('.', '_')}", "(i64) -> (i32)")

        assert facts_of(wasm_module(exports=[marker])).abi == abi

    @pytest.mark.parametrize("order", [("0_1_0", "0_2_1"), ("0_2_1", "0_1_0")])
    def test_the_first_of_several_wins(self, order: tuple[str, str]) -> None:
        data = wasm_module(exports=[Export(f"proxy_abi_version_{each}") for each in order])

        assert facts_of(data).abi == order[0].replace("_", ".")

    @pytest.mark.parametrize(
        "export",
        [Export("proxy_abi_version_0_3_0"), Export("proxy_abi_version_0_2_1", kind="memory")],
    )
    def test_another_version_or_another_kind_is_none(self, export: Export) -> None:
        assert facts_of(wasm_module(exports=[export])).abi is None

    def test_only_one_of_a_later_abi_is_named_as_the_cause(self) -> None:
        data = a_filter(abi=None, exports=[Export("proxy_abi_version_0_3_0")])

        (finding,) = (each for each in analyse(data).findings if "marker" in each.id)

        assert "ABI 0.3.0 only" in finding.message


class TestCallbacks:
    @pytest.mark.parametrize("abi", ABIS)
    def test_of_the_right_types_are_taken(self, abi: str) -> None:
        exports = [Export(name, type_) for name, type_ in callbacks(abi).items()]

        assert errors(a_filter(abi=abi.replace(".", "_"), exports=exports)) == set()

    @pytest.mark.parametrize("name", callbacks("0.2.1"))
    def test_of_another_type_are_refused(self, name: str) -> None:
        exports = [Export(name, "(f64) -> ()")]

        assert "proxywasm/callback-type" in findings(a_filter(exports=exports))

    @pytest.mark.parametrize(
        ("abi", "count", "refused"),
        [("0_1_0", 2, False), ("0_1_0", 3, True), ("0_2_0", 3, False), ("0_2_1", 2, True)],
    )
    @pytest.mark.parametrize("side", ["request", "response"])
    def test_for_headers_take_two_arguments_in_0_1_0_and_three_later(
        self, side: str, abi: str, count: int, refused: bool
    ) -> None:
        type_ = f"({' '.join(['i32'] * count)}) -> (i32)"
        data = a_filter(abi=abi, exports=[Export(f"proxy_on_{side}_headers", type_)])

        assert ("proxywasm/callback-type" in findings(data)) is refused

    def test_for_foreign_functions_are_looked_up_since_0_2_0(self) -> None:
        exports = [Export("proxy_on_foreign_function", "() -> ()")]

        assert "proxywasm/callback-type" not in findings(a_filter(abi="0_1_0", exports=exports))
        assert "proxywasm/callback-type" in findings(a_filter(abi="0_2_0", exports=exports))

    def test_are_functions_only(self) -> None:
        exports = [Export("proxy_on_log", kind="global")]

        assert findings(a_filter(exports=exports)) == {"proxywasm/no-callback"}


class TestAllocator:
    GOOD, BAD = "(i32) -> (i32)", "(i64) -> (i32)"

    @pytest.mark.parametrize(
        ("malloc", "on_memory_allocate", "refused"),
        [
            (GOOD, None, False),
            (None, GOOD, False),
            (GOOD, GOOD, False),
            (GOOD, BAD, False),
            (BAD, GOOD, True),
            (BAD, None, True),
            (None, BAD, True),
            (None, None, True),
        ],
    )
    def test_is_malloc_or_else_the_other(
        self, malloc: str | None, on_memory_allocate: str | None, refused: bool
    ) -> None:
        names = {"proxy_on_memory_allocate": on_memory_allocate, "malloc": malloc}
        exports = [Export(name, type_) for name, type_ in names.items() if type_]

        found = findings(a_filter(allocator=None, exports=exports))

        assert ("proxywasm/no-allocator" in found) is refused

    def test_is_a_function(self) -> None:
        hidden = Export("malloc", kind="global")
        good = Export("proxy_on_memory_allocate", "(i32) -> (i32)")

        assert "proxywasm/no-allocator" in findings(a_filter(allocator=hidden))
        assert "proxywasm/no-allocator" not in findings(a_filter(allocator=hidden, exports=[good]))


class TestImports:
    @pytest.mark.parametrize("abi", ABIS)
    def test_of_everything_that_the_host_offers_are_known(self, abi: str) -> None:
        imports = [Import(name, type_) for name, type_ in host_functions(abi).items()]
        wasi = [
            Import(name, type_, module)
            for module in BOTH_WASI
            for name, type_ in WASI_TYPES.items()
        ]

        assert errors(a_filter(abi=abi.replace(".", "_"), imports=imports + wasi)) == set()

    @pytest.mark.parametrize(("letters", "names"), WASI.items())
    def test_of_wasi_have_the_hosts_parameters(self, letters: str, names: str) -> None:
        parameters = " ".join({"i": "i32", "I": "i64"}[letter] for letter in letters)

        for name in names.split():
            result = "" if name == "proc_exit" else "i32"
            assert WASI_TYPES[name] == f"({parameters}) -> ({result})"

    def test_of_wasi_are_45(self) -> None:
        assert sorted(WASI_TYPES) == sorted(" ".join(WASI.values()).split())
        assert len(WASI_TYPES) == 45

    @pytest.mark.parametrize("abi", ABIS)
    def test_are_36_in_every_abi_and_two_beside_them(self, abi: str) -> None:
        common = set.intersection(*(set(host_functions(each)) for each in ABIS))

        assert len(common) == 36 + 2
        assert len(host_functions(abi)) - len(common) == {"0.1.0": 4, "0.2.0": 2, "0.2.1": 3}[abi]

    @pytest.mark.parametrize(
        ("name", "abis"),
        [
            ("proxy_clear_route_cache", {"0_1_0"}),
            ("proxy_continue_stream", {"0_2_0", "0_2_1"}),
            ("proxy_get_log_level", {"0_2_1"}),
        ],
    )
    def test_of_another_abi_are_unknown(self, name: str, abis: set[str]) -> None:
        types = {"proxy_clear_route_cache": "() -> (i32)"}
        wanted = Import(name, types.get(name, "(i32) -> (i32)"))

        for abi in ("0_1_0", "0_2_0", "0_2_1"):
            found = findings(a_filter(abi=abi, imports=[wanted]))
            assert ("wasm/unknown-import" not in found) is (abi in abis)
            assert "wasm/import-type" not in found

    def test_of_the_same_function_twice_are_fine(self) -> None:
        twice = [Import("proxy_log", "(i32 i32 i32) -> (i32)")] * 2

        assert findings(a_filter(imports=twice)) == {"proxywasm/no-callback"}

    @pytest.mark.parametrize(
        ("name", "type_"),
        [
            ("path_link", "(i32 i32 i32 i32 i32 i32 i32) -> (i32)"),
            ("path_symlink", "(i32 i32 i32 i32 i32) -> (i32)"),
            ("proc_exit", "(i32) -> (i32)"),
            ("fd_seek", "(i32 i32 i32 i32) -> (i32)"),
        ],
    )
    @pytest.mark.parametrize("module", BOTH_WASI)
    def test_of_wasi_with_other_types_than_the_hosts_are_refused(
        self, module: str, name: str, type_: str
    ) -> None:
        assert "wasm/import-type" in findings(a_filter(imports=[Import(name, type_, module)]))

    @pytest.mark.parametrize(
        ("name", "type_"),
        [("proxy_record_metric", "(i32 i32) -> (i32)"), ("proxy_log", "(i32 i32 i32) -> ()")],
    )
    def test_of_the_abi_with_other_types_are_refused(self, name: str, type_: str) -> None:
        assert "wasm/import-type" in findings(a_filter(imports=[Import(name, type_)]))

    @pytest.mark.parametrize(
        "wanted",
        [
            Import("proxy_log", "(i32 i32 i32) -> (i32)", module="proxy"),
            Import("fd_write", WASI_TYPES["fd_write"], module="env"),
            Import("proxy_log", "(i32 i32 i32) -> (i32)", module="wasi_unstable"),
            Import("proc_raise", "(i32) -> (i32)", module="wasi_snapshot_preview1"),
        ],
    )
    def test_of_a_known_name_from_another_module_are_unknown(self, wanted: Import) -> None:
        assert "wasm/unknown-import" in findings(a_filter(imports=[wanted]))

    @pytest.mark.parametrize(
        ("wanted", "advice"),
        [
            (Import("abort"), "abort=abort_proc_exit"),
            (Import("__wbindgen_throw", module="wbg"), "wasm-bindgen"),
            (Import("proxy_continue_request", "() -> (i32)"), "belongs to ABI 0.1.0"),
            (Import("__stack_pointer", kind="global"), "define the global"),
            (Import("helper"), "define the function"),
        ],
    )
    def test_that_are_unknown_come_with_the_mend(self, wanted: Import, advice: str) -> None:
        (finding,) = (
            each
            for each in analyse(a_filter(imports=[wanted])).findings
            if each.id == "wasm/unknown-import"
        )

        assert advice in finding.message
        assert finding.where == f"import “env.{wanted.name}”".replace("env.__wb", "wbg.__wb")

    @pytest.mark.parametrize("kind", ["memory", "table"])
    def test_of_one_memory_or_table_are_answered_under_any_name(self, kind: str) -> None:
        assert errors(a_filter(imports=[Import("mine", kind=kind, module="any")])) == set()

    @pytest.mark.parametrize("name", ["nowhere", "proxy_log"])
    def test_in_great_number_are_listed_in_part(self, name: str) -> None:
        data = a_filter(imports=[Import(name)] * 25)

        found = [each for each in analyse(data).findings if each.where.startswith("import")]

        assert len(found) == 21
        assert "5 more imports" in found[-1].message
