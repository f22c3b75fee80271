/* Between JavaScript values and C. */
#include "buoy.h"

#include <stdlib.h>

static bool refuse(napi_env env, const char *what) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, NULL, what);
  return false;
}

bool read_args(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < count) {
    return refuse(env, "too few arguments");
  }
  return true;
}

bool read_int(napi_env env, napi_value value, int32_t *out) {
  return napi_get_value_int32(env, value, out) == napi_ok || refuse(env, "an integer is expected");
}

bool read_number(napi_env env, napi_value value, double *out) {
  return napi_get_value_double(env, value, out) == napi_ok || refuse(env, "a number is expected");
}

bool read_bool(napi_env env, napi_value value, bool *out) {
  return napi_get_value_bool(env, value, out) == napi_ok || refuse(env, "a boolean is expected");
}

static bool read_view(napi_env env, napi_value value, size_t element, struct view *out) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok) {
    return refuse(env, "a typed array is expected");
  }
  bool fits = element == 1 ? type == napi_uint8_array : type == napi_int32_array || type == napi_uint32_array;
  if (!fits) return refuse(env, "a typed array of another element is expected");
  out->data = data;
  out->length = length * element;
  return true;
}

bool read_bytes(napi_env env, napi_value value, struct view *out) { return read_view(env, value, 1, out); }

bool read_ints(napi_env env, napi_value value, struct view *out) { return read_view(env, value, 4, out); }

bool read_count(napi_env env, napi_value list, uint32_t *out) {
  return napi_get_array_length(env, list, out) == napi_ok || refuse(env, "a list is expected");
}

char *read_text(napi_env env, napi_value value, size_t *length) {
  size_t size;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok) {
    refuse(env, "a string is expected");
    return NULL;
  }
  char *text = malloc(size + 1);
  if (text == NULL) {
    refuse(env, "out of memory");
    return NULL;
  }
  napi_get_value_string_utf8(env, value, text, size + 1, &size);
  if (length != NULL) *length = size;
  return text;
}

bool read_property(napi_env env, napi_value object, const char *name, napi_value *out) {
  return napi_get_named_property(env, object, name, out) == napi_ok || refuse(env, name);
}

napi_value give_int(napi_env env, int64_t value) {
  napi_value result;
  return napi_create_int64(env, value, &result) == napi_ok ? result : NULL;
}

napi_value give_text(napi_env env, const char *text) {
  napi_value result;
  return napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

napi_value give_undefined(napi_env env) {
  napi_value result;
  return napi_get_undefined(env, &result) == napi_ok ? result : NULL;
}

napi_value give_result(napi_env env, long result) { return give_int(env, result < 0 ? -(int64_t)errno : result); }
