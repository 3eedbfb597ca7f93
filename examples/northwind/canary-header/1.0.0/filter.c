// SPDX-License-Identifier: MIT
// northwind/canary-header 1.0.0: mark a share of the requests for the canary, at random.

#include "proxy_wasm_settings.h"

struct settings {
  uint64_t percent;
};

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->percent = 10;
  while (pw_next_line(&rest, &line)) {
    text word = pw_take(&line, ' ');
    if (pw_equal(word, TEXT("percent")) && pw_number(pw_trim(line), &settings->percent)) continue;
    pw_log(PW_ERROR, TEXT("canary-header: only lines 'percent <number>' are known"));
    return false;
  }
  return settings->percent <= 100;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  bool is_canary = pw_random() % 100 < settings->percent;
  pw_set_header(PW_REQUEST_HEADERS, TEXT("x-canary"), is_canary ? TEXT("true") : TEXT("false"));
  return PW_CONTINUE;
}
