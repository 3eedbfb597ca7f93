// SPDX-License-Identifier: MPL-2.0
// mira/json-redact 0.1.0: mask long runs of digits in JSON responses.

import {
  Action,
  body,
  BufferType,
  header,
  MapType,
  noteOf,
  setBody,
  setNote,
} from "../../../sdk/assemblyscript/proxy_wasm";
export {
  malloc,
  proxy_abi_version_0_2_1,
  proxy_on_context_create,
  proxy_on_delete,
} from "../../../sdk/assemblyscript/proxy_wasm";

// A card's number has 13 to 19 digits (ISO/IEC 7812).
const SHORTEST = 13;
const LONGEST = 19;

export function proxy_on_response_headers(stream: u32, count: u32, isEnd: u32): u32 {
  const isJson = header(MapType.ResponseHeaders, "content-type").includes("json");
  const isPlain = header(MapType.ResponseHeaders, "content-encoding") == "";
  if (isJson && isPlain) setNote(stream, 1);
  return Action.Continue;
}

export function proxy_on_response_body(stream: u32, size: u32, isEnd: u32): u32 {
  if (noteOf(stream) == 0) return Action.Continue;
  if (!isEnd) return Action.Stop;   // a number may be cut in two: wait for the whole body
  const bytes = body(BufferType.ResponseBody);
  let begin = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && bytes[i] >= 0x30 && bytes[i] <= 0x39) continue;
    const digits = i - begin;
    if (digits >= SHORTEST && digits <= LONGEST) bytes.fill(0x2a, begin, i);
    begin = i + 1;
  }
  setBody(BufferType.ResponseBody, bytes);
  return Action.Continue;
}
