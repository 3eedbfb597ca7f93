// SPDX-License-Identifier: MIT
// northwind/request-id 1.0.0: give requests that have none an id: the time and a counter.

#include "proxy_wasm.h"

static uint64_t counter;

static size_t put_hex(char *to, uint64_t number, size_t digits) {
  for (size_t i = 0; i < digits; i++) {
    to[digits - 1 - i] = "0123456789abcdef"[number & 15];
    number >>= 4;
  }
  return digits;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  char id[25];
  if (pw_has_header(PW_REQUEST_HEADERS, TEXT("x-request-id"))) return PW_CONTINUE;
  put_hex(id, pw_now(), 16);
  id[16] = '-';
  put_hex(id + 17, counter++, 8);
  pw_set_header(PW_REQUEST_HEADERS, TEXT("x-request-id"), (text){id, sizeof id});
  return PW_CONTINUE;
}
