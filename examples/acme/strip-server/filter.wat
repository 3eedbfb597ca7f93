;; SPDX-License-Identifier: Apache-2.0
;; acme/strip-server 1.1.0: take the names of server software out of responses, from a list.
(module
  ;; map, name, name size -> result
  (import "env" "proxy_remove_header_map_value"
    (func $remove_header (param i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  ;; Each name behind a byte with its length; a zero ends the list.
  (data (i32.const 0)
    "\06server"
    "\0cx-powered-by"
    "\0bx-generator"
    "\10x-aspnet-version"
    "\13x-aspnetmvc-version"
    "\09x-runtime"
    "\00")

  ;; The oldest ABI that proxies still load: nothing newer is needed.
  (func (export "proxy_abi_version_0_1_0"))

  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (i32.const 1024))

  ;; Under ABI 0.1.0: stream, number of headers -> 0: continue
  (func (export "proxy_on_response_headers") (param i32 i32) (result i32)
    (local $at i32)
    (local $size i32)
    (block $done
      (loop $next
        (local.set $size (i32.load8_u (local.get $at)))
        (br_if $done (i32.eqz (local.get $size)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (drop (call $remove_header (i32.const 2) (local.get $at) (local.get $size)))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (br $next)))
    (i32.const 0)))
