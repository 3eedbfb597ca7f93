;; SPDX-License-Identifier: Apache-2.0
;; acme/strip-server 1.0.0: take the names of server software out of responses.
(module
  ;; map, name, name size -> result
  (import "env" "proxy_remove_header_map_value"
    (func $remove_header (param i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "serverx-powered-by")

  ;; The oldest ABI that proxies still load: nothing newer is needed.
  (func (export "proxy_abi_version_0_1_0"))

  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (i32.const 1024))

  ;; Under ABI 0.1.0: stream, number of headers -> 0: continue
  (func (export "proxy_on_response_headers") (param i32 i32) (result i32)
    (drop (call $remove_header (i32.const 2) (i32.const 0) (i32.const 6)))    ;; server
    (drop (call $remove_header (i32.const 2) (i32.const 6) (i32.const 12)))   ;; x-powered-by
    (i32.const 0)))
