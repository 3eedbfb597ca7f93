;; SPDX-License-Identifier: BSD-3-Clause
;; ada/noindex 1.1.0: ask search engines to leave a site alone; answer /robots.txt as well.
;;
;; Memory: constants below 256, 256-263 for what the host returns, from 1024 on what the host
;; hands over. Nothing is kept between two calls, so all hand-overs may start at 1024.
(module
  (import "env" "proxy_get_header_map_value"
    (func $get_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value"
    (func $set_header (param i32 i32 i32 i32 i32) (result i32)))
  ;; status, details, body, headers (a pointer and a size each), gRPC status -> result
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 2)
  (data (i32.const 0) "x-robots-tag" "noindex, nofollow")
  (data (i32.const 32) ":path")
  (data (i32.const 48) "/robots.txt")
  (data (i32.const 64) "User-agent: *\nDisallow: /\n")
  ;; One header: the number of pairs, two sizes, then name and value, each with a zero behind it.
  (data (i32.const 96) "\01\00\00\00" "\0c\00\00\00" "\0a\00\00\00"
    "content-type\00" "text/plain\00")

  (func (export "proxy_abi_version_0_2_0"))

  ;; Room for what the host hands over; the memory grows for paths that are longer than it.
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (block $fits
      (br_if $fits (i32.lt_u (local.get $size) (i32.const 130048)))   ;; 2 pages less 1024
      (br_if $fits (i32.ne (i32.const -1)
        (memory.grow (i32.shr_u (local.get $size) (i32.const 16)))))
      (return (i32.const 0)))
    (i32.const 1024))

  ;; Is the text at $at the path of robots.txt, with or without a query?
  (func $is_robots (param $at i32) (param $size i32) (result i32)
    (local $i i32)
    (if (i32.lt_u (local.get $size) (i32.const 11)) (then (return (i32.const 0))))
    (if (i32.gt_u (local.get $size) (i32.const 11))
      (then (if (i32.ne (i32.load8_u offset=11 (local.get $at)) (i32.const 63))   ;; ?
        (then (return (i32.const 0))))))
    (loop $next
      (if (i32.ne
            (i32.load8_u (i32.add (local.get $at) (local.get $i)))
            (i32.load8_u offset=48 (local.get $i)))
        (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 11))))
    (i32.const 1))

  ;; stream, number of headers, end of stream -> 0: continue, 1: stop
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (call $get_header
          (i32.const 0) (i32.const 32) (i32.const 5) (i32.const 256) (i32.const 260))
      (then (return (i32.const 0))))
    (if (i32.eqz (call $is_robots (i32.load (i32.const 256)) (i32.load (i32.const 260))))
      (then (return (i32.const 0))))
    (drop (call $reply
      (i32.const 200)
      (i32.const 0) (i32.const 0)
      (i32.const 64) (i32.const 26)
      (i32.const 96) (i32.const 36)
      (i32.const -1)))
    (i32.const 1))

  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $set_header
      (i32.const 2)                     ;; response headers
      (i32.const 0) (i32.const 12)      ;; x-robots-tag
      (i32.const 12) (i32.const 17)))   ;; noindex, nofollow
    (i32.const 0)))
