// SPDX-License-Identifier: BSD-3-Clause
// mira/body-size-limit 1.0.0: refuse request bodies over a limit, announced or not.

#include "proxy_wasm_settings.h"

struct settings {
  uint64_t limit;  // bytes
};

// Read "512", "64k" or "10m".
static bool read_size(text value, uint64_t *bytes) {
  uint64_t unit = 1;
  char last = value.size > 0 ? pw_lower(value.data[value.size - 1]) : 0;
  if (last == 'k') unit = 1024;
  if (last == 'm') unit = 1024 * 1024;
  if (unit > 1) value.size--;
  if (value.size > 9 || !pw_number(value, bytes)) return false;
  *bytes *= unit;
  return true;
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->limit = 1024 * 1024;
  while (pw_next_line(&rest, &line)) {
    text word = pw_take(&line, ' ');
    if (pw_equal(word, TEXT("limit")) && read_size(pw_trim(line), &settings->limit)) continue;
    pw_log(PW_ERROR, TEXT("body-size-limit: only lines such as 'limit 64k' are known"));
    return false;
  }
  return true;
}

static uint32_t refuse(void) {
  static const pw_pair headers[] = {
      {TEXT("content-type"), TEXT("text/plain")},
      // The rest of the body is still on its way: the connection is of no more use.
      {TEXT("connection"), TEXT("close")},
  };
  pw_reply(413, TEXT("The body is larger than allowed.\n"), headers, 2);
  return PW_STOP;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  uint64_t length = 0;
  text announced = pw_header(PW_REQUEST_HEADERS, TEXT("content-length"));
  bool is_number = pw_number(announced, &length);
  // What is announced but too long for pw_number() is too large anyway.
  bool is_over = is_number ? length > settings->limit : announced.size > 0;
  pw_free(announced);
  return is_over ? refuse() : PW_CONTINUE;
}

// A body in chunks announces nothing, so its bytes are counted as they pass.
PW_EXPORT(proxy_on_request_body)
uint32_t on_request_body(uint32_t stream, uint32_t size, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  uint64_t *seen = pw_note(stream);
  *seen += size;
  return *seen > settings->limit ? refuse() : PW_CONTINUE;
}
