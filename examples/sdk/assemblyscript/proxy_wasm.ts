// SPDX-License-Identifier: Apache-2.0
//
// proxy_wasm.ts: write an Envoy filter in AssemblyScript, without other packages than the compiler.
//
// A filter exports the callbacks it wants under their names in the ABI (0.2.1), and passes on four
// functions of this file:
//
//   import { MapType, setHeader } from "../../sdk/assemblyscript/proxy_wasm";
//   export {
//     malloc, proxy_abi_version_0_2_1, proxy_on_context_create, proxy_on_delete,
//   } from "../../sdk/assemblyscript/proxy_wasm";
//
//   export function proxy_on_response_headers(stream: u32, count: u32, isEnd: u32): u32 {
//     setHeader(MapType.ResponseHeaders, "x-hello", "world");
//     return Action.Continue;
//   }
//
// Compile with `--use abort=sdk/assemblyscript/proxy_wasm/abort` (the path of this file from
// --baseDir): AssemblyScript's own abort is an import that no proxy has.

export enum MapType { RequestHeaders = 0, ResponseHeaders = 2 }
export enum BufferType { RequestBody = 0, ResponseBody = 1, PluginConfiguration = 7 }
export enum Level { Trace, Debug, Info, Warn, Error, Critical }
/**
 * What a callback answers. For a body, Stop keeps what has come so far. For headers, Envoy holds
 * back everything that follows as well, the body too: a filter that only waits for the body lets
 * its headers continue.
 */
export enum Action { Continue = 0, Stop = 1 }

@external("env", "proxy_log")
declare function proxy_log(level: u32, data: usize, size: usize): u32;
@external("env", "proxy_get_header_map_value")
declare function proxy_get_header_map_value(
  map: u32, name: usize, nameSize: usize, value: usize, valueSize: usize): u32;
@external("env", "proxy_get_header_map_pairs")
declare function proxy_get_header_map_pairs(map: u32, pairs: usize, size: usize): u32;
@external("env", "proxy_add_header_map_value")
declare function proxy_add_header_map_value(
  map: u32, name: usize, nameSize: usize, value: usize, valueSize: usize): u32;
@external("env", "proxy_replace_header_map_value")
declare function proxy_replace_header_map_value(
  map: u32, name: usize, nameSize: usize, value: usize, valueSize: usize): u32;
@external("env", "proxy_remove_header_map_value")
declare function proxy_remove_header_map_value(map: u32, name: usize, nameSize: usize): u32;
@external("env", "proxy_get_buffer_bytes")
declare function proxy_get_buffer_bytes(
  buffer: u32, start: usize, length: usize, data: usize, size: usize): u32;
@external("env", "proxy_set_buffer_bytes")
declare function proxy_set_buffer_bytes(
  buffer: u32, start: usize, length: usize, data: usize, size: usize): u32;
@external("env", "proxy_get_current_time_nanoseconds")
declare function proxy_get_current_time_nanoseconds(time: usize): u32;

// ------------------------------------------------------------------ what every filter exports

/** Say which ABI the module speaks; only the name counts. */
export function proxy_abi_version_0_2_1(): void {}

/** Make room for what the host hands over. It is outside the collected heap: see `handedOver`. */
export function malloc(size: usize): usize {
  return heap.alloc(size);
}

/** Log why the program cannot go on, then trap. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log(Level.Critical, `${message ? message : "abort"} (${file ? file : ""}:${line})`);
  unreachable();
}

// Several plugins may share one virtual machine: each has a root context and settings of its own.
const roots = new Map<u32, u32>();
const plugins = new Map<u32, Plugin>();
const notes = new Map<u32, u64>();

/** Remember which plugin a stream belongs to. */
export function proxy_on_context_create(context: u32, root: u32): void {
  roots.set(context, root == 0 ? context : root);
}

/** Forget a stream, or a plugin. */
export function proxy_on_delete(context: u32): void {
  roots.delete(context);
  plugins.delete(context);
  notes.delete(context);
}

// --------------------------------------------------------------------------- plugins and streams

/** The settings of one plugin: extend it, and make one in `proxy_on_configure`. */
export class Plugin {}

/** Keep the settings of the plugin with this root context. */
export function keep(root: u32, plugin: Plugin): void {
  plugins.set(root, plugin);
}

/** Return the settings of the plugin that a stream belongs to. */
export function pluginOf<T extends Plugin>(stream: u32): T {
  return plugins.get(roots.get(stream)) as T;
}

/** Keep a number with a stream. */
export function setNote(stream: u32, note: u64): void {
  notes.set(stream, note);
}

/** Return the number that is kept with a stream, or 0. */
export function noteOf(stream: u32): u64 {
  return notes.has(stream) ? notes.get(stream) : 0;
}

// ------------------------------------------------------------------------------------ the host

// Where the host writes the pointer and the size of what it hands over.
const pointerAndSize = memory.data(8);
const time = memory.data(8);

/** Copy what the host has handed over into the collected heap, and free the host's copy. */
function handedOver(): Uint8Array {
  const pointer = load<usize>(pointerAndSize);
  const size = load<usize>(pointerAndSize, 4);
  const bytes = new Uint8Array(i32(size));
  if (pointer == 0) return bytes;
  memory.copy(bytes.dataStart, pointer, size);
  heap.free(pointer);
  return bytes;
}

/** Decode UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

/** Write a line to the proxy's log. */
export function log(level: Level, message: string): void {
  const bytes = String.UTF8.encode(message);
  proxy_log(level, changetype<usize>(bytes), bytes.byteLength);
}

/** Return the time in nanoseconds since 1970. */
export function now(): u64 {
  proxy_get_current_time_nanoseconds(time);
  return load<u64>(time);
}

/** Return a header's value, or "" when there is none. Names are lower case. */
export function header(map: MapType, name: string): string {
  const key = String.UTF8.encode(name);
  const result = proxy_get_header_map_value(
    map, changetype<usize>(key), key.byteLength, pointerAndSize, pointerAndSize + 4);
  return result == 0 ? textOf(handedOver()) : "";
}

/** Return the values of all headers with this name, in order. */
export function headers(map: MapType, name: string): string[] {
  const values: string[] = [];
  if (proxy_get_header_map_pairs(map, pointerAndSize, pointerAndSize + 4) != 0) return values;
  // The number of pairs, the sizes of all names and values, then all of them, each with a zero
  // byte behind it.
  const bytes = handedOver();
  if (bytes.length < 4) return values;
  const start = bytes.dataStart;
  const count = load<u32>(start);
  let at = start + 4 + 8 * count;
  for (let i: u32 = 0; i < count; i++) {
    const nameSize = load<u32>(start + 4 + 8 * i);
    const valueSize = load<u32>(start + 8 + 8 * i);
    const value = at + nameSize + 1;
    if (String.UTF8.decodeUnsafe(at, nameSize) == name) {
      values.push(String.UTF8.decodeUnsafe(value, valueSize));
    }
    at = value + valueSize + 1;
  }
  return values;
}

/** Set a header, in place of all of that name. */
export function setHeader(map: MapType, name: string, value: string): void {
  const key = String.UTF8.encode(name);
  const data = String.UTF8.encode(value);
  proxy_replace_header_map_value(
    map, changetype<usize>(key), key.byteLength, changetype<usize>(data), data.byteLength);
}

/** Add a header beside those of that name. */
export function addHeader(map: MapType, name: string, value: string): void {
  const key = String.UTF8.encode(name);
  const data = String.UTF8.encode(value);
  proxy_add_header_map_value(
    map, changetype<usize>(key), key.byteLength, changetype<usize>(data), data.byteLength);
}

/** Remove all headers of a name. */
export function removeHeader(map: MapType, name: string): void {
  const key = String.UTF8.encode(name);
  proxy_remove_header_map_value(map, changetype<usize>(key), key.byteLength);
}

/** Return all bytes of a body that the proxy holds now. */
export function body(buffer: BufferType): Uint8Array {
  const result = proxy_get_buffer_bytes(
    buffer, 0, i32.MAX_VALUE, pointerAndSize, pointerAndSize + 4);
  return result == 0 ? handedOver() : new Uint8Array(0);
}

/** Put other bytes in place of all that the proxy holds of a body now. */
export function setBody(buffer: BufferType, bytes: Uint8Array): void {
  proxy_set_buffer_bytes(buffer, 0, i32.MAX_VALUE, bytes.dataStart, bytes.length);
}

/** Return the lines of the plugin's configuration; blank ones and those with # in front are none. */
export function configuredLines(): string[] {
  const lines = textOf(body(BufferType.PluginConfiguration)).split("\n");
  const found: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i].trim();
    if (line.length > 0 && !line.startsWith("#")) found.push(line);
  }
  return found;
}
