// SPDX-License-Identifier: Apache-2.0
// acme/add-header 1.0.0: set headers of every response.

#include "proxy_wasm_settings.h"

struct settings {
  text lines;
};

static bool read_pair(text line, pw_pair *pair) {
  if (pw_find(line, ':') == line.size) return false;
  pair->name = pw_take(&line, ':');
  pair->value = pw_trim(line);
  return pw_is_header_name(pair->name);
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  pw_pair pair;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->lines = rest.size > 0 ? rest : TEXT("x-hub: acme/add-header");
  while (pw_next_line(&rest, &line)) {
    if (read_pair(line, &pair)) continue;
    pw_log_about(PW_ERROR, TEXT("add-header: not a line of the form name: value"), line);
    return false;
  }
  return true;
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  text rest = settings->lines, line;
  pw_pair pair;
  while (pw_next_line(&rest, &line))
    if (read_pair(line, &pair)) pw_set_header(PW_RESPONSE_HEADERS, pair.name, pair.value);
  return PW_CONTINUE;
}
