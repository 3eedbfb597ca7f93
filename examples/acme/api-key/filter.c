// SPDX-License-Identifier: BSD-3-Clause
// acme/api-key 1.0.0: let in only requests that bring a known key.

#include "proxy_wasm_settings.h"

struct settings {
  text header;
  text lines;  // among them "key <value>"
};

// Return what follows the word in a line "<word> <value>", or nothing.
static text value_after(text word, text line) {
  return pw_equal(pw_take(&line, ' '), word) ? pw_trim(line) : (text){NULL, 0};
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  *settings = (struct settings){TEXT("x-api-key"), rest};
  while (pw_next_line(&rest, &line)) {
    text header = value_after(TEXT("header"), line);
    if (pw_is_header_name(header)) settings->header = header;
    // The line itself may hold a key, so it is not logged.
    else if (value_after(TEXT("key"), line).size == 0) {
      pw_log(PW_ERROR, TEXT("api-key: a line is neither 'header <name>' nor 'key <value>'"));
      return false;
    }
  }
  return true;
}

// Take the same time wherever the first difference is: a guess must not be told how far it got.
static bool is_same(text a, text b) {
  uint32_t difference = a.size ^ b.size;
  for (size_t i = 0; i < a.size && i < b.size; i++) difference |= (uint8_t)(a.data[i] ^ b.data[i]);
  return difference == 0;
}

static bool is_known(const struct settings *settings, text key) {
  text rest = settings->lines, line;
  bool known = false;
  while (pw_next_line(&rest, &line)) {
    text value = value_after(TEXT("key"), line);
    if (value.size > 0) known |= is_same(value, key);
  }
  return known;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  static const text body = TEXT("{\"title\": \"A known API key is needed.\", \"status\": 401}\n");
  static const pw_pair headers[] = {
      {TEXT("content-type"), TEXT("application/problem+json")},
      {TEXT("www-authenticate"), TEXT("ApiKey")},
  };
  struct settings *settings = pw_settings(stream);
  text key = pw_header(PW_REQUEST_HEADERS, settings->header);
  bool known = is_known(settings, key);
  pw_free(key);
  if (!known) {
    pw_reply(401, body, headers, 2);
    return PW_STOP;
  }
  pw_remove_header(PW_REQUEST_HEADERS, settings->header);
  return PW_CONTINUE;
}
