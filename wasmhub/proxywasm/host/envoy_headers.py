"""
What Envoy 1.40 does with headers by their names, found by trying them one by one.

A header of one of the ``JOINED`` sets is kept once: a further value is put behind the first, with a
comma. All others can be there several times.
"""

from __future__ import annotations

from typing import Final

_JOINED_IN_BOTH: Final = frozenset(
    b"cache-control connection content-encoding content-length content-type keep-alive "
    b"proxy-connection proxy-status transfer-encoding upgrade via x-envoy-attempt-count "
    b"x-envoy-decorator-operation x-request-id".split()
)
JOINED_IN_REQUESTS: Final = _JOINED_IN_BOTH | frozenset(
    b":authority :method :path :protocol :scheme accept accept-encoding "
    b"access-control-request-headers access-control-request-method "
    b"access-control-request-private-network authorization cdn-loop expect grpc-accept-encoding "
    b"grpc-timeout if-match if-modified-since if-none-match if-range if-unmodified-since origin "
    b"pragma referer te user-agent x-client-trace-id x-envoy-downstream-service-cluster "
    b"x-envoy-downstream-service-node x-envoy-expected-rq-timeout-ms x-envoy-external-address "
    b"x-envoy-force-trace x-envoy-hedge-on-per-try-timeout x-envoy-internal x-envoy-ip-tags "
    b"x-envoy-is-timeout-retry x-envoy-max-retries x-envoy-original-host x-envoy-original-path "
    b"x-envoy-original-url x-envoy-retriable-header-names x-envoy-retriable-status-codes "
    b"x-envoy-retry-grpc-on x-envoy-retry-on x-envoy-upstream-alt-stat-name "
    b"x-envoy-upstream-rq-per-try-timeout-ms x-envoy-upstream-rq-timeout-alt-response "
    b"x-envoy-upstream-rq-timeout-ms x-envoy-upstream-stream-duration-ms "
    b"x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port "
    b"x-forwarded-proto".split()
)
JOINED_IN_RESPONSES: Final = _JOINED_IN_BOTH | frozenset(
    b":status access-control-allow-credentials access-control-allow-headers "
    b"access-control-allow-methods access-control-allow-origin "
    b"access-control-allow-private-network access-control-expose-headers access-control-max-age "
    b"age date etag expires grpc-message grpc-status last-modified location server vary "
    b"x-envoy-degraded x-envoy-immediate-health-check-fail x-envoy-ratelimited "
    b"x-envoy-upstream-canary x-envoy-upstream-healthchecked-cluster "
    b"x-envoy-upstream-service-time".split()
)
JOINED_IN_RESPONSE_TRAILERS: Final = frozenset((b"grpc-message", b"grpc-status"))

# What filters never see of a request: headers of the connection, and those by which parts of
# Envoy talk to each other.
REMOVED_FROM_REQUESTS: Final = frozenset(
    b"connection keep-alive proxy-connection transfer-encoding upgrade "
    b"x-envoy-expected-rq-timeout-ms x-envoy-force-trace x-envoy-hedge-on-per-try-timeout "
    b"x-envoy-internal x-envoy-ip-tags x-envoy-max-retries x-envoy-original-url "
    b"x-envoy-retriable-header-names x-envoy-retriable-status-codes x-envoy-retry-grpc-on "
    b"x-envoy-retry-on x-envoy-upstream-alt-stat-name x-envoy-upstream-rq-per-try-timeout-ms "
    b"x-envoy-upstream-rq-timeout-alt-response x-envoy-upstream-rq-timeout-ms "
    b"x-envoy-upstream-stream-duration-ms x-forwarded-client-cert".split()
)
# What Envoy removes behind the last filter of a response.
REMOVED_FROM_RESPONSES: Final = (
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
)
# Requests of these methods have no content-length when they have no body; all others say 0.
WITHOUT_BODIES: Final = frozenset((b"CONNECT", b"DELETE", b"GET", b"HEAD", b"TRACE"))
# Responses of these statuses have neither body nor content-length.
BODILESS: Final = (204, 304)
