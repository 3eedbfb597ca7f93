// SPDX-License-Identifier: Apache-2.0
// ada/maintenance 1.0.0: while it is switched on, answer 503 with a page that says so.

#include "proxy_wasm_settings.h"

#define PAGE_START                                                                       \
  "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Back soon</title>\n" \
  "<h1>Back soon</h1>\n<p>"
#define PAGE_END "</p>\n"

struct settings {
  bool is_on;
  text message, retry_after;
  text lines;  // among them "allow /prefix"
};

static bool read_line(text line, struct settings *settings) {
  uint64_t seconds;
  text word = pw_take(&line, ' '), value = pw_trim(line);
  if (pw_equal(word, TEXT("on")) || pw_equal(word, TEXT("off"))) {
    settings->is_on = word.size == 2;
    return value.size == 0;
  }
  if (pw_equal(word, TEXT("allow"))) return value.size > 0 && value.data[0] == '/';
  if (pw_equal(word, TEXT("message"))) settings->message = value;
  else if (pw_equal(word, TEXT("retry-after"))) settings->retry_after = value;
  else return false;
  return word.size == 7 ? value.size > 0 : pw_number(value, &seconds);
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  *settings = (struct settings){
      false, TEXT("We are working on this site. Please try again in a few minutes."), TEXT("300"),
      rest};
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, settings)) continue;
    pw_log_about(PW_ERROR, TEXT("maintenance: cannot read the line"), line);
    return false;
  }
  return true;
}

static bool is_allowed(text rest, text path) {
  text line;
  while (pw_next_line(&rest, &line))
    if (pw_equal(pw_take(&line, ' '), TEXT("allow")) && pw_starts_with(path, pw_trim(line)))
      return true;
  return false;
}

static text page(text message) {
  static const text start = TEXT(PAGE_START), end = TEXT(PAGE_END);
  char *data = malloc(start.size + message.size + end.size);
  if (data == NULL) __builtin_trap();
  memcpy(data, start.data, start.size);
  memcpy(data + start.size, message.data, message.size);
  memcpy(data + start.size + message.size, end.data, end.size);
  return (text){data, start.size + message.size + end.size};
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  if (!settings->is_on) return PW_CONTINUE;
  text path = pw_header(PW_REQUEST_HEADERS, TEXT(":path"));
  bool allowed = is_allowed(settings->lines, path);
  pw_free(path);
  if (allowed) return PW_CONTINUE;
  const pw_pair headers[] = {
      {TEXT("content-type"), TEXT("text/html; charset=utf-8")},
      {TEXT("retry-after"), settings->retry_after},
      {TEXT("cache-control"), TEXT("no-store")},
  };
  text body = page(settings->message);
  pw_reply(503, body, headers, 3);
  pw_free(body);
  return PW_STOP;
}
