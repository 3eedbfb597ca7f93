// SPDX-License-Identifier: Apache-2.0
// acme/rate-limit 1.1.0: at most so many requests per second, counted by all worker threads
// together.

#include "proxy_wasm_settings.h"

#define SECOND 1000000000ull
#define ATTEMPTS 20

struct settings {
  uint64_t rate, burst;
  text bucket;
};

struct answer {
  bool allowed;
  uint64_t remaining, wait;  // requests; nanoseconds
};

static bool read_line(text line, struct settings *settings) {
  text word = pw_take(&line, ' ');
  line = pw_trim(line);
  if (pw_equal(word, TEXT("rate"))) return pw_number(line, &settings->rate);
  if (pw_equal(word, TEXT("burst"))) return pw_number(line, &settings->burst);
  settings->bucket = line;
  return pw_equal(word, TEXT("bucket")) && line.size > 0;
}

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  text rest, line;
  struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
  *settings = (struct settings){10, 20, TEXT("default")};
  while (pw_next_line(&rest, &line)) {
    if (read_line(line, settings)) continue;
    pw_log_about(PW_ERROR, TEXT("rate-limit: cannot read the line"), line);
    return false;
  }
  return settings->rate > 0 && settings->rate <= SECOND && settings->burst > 0 &&
         settings->burst <= 1000000;
}

// Read when the next request would be due if they came evenly. `cas` names the state that was
// read, so that a write can tell whether another worker was quicker.
static uint64_t read_next(text bucket, uint32_t *cas) {
  char *data = NULL;
  size_t size = 0;
  uint64_t next = 0;
  *cas = 0;
  if (proxy_get_shared_data(bucket.data, bucket.size, &data, &size, cas) != PW_OK) return 0;
  if (size == sizeof next) memcpy(&next, data, size);
  free(data);
  return next;
}

// The generic cell rate algorithm: one number says how far ahead of an even pace we are.
static struct answer ask(const struct settings *settings) {
  uint64_t interval = SECOND / settings->rate, room = interval * settings->burst;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    uint32_t cas;
    uint64_t now = pw_now(), due = read_next(settings->bucket, &cas);
    uint64_t next = (due > now ? due : now) + interval;
    if (next - now > room) return (struct answer){false, 0, next - now - room};
    uint32_t result = proxy_set_shared_data(settings->bucket.data, settings->bucket.size, &next,
                                            sizeof next, cas);
    if (result != PW_CAS_MISMATCH)
      return (struct answer){true, (room - (next - now)) / interval, 0};
  }
  return (struct answer){true, 0, 0};  // so much contention is no reason to refuse anybody
}

PW_EXPORT(proxy_on_request_headers)
uint32_t on_request_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  struct answer answer = ask(pw_settings(stream));
  *pw_note(stream) = answer.remaining + 1;  // 0 would be: not asked
  if (answer.allowed) return PW_CONTINUE;
  char room[20];
  const pw_pair headers[] = {
      {TEXT("content-type"), TEXT("text/plain")},
      {TEXT("retry-after"), pw_decimal((answer.wait + SECOND - 1) / SECOND, room)},
  };
  pw_reply(429, TEXT("Too many requests.\n"), headers, 2);
  return PW_STOP;
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  char room[20];
  uint64_t note = *pw_note(stream);
  if (note > 0)
    pw_set_header(PW_RESPONSE_HEADERS, TEXT("x-ratelimit-remaining"), pw_decimal(note - 1, room));
  return PW_CONTINUE;
}
