// SPDX-License-Identifier: Apache-2.0
//
// proxy_wasm_settings.h: each plugin its own settings, each stream a place for notes.
//
// A proxy may run several plugins in one virtual machine when they use the same module: two
// listeners with two configurations, for example. Global variables would then mix their settings.
// Every plugin has a root context of its own, and every request (stream) knows its root context,
// so this file keeps settings by root context.
//
//   struct settings { text name; };
//
//   PW_EXPORT(proxy_on_configure)
//   uint32_t on_configure(uint32_t root, uint32_t size) {
//     text rest, line;
//     struct settings *settings = pw_configure(root, size, sizeof *settings, &rest);
//     while (pw_next_line(&rest, &line)) settings->name = line;
//     return true;
//   }
//
// and in a callback of a stream: `struct settings *settings = pw_settings(stream);`
#pragma once

#include "proxy_wasm.h"

#define PW_BUCKETS 256

typedef struct pw_context {
  uint32_t id;
  uint64_t note;            // a stream's own 8 bytes
  text kept;                // a stream's own text; a root context's configuration
  void *settings;           // a root context's; they may point into the configuration
  struct pw_context *root;  // itself, for a root context
  struct pw_context *next;  // in the same bucket
} pw_context;

static pw_context *pw_contexts[PW_BUCKETS];

static pw_context **pw_place_of(uint32_t id) {
  pw_context **place = &pw_contexts[id % PW_BUCKETS];
  while (*place != NULL && (*place)->id != id) place = &(*place)->next;
  return place;
}

static pw_context *pw_context_of(uint32_t id) {
  pw_context *context = *pw_place_of(id);
  if (context == NULL) __builtin_trap();
  return context;
}

static void *pw_zeroed(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL) __builtin_trap();
  return memset(memory, 0, size);
}

PW_EXPORT(proxy_on_context_create)
void pw_on_context_create(uint32_t id, uint32_t root) {
  pw_context *context = pw_zeroed(sizeof *context);
  context->id = id;
  context->root = root == 0 ? context : pw_context_of(root);
  *pw_place_of(id) = context;
}

PW_EXPORT(proxy_on_delete)
void pw_on_delete(uint32_t id) {
  pw_context **place = pw_place_of(id), *context = *place;
  if (context == NULL) return;
  *place = context->next;
  free(context->settings);
  pw_free(context->kept);
  free(context);
}

// Keep a text with its stream: it is freed with it, or when another takes its place.
// Envoy shows request headers only while it works on the request (and in proxy_on_log), so what
// the response needs of them has to be kept.
PW_UNUSED static void pw_keep(uint32_t stream, text owned) {
  pw_context *context = pw_context_of(stream);
  pw_free(context->kept);
  context->kept = owned;
}

PW_UNUSED static text pw_kept(uint32_t stream) { return pw_context_of(stream)->kept; }

// Return `settings_size` zeroed bytes for a plugin's settings, and its configuration of `size`
// bytes. Both live as long as the root context, so settings may point into the configuration.
PW_UNUSED static void *pw_configure(uint32_t root, size_t size, size_t settings_size,
                                    text *configuration) {
  pw_context *context = pw_context_of(root);
  char *data = NULL;
  size_t data_size = 0;
  free(context->settings);
  proxy_get_buffer_bytes(PW_PLUGIN_CONFIGURATION, 0, size, &data, &data_size);
  *configuration = (text){data, data_size};
  pw_keep(root, *configuration);
  return context->settings = pw_zeroed(settings_size);
}

// Return the settings of the plugin that a stream belongs to.
PW_UNUSED static void *pw_settings(uint32_t stream) {
  return pw_context_of(stream)->root->settings;
}

// Return the place for a stream's own 8 bytes; zero at first.
PW_UNUSED static uint64_t *pw_note(uint32_t stream) { return &pw_context_of(stream)->note; }
