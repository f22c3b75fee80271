/* Shared by the files of the addon.
 *
 * Convention: a function answers a number, 0 or more on success, minus errno on failure. Wrong argument types throw
 * TypeError (a defect of the caller). The addon moves bytes and reports errno; it parses no protocol but the framing
 * of netlink's acknowledgements, which the writer thread must recognise. */
#ifndef BUOY_H
#define BUOY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_ARGS 6

struct poll_watch;

/* State of one Node environment (main thread or worker). */
struct addon {
  napi_env env;
  struct poll_watch *polls; /* every watch whose uv handle is not closed yet */
  napi_async_cleanup_hook_handle hook;
  bool ending;
};

/* A byte view of a Uint8Array, Int32Array or Uint32Array. */
struct view {
  uint8_t *data;
  size_t length; /* bytes */
};

/* arguments and results (values.c) */
bool read_args(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool read_int(napi_env env, napi_value value, int32_t *out);
bool read_number(napi_env env, napi_value value, double *out);
bool read_bool(napi_env env, napi_value value, bool *out);
bool read_bytes(napi_env env, napi_value value, struct view *out);
bool read_ints(napi_env env, napi_value value, struct view *out);
bool read_count(napi_env env, napi_value list, uint32_t *out);
/* The text of a string, NUL-terminated, to be freed by the caller; NULL with an exception pending. */
char *read_text(napi_env env, napi_value value, size_t *length);
bool read_property(napi_env env, napi_value object, const char *name, napi_value *out);
napi_value give_int(napi_env env, int64_t value);
napi_value give_text(napi_env env, const char *text);
napi_value give_undefined(napi_env env);
/* 0 or more as it is, -1 as minus errno. */
napi_value give_result(napi_env env, long result);

typedef napi_value (*native_function)(napi_env env, napi_callback_info info);
struct function_entry {
  const char *name;
  native_function function;
};

/* Each file's functions, ended by a NULL name. */
extern const struct function_entry poll_functions[];
extern const struct function_entry epoll_functions[];
extern const struct function_entry socket_functions[];
extern const struct function_entry batch_functions[];
extern const struct function_entry netlink_functions[];
extern const struct function_entry process_functions[];
extern const struct function_entry spawn_functions[];
extern const struct function_entry file_functions[];

void poll_close_all(struct addon *addon);

#endif
