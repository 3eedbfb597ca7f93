// SPDX-License-Identifier: Apache-2.0
// acme/add-header 2.0.0-rc.1: set, add and remove headers of requests and responses.

#include "proxy_wasm_settings.h"

enum act { SET, ADD, REMOVE };

struct change {
  enum pw_map map;
  enum act act;
  text name, value;
};

struct settings {
  text lines;
};

static bool read_map(text word, enum pw_map *map) {
  *map = pw_equal(word, TEXT("request")) ? PW_REQUEST_HEADERS : PW_RESPONSE_HEADERS;
  return *map == PW_REQUEST_HEADERS || pw_equal(word, TEXT("response"));
}

static bool read_act(text word, enum act *act) {
  *act = pw_equal(word, TEXT("add")) ? ADD : pw_equal(word, TEXT("remove")) ? REMOVE : SET;
  return *act != SET || pw_equal(word, TEXT("set"));
}

// Read "request|response set|add name: value" or "request|response remove name".
static bool read_change(text line, struct change *change) {
  if (!read_map(pw_take(&line, ' '), &change->map)) return false;
  line = pw_trim(line);
  if (!read_act(pw_take(&line, ' '), &change->act)) return false;
  bool has_value = pw_find(line, ':') < line.size;
  change->name = pw_take(&line, ':');
  change->value = pw_trim(line);
  return has_value == (change->act != REMOVE) && pw_is_header_name(change->name);
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct change change;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->lines = rest.size > 0 ? rest : TEXT("response set x-hub: acme/add-header");
  while (pw_next_line(&rest, &line)) {
    if (read_change(line, &change)) continue;
    pw_log_about(PW_ERROR, TEXT("add-header: cannot read the line"), line);
    return false;
  }
  return true;
}

static uint32_t apply(uint32_t stream, enum pw_map map) {
  struct settings *settings = pw_settings(stream);
  text rest = settings->lines, line;
  struct change change;
  while (pw_next_line(&rest, &line)) {
    if (!read_change(line, &change) || change.map != map) continue;
    if (change.act == SET) pw_set_header(map, change.name, change.value);
    if (change.act == ADD) pw_add_header(map, change.name, change.value);
    if (change.act == REMOVE) pw_remove_header(map, change.name);
  }
  return PW_CONTINUE;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  return apply(stream, PW_REQUEST_HEADERS);
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  return apply(stream, PW_RESPONSE_HEADERS);
}
