// SPDX-License-Identifier: BSD-3-Clause
// acme/require-tls 1.0.0: close connections whose client does not begin with TLS.

#include "proxy_wasm_settings.h"

enum { DOWNSTREAM_DATA = 2, DOWNSTREAM = 2 };  // a buffer, and a kind of stream
enum { BEGINNING = 2 };                        // as many bytes tell TLS from anything else

PW_IMPORT("env", proxy_close_stream)
uint32_t proxy_close_stream(uint32_t kind);

struct settings {
  bool only_logs;
};

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  while (pw_next_line(&rest, &line)) {
    if (!pw_equal(line, TEXT("log-only"))) {
      pw_log_about(PW_ERROR, TEXT("require-tls: no such setting"), line);
      return false;
    }
    settings->only_logs = true;
  }
  return true;
}

// A TLS connection begins with a handshake record of SSL 3.0 or later (RFC 8446, 5.1).
static bool is_tls(text bytes, uint64_t position) {
  static const char beginning[BEGINNING] = {0x16, 0x03};
  for (size_t i = 0; i < bytes.size; i++)
    if (bytes.data[i] != beginning[position + i]) return false;
  return true;
}

PW_EXPORT(proxy_on_downstream_data)
uint32_t on_downstream_data(uint32_t stream, uint32_t size, uint32_t is_end) {
  struct settings *settings = pw_settings(stream);
  uint64_t *seen = pw_note(stream);
  uint64_t wanted = BEGINNING - *seen;
  char *data = NULL;
  size_t data_size = 0;
  if (wanted == 0 || size == 0) return PW_CONTINUE;
  if (wanted > size) wanted = size;
  proxy_get_buffer_bytes(DOWNSTREAM_DATA, 0, wanted, &data, &data_size);
  text bytes = {data, data_size};
  bool good = is_tls(bytes, *seen);
  *seen = good ? *seen + data_size : BEGINNING;
  pw_free(bytes);
  if (good) return PW_CONTINUE;
  pw_log(PW_WARN, TEXT("require-tls: a client does not speak TLS"));
  if (settings->only_logs) return PW_CONTINUE;
  proxy_close_stream(DOWNSTREAM);
  return PW_STOP;
}
