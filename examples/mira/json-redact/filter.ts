// SPDX-License-Identifier: MPL-2.0
// mira/json-redact 0.2.0: mask the numbers of payment cards in JSON responses.

import {
  Action,
  body,
  BufferType,
  configuredLines,
  header,
  keep,
  Level,
  log,
  MapType,
  noteOf,
  Plugin,
  pluginOf,
  setBody,
  setNote,
} from "../../sdk/assemblyscript/proxy_wasm";
export {
  malloc,
  proxy_abi_version_0_2_1,
  proxy_on_context_create,
  proxy_on_delete,
} from "../../sdk/assemblyscript/proxy_wasm";

// A card's number has 13 to 19 digits (ISO/IEC 7812).
const SHORTEST = 13;
const LONGEST = 19;

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const STAR: u8 = 0x2a;
const NINE: u8 = 0x39;
const DOT: u8 = 0x2e;

class Settings extends Plugin {
  visible: i32 = 4;

  /** Read "keep <digits>"; tell whether it was that. */
  readLine(line: string): bool {
    const words = line.split(" ");
    if (words.length != 2 || words[0] != "keep") return false;
    this.visible = i32(parseInt(words[1]));
    return this.visible.toString() == words[1] && this.visible >= 0 && this.visible <= 6;
  }
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const settings = new Settings();
  const lines = configuredLines();
  for (let i = 0; i < lines.length; i++) {
    if (settings.readLine(lines[i])) continue;
    log(Level.Error, "json-redact: not a line 'keep <0 to 6>': " + lines[i]);
    return 0;
  }
  keep(root, settings);
  return 1;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

/** Tell whether a byte may stand between the digits of a number that is written for people. */
function isSeparator(byte: u8): bool {
  return byte == 0x20 || byte == 0x2d;
}

/**
 * Test whether the digits at these positions are a card's: the first one (payment cards have 2 to
 * 6, times in milliseconds 1) and the check digit (Luhn, ISO/IEC 7812-1 annex B).
 */
function isCard(bytes: Uint8Array, positions: i32[]): bool {
  if (positions.length < SHORTEST || positions.length > LONGEST) return false;
  const first = bytes[positions[0]];
  if (first < 0x32 || first > 0x36) return false;
  let sum = 0;
  for (let i = 0; i < positions.length; i++) {
    let digit = i32(bytes[positions[positions.length - 1 - i]]) - 0x30;
    if (i & 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

/** Mask the cards' numbers. The length stays, so content-length stays true. */
function redact(bytes: Uint8Array, visible: i32): void {
  let inString = false;
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i];
    if (byte == QUOTE) inString = !inString;
    if (byte == BACKSLASH) i++;
    if (!isDigit(byte)) {
      i++;
      continue;
    }
    const positions: i32[] = [];
    let end = i;
    while (end < bytes.length) {
      if (isDigit(bytes[end])) positions.push(end);
      else if (!inString || !isSeparator(bytes[end])) break;
      else if (end + 1 == bytes.length || !isDigit(bytes[end + 1])) break;
      end++;
    }
    const isFraction = !inString && i > 0 && bytes[i - 1] == DOT;
    if (!isFraction && isCard(bytes, positions)) {
      // A bare number must stay one: no stars, and no zero in front.
      const mask = inString ? STAR : NINE;
      for (let k = 0; k < positions.length - visible; k++) bytes[positions[k]] = mask;
    }
    i = end;
  }
}

export function proxy_on_response_headers(stream: u32, count: u32, isEnd: u32): u32 {
  const isJson = header(MapType.ResponseHeaders, "content-type").includes("json");
  const coding = header(MapType.ResponseHeaders, "content-encoding");
  if (isJson && coding == "") setNote(stream, 1);
  if (isJson && coding != "") log(Level.Warn, "json-redact: cannot read the coding: " + coding);
  return Action.Continue;
}

function redactBody(stream: u32): void {
  const bytes = body(BufferType.ResponseBody);
  redact(bytes, pluginOf<Settings>(stream).visible);
  setBody(BufferType.ResponseBody, bytes);
}

export function proxy_on_response_body(stream: u32, size: u32, isEnd: u32): u32 {
  if (noteOf(stream) == 0) return Action.Continue;
  if (!isEnd) return Action.Stop;   // a number may be cut in two: wait for the whole body
  redactBody(stream);
  return Action.Continue;
}

/** With trailers, no part of the body is the last one: here it is complete. */
export function proxy_on_response_trailers(stream: u32, count: u32): u32 {
  if (noteOf(stream) != 0) redactBody(stream);
  return Action.Continue;
}
