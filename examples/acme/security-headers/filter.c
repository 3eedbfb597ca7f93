// SPDX-License-Identifier: MPL-2.0
// acme/security-headers 1.1.0: add the headers that make browsers careful, unless the
// application has set them itself.

#include "proxy_wasm_settings.h"

#define COUNT 6

static const pw_pair DEFAULTS[COUNT] = {
    {TEXT("strict-transport-security"), TEXT("max-age=31536000; includeSubDomains")},
    {TEXT("x-content-type-options"), TEXT("nosniff")},
    {TEXT("x-frame-options"), TEXT("DENY")},
    {TEXT("referrer-policy"), TEXT("strict-origin-when-cross-origin")},
    {TEXT("permissions-policy"), TEXT("camera=(), geolocation=(), microphone=()")},
    {TEXT("cross-origin-opener-policy"), TEXT("same-origin")},
};

struct settings {
  pw_pair headers[COUNT];
  text others;  // lines with headers that are none of the defaults
};

static pw_pair read_pair(text line) {
  text name = pw_take(&line, ':');
  return (pw_pair){name, pw_trim(line)};
}

static bool is_off(text value) { return pw_equal(value, TEXT("off")); }

static pw_pair *default_of(struct settings *settings, text name) {
  for (size_t i = 0; i < COUNT; i++)
    if (pw_equal(settings->headers[i].name, name)) return &settings->headers[i];
  return NULL;
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  for (size_t i = 0; i < COUNT; i++) settings->headers[i] = DEFAULTS[i];
  settings->others = rest;
  while (pw_next_line(&rest, &line)) {
    pw_pair pair = read_pair(line);
    pw_pair *known = default_of(settings, pair.name);
    if (known != NULL) known->value = pair.value;
    if (pw_is_header_name(pair.name) && pair.value.size > 0) continue;
    pw_log_about(PW_ERROR, TEXT("security-headers: not a line of the form name: value"), line);
    return false;
  }
  return true;
}

static void add_if_missing(pw_pair pair) {
  if (!is_off(pair.value) && !pw_has_header(PW_RESPONSE_HEADERS, pair.name))
    pw_add_header(PW_RESPONSE_HEADERS, pair.name, pair.value);
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  text rest = settings->others, line;
  for (size_t i = 0; i < COUNT; i++) add_if_missing(settings->headers[i]);
  while (pw_next_line(&rest, &line)) {
    pw_pair pair = read_pair(line);
    if (default_of(settings, pair.name) == NULL) add_if_missing(pair);
  }
  return PW_CONTINUE;
}
