// SPDX-License-Identifier: MIT
// northwind/request-id 1.1.0: give requests that have none a random id (UUID version 4), and
// tell it to the client.

#include "proxy_wasm_settings.h"

struct settings {
  text header;
  bool is_silent;  // towards the client
};

static bool read_line(text line, struct settings *settings) {
  text word = pw_take(&line, ' '), value = pw_trim(line);
  if (pw_equal(word, TEXT("header"))) {
    settings->header = value;
    return pw_is_header_name(value);
  }
  settings->is_silent = pw_equal(value, TEXT("off"));
  return pw_equal(word, TEXT("response")) &&
         (settings->is_silent || pw_equal(value, TEXT("on")));
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->header = TEXT("x-request-id");
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, settings)) continue;
    pw_log_about(PW_ERROR, TEXT("request-id: cannot read the line"), line);
    return false;
  }
  return true;
}

// Return a new UUID, to be given to pw_free(): 122 random bits, version 4, variant 10
// (RFC 9562, 5.4).
static text uuid(void) {
  uint8_t bytes[16];
  wasi_random_get(bytes, sizeof bytes);
  bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
  bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
  char *data = malloc(36);
  if (data == NULL) __builtin_trap();
  size_t at = 0;
  for (size_t i = 0; i < sizeof bytes; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) data[at++] = '-';
    data[at++] = "0123456789abcdef"[bytes[i] >> 4];
    data[at++] = "0123456789abcdef"[bytes[i] & 15];
  }
  return (text){data, at};
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  text id = pw_header(PW_REQUEST_HEADERS, settings->header);
  if (id.size == 0) {
    id = uuid();
    pw_set_header(PW_REQUEST_HEADERS, settings->header, id);
  }
  pw_keep(stream, id);
  return PW_CONTINUE;
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  text id = pw_kept(stream);
  if (!settings->is_silent && id.size > 0) pw_set_header(PW_RESPONSE_HEADERS, settings->header, id);
  return PW_CONTINUE;
}
