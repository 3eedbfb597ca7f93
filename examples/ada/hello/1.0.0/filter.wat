;; SPDX-License-Identifier: MIT
;; ada/hello 1.0.0: add "x-hello: world" to every response. About as small as a filter gets.
(module
  ;; map, name, name size, value, value size -> result
  (import "env" "proxy_replace_header_map_value"
    (func $set_header (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "x-helloworld")

  ;; Which ABI this module speaks: only the name counts.
  (func (export "proxy_abi_version_0_2_1"))

  ;; Where the host may put what it hands over. This filter asks for nothing.
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (i32.const 1024))

  ;; stream, number of headers, end of stream -> 0: continue
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $set_header
      (i32.const 2)                    ;; response headers
      (i32.const 0) (i32.const 7)      ;; x-hello
      (i32.const 7) (i32.const 5)))    ;; world
    (i32.const 0)))
