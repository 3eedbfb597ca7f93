;; SPDX-License-Identifier: MIT
;; ada/hello 1.1.0: greet both sides, and write a line to the log when a plugin starts.
(module
  ;; map, name, name size, value, value size -> result
  (import "env" "proxy_replace_header_map_value"
    (func $set_header (param i32 i32 i32 i32 i32) (result i32)))
  ;; level, message, message size -> result
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "x-helloworldupstream")
  (data (i32.const 32) "Hello! This plugin adds x-hello to requests and responses.")

  ;; Which ABI this module speaks: only the name counts.
  (func (export "proxy_abi_version_0_2_1"))

  ;; Where the host may put what it hands over. This filter asks for nothing.
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (i32.const 1024))

  ;; root context, size of the configuration -> 1: it is fine
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $log (i32.const 2) (i32.const 32) (i32.const 58)))   ;; 2: info
    (i32.const 1))

  ;; stream, number of headers, end of stream -> 0: continue
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $set_header
      (i32.const 0)                    ;; request headers
      (i32.const 0) (i32.const 7)      ;; x-hello
      (i32.const 12) (i32.const 8)))   ;; upstream
    (i32.const 0))

  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $set_header
      (i32.const 2)                    ;; response headers
      (i32.const 0) (i32.const 7)      ;; x-hello
      (i32.const 7) (i32.const 5)))    ;; world
    (i32.const 0)))
