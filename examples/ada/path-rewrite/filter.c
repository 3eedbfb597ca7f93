// SPDX-License-Identifier: MIT
// ada/path-rewrite 1.0.0: take a prefix off the path, or put one in front of it.

#include "proxy_wasm_settings.h"

struct settings {
  text lines;
};

// Read "strip /prefix" or "add /prefix"; a slash at the end of the prefix says nothing more.
static bool read_line(text line, bool *is_strip, text *prefix) {
  text word = pw_take(&line, ' ');
  *prefix = pw_trim(line);
  *is_strip = pw_equal(word, TEXT("strip"));
  if (prefix->size > 0 && prefix->data[prefix->size - 1] == '/') prefix->size--;
  return prefix->size > 1 && prefix->data[0] == '/' && (*is_strip || pw_equal(word, TEXT("add")));
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line, prefix;
  bool is_strip;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->lines = rest;
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, &is_strip, &prefix)) continue;
    pw_log_about(PW_ERROR, TEXT("path-rewrite: not 'strip /prefix' or 'add /prefix'"), line);
    return false;
  }
  return true;
}

// Both return a new path, to be given to pw_free().
static text joined(text front, text back) {
  char *data = malloc(front.size + back.size);
  if (data == NULL) __builtin_trap();
  memcpy(data, front.data, front.size);
  memcpy(data + front.size, back.data, back.size);
  return (text){data, front.size + back.size};
}

// /api/users -> /users, /api -> /, /api?q -> /?q; /apis stays.
static text stripped(text path, text prefix) {
  text rest = pw_after(path, prefix.size < path.size ? prefix.size : path.size);
  if (!pw_starts_with(path, prefix)) return joined(path, TEXT(""));
  if (rest.size == 0 || rest.data[0] == '?') return joined(TEXT("/"), rest);
  return rest.data[0] == '/' ? joined(rest, TEXT("")) : joined(path, TEXT(""));
}

static text rewritten(text lines, text path) {
  text line, prefix, now = joined(path, TEXT(""));
  bool is_strip;
  while (pw_next_line(&lines, &line)) {
    if (!read_line(line, &is_strip, &prefix)) continue;
    text before = now;
    now = is_strip ? stripped(before, prefix) : joined(prefix, before);
    pw_free(before);
  }
  return now;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  text path = pw_header(PW_REQUEST_HEADERS, TEXT(":path"));
  // Upstreams trust this header, so a client must not be able to send it.
  pw_remove_header(PW_REQUEST_HEADERS, TEXT("x-original-path"));
  if (path.size > 0 && path.data[0] == '/') {
    text now = rewritten(settings->lines, path);
    if (!pw_equal(path, now)) {
      pw_set_header(PW_REQUEST_HEADERS, TEXT("x-original-path"), path);
      pw_set_header(PW_REQUEST_HEADERS, TEXT(":path"), now);
    }
    pw_free(now);
  }
  pw_free(path);
  return PW_CONTINUE;
}
