// SPDX-License-Identifier: Apache-2.0
// mira/cookie-flags 1.0.0: add Secure, HttpOnly and SameSite to cookies that lack them.

import {
  Action,
  addHeader,
  configuredLines,
  headers,
  keep,
  Level,
  log,
  MapType,
  Plugin,
  pluginOf,
  removeHeader,
} from "../../sdk/assemblyscript/proxy_wasm";
export {
  malloc,
  proxy_abi_version_0_2_1,
  proxy_on_context_create,
  proxy_on_delete,
} from "../../sdk/assemblyscript/proxy_wasm";

class Settings extends Plugin {
  sameSite: string = "Lax";
  scripted: string[] = [];   // cookies that scripts in the page may read

  /** Read "samesite <value>" or "scripted <cookie>"; tell whether it was one. */
  readLine(line: string): bool {
    const words = line.split(" ");
    if (words.length != 2) return false;
    if (words[0] == "scripted") {
      this.scripted.push(words[1]);
      return true;
    }
    this.sameSite = words[1];
    return words[0] == "samesite" && ["Strict", "Lax", "None", "off"].includes(words[1]);
  }
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const settings = new Settings();
  const lines = configuredLines();
  for (let i = 0; i < lines.length; i++) {
    if (settings.readLine(lines[i])) continue;
    log(Level.Error, "cookie-flags: cannot read the line: " + lines[i]);
    return 0;
  }
  keep(root, settings);
  return 1;
}

/** Return the part in front of the first "=", trimmed. */
function nameOf(part: string): string {
  const equals = part.indexOf("=");
  return (equals < 0 ? part : part.substring(0, equals)).trim();
}

/** Tell whether a cookie has an attribute; their names ignore case (RFC 6265, 5.2). */
function hasAttribute(parts: string[], name: string): bool {
  for (let i = 1; i < parts.length; i++) {
    if (nameOf(parts[i]).toLowerCase() == name) return true;
  }
  return false;
}

function withFlags(cookie: string, settings: Settings): string {
  const parts = cookie.split(";");
  let flagged = cookie;
  if (!hasAttribute(parts, "secure")) flagged += "; Secure";
  if (!hasAttribute(parts, "httponly") && !settings.scripted.includes(nameOf(parts[0]))) {
    flagged += "; HttpOnly";
  }
  if (!hasAttribute(parts, "samesite") && settings.sameSite != "off") {
    flagged += "; SameSite=" + settings.sameSite;
  }
  return flagged;
}

export function proxy_on_response_headers(stream: u32, count: u32, isEnd: u32): u32 {
  const cookies = headers(MapType.ResponseHeaders, "set-cookie");
  if (cookies.length == 0) return Action.Continue;
  const settings = pluginOf<Settings>(stream);
  removeHeader(MapType.ResponseHeaders, "set-cookie");
  for (let i = 0; i < cookies.length; i++) {
    addHeader(MapType.ResponseHeaders, "set-cookie", withFlags(cookies[i], settings));
  }
  return Action.Continue;
}
