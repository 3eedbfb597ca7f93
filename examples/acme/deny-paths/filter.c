// SPDX-License-Identifier: Apache-2.0
// acme/deny-paths 1.1.0: close paths, however they are spelled.

#include "proxy_wasm_settings.h"

// What scanners ask every site for, and no site means to serve.
#define USUAL "/.aws\n/.env\n/.git\n/.ssh\n/.svn\n/wp-login.php\n"

struct settings {
  text prefixes;
  uint64_t status;
};

static bool read_line(text line, struct settings *settings) {
  if (line.data[0] == '/') return true;
  text word = pw_take(&line, ' ');
  if (!pw_equal(word, TEXT("status")) || !pw_number(pw_trim(line), &settings->status)) return false;
  return settings->status >= 400 && settings->status <= 599;
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->prefixes = rest.size > 0 ? rest : TEXT(USUAL);
  settings->status = 403;
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, settings)) continue;
    pw_log_about(PW_ERROR, TEXT("deny-paths: cannot read the line"), line);
    return false;
  }
  return true;
}

static int hex(char c) {
  c = pw_lower(c);
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Decode %41 and the like once, in place, and make backslashes slashes. The query goes.
static text decoded(char *data, size_t size) {
  size_t to = 0;
  for (size_t from = 0; from < size && data[from] != '?' && data[from] != '#'; from++) {
    char c = data[from];
    if (c == '%' && from + 2 < size && hex(data[from + 1]) >= 0 && hex(data[from + 2]) >= 0) {
      c = (char)(hex(data[from + 1]) * 16 + hex(data[from + 2]));
      from += 2;
    }
    data[to++] = c == '\\' ? '/' : c;
  }
  return (text){data, to};
}

// Drop empty and "." segments and let ".." take the one before (RFC 3986, 5.2.4), in place.
static text without_dots(text path) {
  char *data = (char *)path.data;
  size_t to = 0;
  if (path.size == 0 || data[0] != '/') return path;  // OPTIONS *
  while (path.size > 0) {
    size_t end = pw_find(path, '/');
    text segment = {path.data, end};
    path = pw_after(path, end < path.size ? end + 1 : end);
    if (segment.size == 0 || pw_equal(segment, TEXT("."))) continue;
    if (pw_equal(segment, TEXT(".."))) {
      while (to > 0 && data[--to] != '/') {
      }
      continue;
    }
    data[to++] = '/';
    for (size_t i = 0; i < segment.size; i++) data[to++] = segment.data[i];
  }
  return (text){data, to};
}

// Whole segments only: /admin closes /admin and /admin/users, not /administrator.
static bool is_below(text path, text prefix) {
  if (prefix.data[prefix.size - 1] == '/') prefix.size--;
  if (!pw_starts_with(path, prefix)) return false;
  return path.size == prefix.size || path.data[prefix.size] == '/';
}

static bool is_denied(const struct settings *settings, text path) {
  text rest = settings->prefixes, line;
  while (pw_next_line(&rest, &line))
    if (line.data[0] == '/' && is_below(path, line)) return true;
  return false;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  static const pw_pair plain_text = {TEXT("content-type"), TEXT("text/plain")};
  struct settings *settings = pw_settings(stream);
  text path = pw_header(PW_REQUEST_HEADERS, TEXT(":path"));
  bool denied = is_denied(settings, without_dots(decoded((char *)path.data, path.size)));
  pw_free(path);
  if (!denied) return PW_CONTINUE;
  pw_reply((uint32_t)settings->status, TEXT("This path is closed.\n"), &plain_text, 1);
  return PW_STOP;
}
