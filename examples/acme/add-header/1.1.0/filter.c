// SPDX-License-Identifier: Apache-2.0
// acme/add-header 1.1.0: set, add and remove headers of every response.

#include "proxy_wasm_settings.h"

enum act { SET = '=', ADD = '+', REMOVE = '-' };

struct change {
  enum act act;
  text name, value;
};

struct settings {
  text lines;
};

// Read "name: value", "+name: value" or "-name".
static bool read_change(text line, struct change *change) {
  char first = line.data[0];
  change->act = first == ADD || first == REMOVE ? (enum act)first : SET;
  if (change->act != SET) line = pw_after(line, 1);
  if (change->act != REMOVE && pw_find(line, ':') == line.size) return false;
  change->name = pw_take(&line, ':');
  change->value = pw_trim(line);
  return pw_is_header_name(change->name);
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct change change;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->lines = rest.size > 0 ? rest : TEXT("x-hub: acme/add-header");
  while (pw_next_line(&rest, &line)) {
    if (read_change(line, &change)) continue;
    pw_log_about(PW_ERROR, TEXT("add-header: cannot read the line"), line);
    return false;
  }
  return true;
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  text rest = settings->lines, line;
  struct change change;
  while (pw_next_line(&rest, &line)) {
    if (!read_change(line, &change)) continue;
    if (change.act == SET) pw_set_header(PW_RESPONSE_HEADERS, change.name, change.value);
    if (change.act == ADD) pw_add_header(PW_RESPONSE_HEADERS, change.name, change.value);
    if (change.act == REMOVE) pw_remove_header(PW_RESPONSE_HEADERS, change.name);
  }
  return PW_CONTINUE;
}
