// SPDX-License-Identifier: Apache-2.0
// northwind/access-log-json 1.1.0: write one line of JSON per request to the proxy's log, with the
// time it took and headers of your choice.

import {
  Action,
  configuredLines,
  header,
  keep,
  Level,
  log,
  MapType,
  noteOf,
  now,
  Plugin,
  pluginOf,
  setNote,
} from "../../sdk/assemblyscript/proxy_wasm";
export {
  malloc,
  proxy_abi_version_0_2_1,
  proxy_on_context_create,
  proxy_on_delete,
} from "../../sdk/assemblyscript/proxy_wasm";

class Settings extends Plugin {
  requestHeaders: string[] = [];
  responseHeaders: string[] = [];
  withQuery: bool = false;

  /** Read "request <header>", "response <header>" or "query on"; tell whether it was one. */
  readLine(line: string): bool {
    const space = line.indexOf(" ");
    const word = space < 0 ? line : line.substring(0, space);
    const value = space < 0 ? "" : line.substring(space + 1).trim().toLowerCase();
    if (word == "query") this.withQuery = value == "on";
    else if (word == "request") this.requestHeaders.push(value);
    else if (word == "response") this.responseHeaders.push(value);
    else return false;
    return value != "";
  }
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const settings = new Settings();
  const lines = configuredLines();
  for (let i = 0; i < lines.length; i++) {
    if (settings.readLine(lines[i])) continue;
    log(Level.Error, "access-log-json: cannot read the line: " + lines[i]);
    return 0;
  }
  keep(root, settings);
  return 1;
}

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

function chosen(map: MapType, names: string[]): string {
  const members: string[] = [];
  for (let i = 0; i < names.length; i++) {
    const value = header(map, names[i]);
    if (value != "") members.push(member(names[i], value));
  }
  return "{" + members.join(",") + "}";
}

function path(settings: Settings): string {
  const whole = header(MapType.RequestHeaders, ":path");
  const query = whole.indexOf("?");
  return settings.withQuery || query < 0 ? whole : whole.substring(0, query);
}

export function proxy_on_request_headers(stream: u32, count: u32, isEnd: u32): u32 {
  setNote(stream, now());
  return Action.Continue;
}

export function proxy_on_log(stream: u32): void {
  const settings = pluginOf<Settings>(stream);
  const begun = noteOf(stream);
  const status = header(MapType.ResponseHeaders, ":status");
  const members = [
    member("method", header(MapType.RequestHeaders, ":method")),
    member("host", header(MapType.RequestHeaders, ":authority")),
    member("path", path(settings)),
    '"status":' + (status == "" ? "0" : status),
    '"milliseconds":' + (begun == 0 ? 0 : (now() - begun) / 1000000).toString(),
  ];
  if (settings.requestHeaders.length > 0) {
    members.push('"request":' + chosen(MapType.RequestHeaders, settings.requestHeaders));
  }
  if (settings.responseHeaders.length > 0) {
    members.push('"response":' + chosen(MapType.ResponseHeaders, settings.responseHeaders));
  }
  log(Level.Info, "{" + members.join(",") + "}");
}
