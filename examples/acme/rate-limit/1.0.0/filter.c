// SPDX-License-Identifier: Apache-2.0
// acme/rate-limit 1.0.0: at most so many requests per second, counted by each worker thread.

#include "proxy_wasm_settings.h"

#define SECOND 1000000000ull

struct settings {
  uint64_t rate, burst;
  uint64_t next;  // when the next request would be due if they came evenly (GCRA)
};

static bool read_line(text line, struct settings *settings) {
  text word = pw_take(&line, ' ');
  line = pw_trim(line);
  if (pw_equal(word, TEXT("rate"))) return pw_number(line, &settings->rate);
  return pw_equal(word, TEXT("burst")) && pw_number(line, &settings->burst);
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  settings->rate = 10;
  settings->burst = 20;
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, settings)) continue;
    pw_log_about(PW_ERROR, TEXT("rate-limit: cannot read the line"), line);
    return false;
  }
  return settings->rate > 0 && settings->rate <= SECOND && settings->burst > 0 &&
         settings->burst <= 1000000;
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  static const pw_pair plain_text = {TEXT("content-type"), TEXT("text/plain")};
  struct settings *settings = pw_settings(stream);
  uint64_t interval = SECOND / settings->rate, now = pw_now();
  uint64_t next = (settings->next > now ? settings->next : now) + interval;
  if (next - now > interval * settings->burst) {
    pw_reply(429, TEXT("Too many requests.\n"), &plain_text, 1);
    return PW_STOP;
  }
  settings->next = next;
  return PW_CONTINUE;
}
