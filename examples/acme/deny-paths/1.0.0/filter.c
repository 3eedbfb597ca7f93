// SPDX-License-Identifier: Apache-2.0
// acme/deny-paths 1.0.0: answer 403 to paths that start with one of the configured texts.

#include "proxy_wasm_settings.h"

struct settings {
  text prefixes;
};

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->prefixes = rest;
  while (pw_next_line(&rest, &line)) {
    if (line.data[0] == '/') continue;
    pw_log_about(PW_ERROR, TEXT("deny-paths: a prefix starts with /"), line);
    return false;
  }
  return true;
}

static bool is_denied(const struct settings *settings, text path) {
  text rest = settings->prefixes, prefix;
  while (pw_next_line(&rest, &prefix))
    if (pw_starts_with(path, prefix)) return true;
  return false;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  static const pw_pair plain_text = {TEXT("content-type"), TEXT("text/plain")};
  text path = pw_header(PW_REQUEST_HEADERS, TEXT(":path"));
  bool denied = is_denied(pw_settings(stream), path);
  pw_free(path);
  if (!denied) return PW_CONTINUE;
  pw_reply(403, TEXT("This path is closed.\n"), &plain_text, 1);
  return PW_STOP;
}
