// SPDX-License-Identifier: MPL-2.0
// acme/security-headers 1.0.0: add the headers that make browsers careful.

#include "proxy_wasm.h"

static const pw_pair HEADERS[] = {
    {TEXT("strict-transport-security"), TEXT("max-age=31536000; includeSubDomains")},
    {TEXT("x-content-type-options"), TEXT("nosniff")},
    {TEXT("x-frame-options"), TEXT("DENY")},
    {TEXT("referrer-policy"), TEXT("strict-origin-when-cross-origin")},
};

PW_EXPORT(proxy_on_response_headers)
uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
  for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++)
    pw_set_header(PW_RESPONSE_HEADERS, HEADERS[i].name, HEADERS[i].value);
  return PW_CONTINUE;
}
