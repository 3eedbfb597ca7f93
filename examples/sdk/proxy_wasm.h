// SPDX-License-Identifier: Apache-2.0
//
// proxy_wasm.h: write an Envoy filter in plain C, in one file, without a C library.
//
//   #include "proxy_wasm.h"
//
//   PW_EXPORT(proxy_on_response_headers)
//   uint32_t on_response_headers(uint32_t stream, uint32_t count, uint32_t is_end) {
//     pw_set_header(PW_RESPONSE_HEADERS, TEXT("x-hello"), TEXT("world"));
//     return PW_CONTINUE;
//   }
//
// Build it with clang and lld (Debian: apt install clang lld):
//
//   clang --target=wasm32 -ffreestanding -nostdlib -Os -g -Wl,--no-entry -Wl,--strip-debug \
//     filter.c -o filter.wasm
//
// -ffreestanding keeps clang from turning the loops of memcpy() below into calls of memcpy().
// -g with --strip-debug writes no debug information, but leaves a "producers" section that names
// the language. Include this file in one source file only: it defines functions.
//
// For settings of several plugins in one virtual machine, see proxy_wasm_settings.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PW_EXPORT(name) __attribute__((export_name(#name)))
#define PW_IMPORT(module, name) __attribute__((import_module(module), import_name(#name)))

// The ABI that the filter speaks. Under 0.1.0 the two header callbacks take two arguments, and a
// missing header reads as an empty one; since 0.2.0 they take three.
#ifndef PW_ABI
#define PW_ABI proxy_abi_version_0_2_1
#endif
#define PW_MARK(name) PW_EXPORT(name)
PW_MARK(PW_ABI) void pw_abi_marker(void) {}

// ---------------------------------------------------------------------------- numbers of the ABI

enum pw_map { PW_REQUEST_HEADERS = 0, PW_RESPONSE_HEADERS = 2 };
enum pw_buffer { PW_REQUEST_BODY = 0, PW_RESPONSE_BODY = 1, PW_PLUGIN_CONFIGURATION = 7 };
enum pw_level { PW_TRACE, PW_DEBUG, PW_INFO, PW_WARN, PW_ERROR, PW_CRITICAL };
enum pw_metric { PW_COUNTER, PW_GAUGE, PW_HISTOGRAM };
// What a callback for headers or a body answers. After pw_reply() answer PW_STOP. Otherwise beware:
// Envoy then holds back everything that follows, a body too, so nothing would wake the filter.
enum pw_action { PW_CONTINUE = 0, PW_STOP = 1 };
enum { PW_OK = 0, PW_CAS_MISMATCH = 8 };

// ---------------------------------------------------------- host functions, as Envoy declares them
// Only those that a filter calls end up as imports of the module.

PW_IMPORT("env", proxy_log)
uint32_t proxy_log(uint32_t level, const char *data, size_t size);
PW_IMPORT("env", proxy_get_header_map_value)
uint32_t proxy_get_header_map_value(uint32_t map, const char *name, size_t name_size, char **value,
                                    size_t *value_size);
PW_IMPORT("env", proxy_add_header_map_value)
uint32_t proxy_add_header_map_value(uint32_t map, const char *name, size_t name_size,
                                    const char *value, size_t value_size);
PW_IMPORT("env", proxy_replace_header_map_value)
uint32_t proxy_replace_header_map_value(uint32_t map, const char *name, size_t name_size,
                                        const char *value, size_t value_size);
PW_IMPORT("env", proxy_remove_header_map_value)
uint32_t proxy_remove_header_map_value(uint32_t map, const char *name, size_t name_size);
PW_IMPORT("env", proxy_get_buffer_bytes)
uint32_t proxy_get_buffer_bytes(uint32_t buffer, size_t start, size_t size, char **data,
                                size_t *data_size);
PW_IMPORT("env", proxy_send_local_response)
uint32_t proxy_send_local_response(uint32_t status, const char *details, size_t details_size,
                                   const char *body, size_t body_size, const void *headers,
                                   size_t headers_size, uint32_t grpc_status);
PW_IMPORT("env", proxy_get_current_time_nanoseconds)
uint32_t proxy_get_current_time_nanoseconds(uint64_t *nanoseconds);
PW_IMPORT("env", proxy_define_metric)
uint32_t proxy_define_metric(uint32_t type, const char *name, size_t name_size, uint32_t *id);
PW_IMPORT("env", proxy_increment_metric)
uint32_t proxy_increment_metric(uint32_t id, int64_t offset);
PW_IMPORT("env", proxy_record_metric)
uint32_t proxy_record_metric(uint32_t id, uint64_t value);
PW_IMPORT("env", proxy_get_shared_data)
uint32_t proxy_get_shared_data(const char *key, size_t key_size, char **value, size_t *value_size,
                               uint32_t *cas);
PW_IMPORT("env", proxy_set_shared_data)
uint32_t proxy_set_shared_data(const char *key, size_t key_size, const void *value,
                               size_t value_size, uint32_t cas);
PW_IMPORT("wasi_snapshot_preview1", random_get)
uint32_t wasi_random_get(void *data, size_t size);

// ------------------------------------------------------------------------------- memory
// Blocks of 16, 32, 64 … bytes. A freed block waits in the list of its size for the next malloc(),
// so a filter that frees what it was given does not grow. The host calls malloc() too, to hand
// over headers and bodies.

#define PW_SIZES 27
#define PW_PAGE 65536u

extern unsigned char __heap_base;

// In front of each block. 16 bytes, so that what malloc() returns is aligned for any type.
typedef struct pw_block {
  uint32_t size_class;
  struct pw_block *next;
  uint64_t padding;
} pw_block;

static pw_block *pw_free_blocks[PW_SIZES];
static uintptr_t pw_heap_end;

static bool pw_grow_to(uintptr_t end) {
  uintptr_t have = __builtin_wasm_memory_size(0) * (uintptr_t)PW_PAGE;
  if (end <= have) return true;
  return __builtin_wasm_memory_grow(0, (end - have + PW_PAGE - 1) / PW_PAGE) != (size_t)-1;
}

PW_EXPORT(malloc) void *malloc(size_t size) {
  uint32_t size_class = 0;
  while (size_class < PW_SIZES && ((size_t)16 << size_class) < size) size_class++;
  if (size_class == PW_SIZES) return NULL;
  pw_block *block = pw_free_blocks[size_class];
  if (block != NULL) {
    pw_free_blocks[size_class] = block->next;
    return block + 1;
  }
  if (pw_heap_end == 0) pw_heap_end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  uintptr_t end = pw_heap_end + sizeof(pw_block) + ((size_t)16 << size_class);
  if (end < pw_heap_end || !pw_grow_to(end)) return NULL;
  block = (pw_block *)pw_heap_end;
  pw_heap_end = end;
  block->size_class = size_class;
  return block + 1;
}

__attribute__((unused)) static void free(void *memory) {
  if (memory == NULL) return;
  pw_block *block = (pw_block *)memory - 1;
  block->next = pw_free_blocks[block->size_class];
  pw_free_blocks[block->size_class] = block;
}

// clang calls these on its own for copies and initial values.
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = (char)byte;
  return to;
}

// --------------------------------------------------------------------------------- text
// Not ended by a zero byte. A text is a view: who made the bytes says who frees them.

typedef struct {
  const char *data;
  size_t size;
} text;

#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})
#define PW_UNUSED __attribute__((unused))

PW_UNUSED static void pw_free(text owned) { free((void *)owned.data); }

PW_UNUSED static char pw_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

PW_UNUSED static bool pw_starts_with(text whole, text start) {
  if (whole.size < start.size) return false;
  for (size_t i = 0; i < start.size; i++)
    if (whole.data[i] != start.data[i]) return false;
  return true;
}

PW_UNUSED static bool pw_equal(text a, text b) { return a.size == b.size && pw_starts_with(a, b); }

// Return what follows the first `count` bytes.
PW_UNUSED static text pw_after(text whole, size_t count) {
  return (text){whole.data + count, whole.size - count};
}

// Return the position of a byte, or the size of the text when it is not there.
PW_UNUSED static size_t pw_find(text whole, char byte) {
  size_t i = 0;
  while (i < whole.size && whole.data[i] != byte) i++;
  return i;
}

PW_UNUSED static text pw_trim(text whole) {
  while (whole.size > 0 && whole.data[0] <= ' ') whole = pw_after(whole, 1);
  while (whole.size > 0 && whole.data[whole.size - 1] <= ' ') whole.size--;
  return whole;
}

// Take everything up to `separator` (or the end) off the front of `rest` and return it trimmed.
PW_UNUSED static text pw_take(text *rest, char separator) {
  size_t end = pw_find(*rest, separator);
  text taken = {rest->data, end};
  *rest = pw_after(*rest, end < rest->size ? end + 1 : end);
  return pw_trim(taken);
}

// Take the next line of a configuration; blank lines and those that start with # are passed over.
PW_UNUSED static bool pw_next_line(text *rest, text *line) {
  while (rest->size > 0) {
    *line = pw_take(rest, '\n');
    if (line->size > 0 && line->data[0] != '#') return true;
  }
  return false;
}

// Read a decimal number of at most 18 digits; anything else is false.
PW_UNUSED static bool pw_number(text digits, uint64_t *number) {
  uint64_t value = 0;
  if (digits.size == 0 || digits.size > 18) return false;
  for (size_t i = 0; i < digits.size; i++) {
    if (digits.data[i] < '0' || digits.data[i] > '9') return false;
    value = value * 10 + (uint64_t)(digits.data[i] - '0');
  }
  *number = value;
  return true;
}

// Write a number in decimal into 20 bytes of room and return it as text.
PW_UNUSED static text pw_decimal(uint64_t number, char room[20]) {
  size_t at = 20;
  do room[--at] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  return (text){room + at, 20 - at};
}

PW_UNUSED static void pw_log(enum pw_level level, text message) {
  proxy_log(level, message.data, message.size);
}

// Log "<message>: <what>"; long texts are cut.
PW_UNUSED static void pw_log_about(enum pw_level level, text message, text what) {
  char line[256];
  size_t size = 0;
  for (size_t i = 0; i < message.size && size < sizeof line; i++) line[size++] = message.data[i];
  if (size < sizeof line - 1) line[size++] = ':', line[size++] = ' ';
  for (size_t i = 0; i < what.size && size < sizeof line; i++) line[size++] = what.data[i];
  proxy_log(level, line, size);
}

// ------------------------------------------------------------------------------ headers
// Names are lower case; :path, :method, :authority and :status are headers too.

// Return a header's value, to be given to pw_free(); data is NULL when there is no such header or
// it is empty.
PW_UNUSED static text pw_header(enum pw_map map, text name) {
  char *data = NULL;
  size_t size = 0;
  uint32_t result = proxy_get_header_map_value(map, name.data, name.size, &data, &size);
  return result == PW_OK ? (text){data, size} : (text){NULL, 0};
}

PW_UNUSED static bool pw_has_header(enum pw_map map, text name) {
  text value = pw_header(map, name);
  pw_free(value);
  return value.data != NULL;
}

// Set a header, in place of all of that name.
PW_UNUSED static void pw_set_header(enum pw_map map, text name, text value) {
  proxy_replace_header_map_value(map, name.data, name.size, value.data, value.size);
}

// Add a header beside those of that name.
PW_UNUSED static void pw_add_header(enum pw_map map, text name, text value) {
  proxy_add_header_map_value(map, name.data, name.size, value.data, value.size);
}

PW_UNUSED static void pw_remove_header(enum pw_map map, text name) {
  proxy_remove_header_map_value(map, name.data, name.size);
}

// Tell whether a header's name may stand in a message (RFC 9110, 5.1: a token), in lower case.
PW_UNUSED static bool pw_is_header_name(text name) {
  static const text marks = {"!#$%&'*+-.^_`|~", 15};
  for (size_t i = 0; i < name.size; i++) {
    char c = name.data[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!plain && pw_find(marks, c) == marks.size) return false;
  }
  return name.size > 0;
}

typedef struct {
  text name, value;
} pw_pair;

static char *pw_put(char *at, text bytes) {
  memcpy(at, bytes.data, bytes.size);
  at[bytes.size] = 0;
  return at + bytes.size + 1;
}

// Answer the request instead of the upstream. The callback should then return PW_STOP.
// Pairs are passed as: their number, the sizes of all names and values, then all of them, each
// with a zero byte behind it.
PW_UNUSED static void pw_reply(uint32_t status, text body, const pw_pair *pairs, size_t count) {
  size_t size = 4 + 8 * count;
  for (size_t i = 0; i < count; i++) size += pairs[i].name.size + pairs[i].value.size + 2;
  uint32_t *sizes = malloc(size);
  if (sizes == NULL) __builtin_trap();
  char *at = (char *)(sizes + 1 + 2 * count);
  sizes[0] = count;
  for (size_t i = 0; i < count; i++) {
    sizes[1 + 2 * i] = pairs[i].name.size;
    sizes[2 + 2 * i] = pairs[i].value.size;
    at = pw_put(pw_put(at, pairs[i].name), pairs[i].value);
  }
  proxy_send_local_response(status, NULL, 0, body.data, body.size, sizes, size, (uint32_t)-1);
  free(sizes);
}

// -------------------------------------------------------------------- time, chance, metrics

// Nanoseconds since 1970.
PW_UNUSED static uint64_t pw_now(void) {
  uint64_t now = 0;
  proxy_get_current_time_nanoseconds(&now);
  return now;
}

PW_UNUSED static uint64_t pw_random(void) {
  uint64_t number = 0;
  wasi_random_get(&number, sizeof number);
  return number;
}

// Define a metric and return its id. The same name gives the same id again.
PW_UNUSED static uint32_t pw_metric(enum pw_metric type, text name) {
  uint32_t id = 0;
  proxy_define_metric(type, name.data, name.size, &id);
  return id;
}
