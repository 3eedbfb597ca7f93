// SPDX-License-Identifier: Apache-2.0
// northwind/access-log-json 1.0.0: write one line of JSON per request to the proxy's log.

import { Action, header, Level, log, MapType } from "../../../sdk/assemblyscript/proxy_wasm";
export {
  malloc,
  proxy_abi_version_0_2_1,
  proxy_on_context_create,
  proxy_on_delete,
} from "../../../sdk/assemblyscript/proxy_wasm";

/** Write a string as JSON has it (RFC 8259, 7). */
function quoted(text: string): string {
  let json = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code == 0x22 || code == 0x5c) json += "\\" + text.charAt(i);
    else if (code < 0x20) json += "\\u00" + (code < 16 ? "0" : "") + code.toString(16);
    else json += text.charAt(i);
  }
  return json + '"';
}

function member(name: string, value: string): string {
  return quoted(name) + ":" + quoted(value);
}

export function proxy_on_request_headers(stream: u32, count: u32, isEnd: u32): u32 {
  return Action.Continue;
}

export function proxy_on_log(stream: u32): void {
  const status = header(MapType.ResponseHeaders, ":status");
  const members = [
    member("method", header(MapType.RequestHeaders, ":method")),
    member("path", header(MapType.RequestHeaders, ":path")),
    '"status":' + (status == "" ? "0" : status),
    member("user_agent", header(MapType.RequestHeaders, "user-agent")),
  ];
  log(Level.Info, "{" + members.join(",") + "}");
}
