// SPDX-License-Identifier: BSD-3-Clause
// northwind/request-counter 1.1.0: count answers by the class of their status, measure how long
// they took and how many are under way.

#include "proxy_wasm_settings.h"

struct settings {
  uint32_t by_class[6];  // aborted, 1xx … 5xx
  uint32_t milliseconds, active;
};

#define NAME_MAX 100

// Define the metric "<prefix>_<name>".
static uint32_t define(enum pw_metric type, text prefix, text name) {
  char room[NAME_MAX + 24];
  memcpy(room, prefix.data, prefix.size);
  room[prefix.size] = '_';
  memcpy(room + prefix.size + 1, name.data, name.size);
  return pw_metric(type, (text){room, prefix.size + 1 + name.size});
}

static bool is_metric_name(text name) {
  for (size_t i = 0; i < name.size; i++) {
    char c = pw_lower(name.data[i]);
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return name.size > 0 && name.size <= NAME_MAX;
}

static bool read_prefix(text rest, text *prefix) {
  text line;
  while (pw_next_line(&rest, &line)) {
    text word = pw_take(&line, ' ');
    *prefix = pw_trim(line);
    if (!pw_equal(word, TEXT("prefix")) || !is_metric_name(*prefix)) return false;
  }
  return true;
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  static const text classes[6] = {TEXT("aborted"), TEXT("1xx"), TEXT("2xx"),
                                  TEXT("3xx"),     TEXT("4xx"), TEXT("5xx")};
  text rest, prefix = TEXT("requests");
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  if (!read_prefix(rest, &prefix)) {
    pw_log(PW_ERROR, TEXT("request-counter: only lines 'prefix <letters, digits, _>' are known"));
    return false;
  }
  for (size_t i = 0; i < 6; i++)
    settings->by_class[i] = define(PW_COUNTER, prefix, classes[i]);
  settings->milliseconds = define(PW_HISTOGRAM, prefix, TEXT("milliseconds"));
  settings->active = define(PW_GAUGE, prefix, TEXT("active"));
  return true;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  *pw_note(stream) = pw_now();
  proxy_increment_metric(settings->active, 1);
  return PW_CONTINUE;
}

PW_EXPORT(proxy_on_log)
void on_log(uint32_t stream) {
  struct settings *settings = pw_settings(stream);
  uint64_t begun = *pw_note(stream);
  text status = pw_header(PW_RESPONSE_HEADERS, TEXT(":status"));
  bool is_known = status.size == 3 && status.data[0] >= '1' && status.data[0] <= '5';
  proxy_increment_metric(settings->by_class[is_known ? status.data[0] - '0' : 0], 1);
  pw_free(status);
  if (begun == 0) return;  // answered by a filter in front of this one
  proxy_increment_metric(settings->active, -1);
  proxy_record_metric(settings->milliseconds, (pw_now() - begun) / 1000000);
}
