;; SPDX-License-Identifier: BSD-3-Clause
;; ada/noindex 1.0.0: ask search engines to leave every page of a site out of their index.
(module
  ;; map, name, name size, value, value size -> result
  (import "env" "proxy_replace_header_map_value"
    (func $set_header (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "x-robots-tag" "noindex, nofollow")

  (func (export "proxy_abi_version_0_2_0"))

  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (i32.const 1024))

  ;; stream, number of headers, end of stream -> 0: continue
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $set_header
      (i32.const 2)                     ;; response headers
      (i32.const 0) (i32.const 12)      ;; x-robots-tag
      (i32.const 12) (i32.const 17)))   ;; noindex, nofollow
    (i32.const 0)))
