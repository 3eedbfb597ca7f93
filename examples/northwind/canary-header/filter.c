// SPDX-License-Identifier: MIT
// northwind/canary-header 1.1.0: mark a share of the requests for the canary, at random or
// always the same users.

#include "proxy_wasm_settings.h"

struct settings {
  uint64_t percent;
  text header;
  text key;  // the request header that tells users apart; none: every request by itself
};

static bool read_line(text line, struct settings *settings) {
  text word = pw_take(&line, ' '), value = pw_trim(line);
  if (pw_equal(word, TEXT("percent")))
    return pw_number(value, &settings->percent) && settings->percent <= 100;
  if (pw_equal(word, TEXT("header"))) settings->header = value;
  else if (pw_equal(word, TEXT("key"))) settings->key = value;
  else return false;
  return pw_is_header_name(value);
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  *settings = (struct settings){10, TEXT("x-canary"), {NULL, 0}};
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, settings)) continue;
    pw_log_about(PW_ERROR, TEXT("canary-header: cannot read the line"), line);
    return false;
  }
  return true;
}

// FNV-1a, then a finishing mix: similar keys must not end up in the same percent.
static uint64_t hash(text key) {
  uint64_t number = 0xcbf29ce484222325;
  for (size_t i = 0; i < key.size; i++) number = (number ^ (uint8_t)key.data[i]) * 0x100000001b3;
  number = (number ^ (number >> 33)) * 0xff51afd7ed558ccd;
  return number ^ (number >> 33);
}

static uint64_t draw(const struct settings *settings) {
  if (settings->key.size == 0) return pw_random();
  text key = pw_header(PW_REQUEST_HEADERS, settings->key);
  uint64_t number = key.data == NULL ? pw_random() : hash(key);
  pw_free(key);
  return number;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  bool is_canary = draw(settings) % 100 < settings->percent;
  pw_set_header(PW_REQUEST_HEADERS, settings->header, is_canary ? TEXT("true") : TEXT("false"));
  return PW_CONTINUE;
}
