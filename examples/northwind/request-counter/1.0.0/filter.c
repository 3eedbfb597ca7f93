// SPDX-License-Identifier: BSD-3-Clause
// northwind/request-counter 1.0.0: count answers by the class of their status.

#include "proxy_wasm.h"

static uint32_t counters[5];  // 1xx … 5xx; the same for all plugins, as their names are

PW_EXPORT(proxy_on_configure)
uint32_t on_configure(uint32_t root, uint32_t size) {
  static const text names[5] = {TEXT("requests_1xx"), TEXT("requests_2xx"), TEXT("requests_3xx"),
                                TEXT("requests_4xx"), TEXT("requests_5xx")};
  for (size_t i = 0; i < 5; i++) counters[i] = pw_metric(PW_COUNTER, names[i]);
  return true;
}

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  text status = pw_header(PW_RESPONSE_HEADERS, TEXT(":status"));
  if (status.size == 3 && status.data[0] >= '1' && status.data[0] <= '5')
    proxy_increment_metric(counters[status.data[0] - '1'], 1);
  pw_free(status);
  return PW_CONTINUE;
}
