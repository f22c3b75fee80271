/* Readiness of descriptors, clocks, timerfd.
 *
 * Lifetime of a watch: while it is open a strong reference keeps its JavaScript handle, so an active watch cannot be
 * collected. Closing drops the references and closes the uv handle; memory is freed when the close callback has run
 * AND the JavaScript handle was finalized, whichever comes last. */
#include "buoy.h"
#include "uv-abi.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct poll_watch {
  struct addon *addon;
  buoy_uv_handle *uv;
  napi_ref callback;
  napi_ref self;
  int fd;
  int events;
  bool drain; /* read the 8 bytes of a timerfd or eventfd before calling back */
  bool closing;
  bool closed;
  bool finalized;
  struct poll_watch *previous;
  struct poll_watch *next;
};

static void release(struct poll_watch *watch) {
  if (!watch->closed || !watch->finalized) return;
  free(watch->uv);
  free(watch);
}

static void unlink_watch(struct poll_watch *watch) {
  struct addon *addon = watch->addon;
  if (watch->previous != NULL) watch->previous->next = watch->next;
  else addon->polls = watch->next;
  if (watch->next != NULL) watch->next->previous = watch->previous;
}

static void finish_environment(struct addon *addon) {
  if (!addon->ending || addon->polls != NULL) return;
  napi_remove_async_cleanup_hook(addon->hook);
  free(addon);
}

static void on_closed(buoy_uv_handle *handle) {
  struct poll_watch *watch = uv_handle_get_data(handle);
  struct addon *addon = watch->addon;
  watch->closed = true;
  unlink_watch(watch);
  release(watch);
  finish_environment(addon);
}

static void close_watch(struct poll_watch *watch) {
  if (watch->closing) return;
  watch->closing = true;
  napi_env env = watch->addon->env;
  napi_delete_reference(env, watch->callback);
  napi_delete_reference(env, watch->self);
  uv_close(watch->uv, on_closed);
}

static void on_finalized(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct poll_watch *watch = data;
  watch->finalized = true;
  release(watch);
}

void poll_close_all(struct addon *addon) {
  for (struct poll_watch *watch = addon->polls; watch != NULL; watch = watch->next) close_watch(watch);
  finish_environment(addon);
}

static void report_exception(napi_env env) {
  bool pending = false;
  napi_value exception;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

static void on_ready(buoy_uv_handle *handle, int status, int events) {
  struct poll_watch *watch = uv_handle_get_data(handle);
  if (watch->closing) return;
  if (watch->drain) {
    uint64_t count;
    if (read(watch->fd, &count, sizeof count) < 0 && errno == EAGAIN) return;
  }
  napi_env env = watch->addon->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value receiver, callback, argument;
  if (napi_get_global(env, &receiver) == napi_ok &&
      napi_get_reference_value(env, watch->callback, &callback) == napi_ok && callback != NULL &&
      napi_create_int32(env, status < 0 ? status : events, &argument) == napi_ok) {
    napi_make_callback(env, NULL, receiver, callback, 1, &argument, NULL);
    report_exception(env);
  }
  napi_close_handle_scope(env, scope);
  /* libuv stops a watch on POLLERR. A socket's error is cleared by reading it, which the callback has done. The handle
   * cannot be freed yet: its close callback runs later in the loop. */
  if (status < 0 && !watch->closing) uv_poll_start(watch->uv, watch->events, on_ready);
}

static napi_value poll_open(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd;
  bool drain;
  struct addon *addon;
  struct uv_loop_s *loop;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_bool(env, args[1], &drain)) return NULL;
  if (napi_get_instance_data(env, (void **)&addon) != napi_ok || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return NULL;
  }
  struct poll_watch *watch = calloc(1, sizeof *watch);
  buoy_uv_handle *uv = malloc(uv_handle_size(BUOY_UV_POLL));
  if (watch == NULL || uv == NULL) {
    free(watch);
    free(uv);
    return give_int(env, -ENOMEM);
  }
  *watch = (struct poll_watch){.addon = addon, .uv = uv, .fd = fd, .events = BUOY_UV_READABLE, .drain = drain};
  int error = addon->ending ? -ECANCELED : uv_poll_init(loop, uv, fd);
  if (error < 0) {
    free(uv);
    free(watch);
    return give_int(env, error);
  }
  uv_handle_set_data(uv, watch);
  watch->next = addon->polls;
  if (watch->next != NULL) watch->next->previous = watch;
  addon->polls = watch;

  napi_value handle;
  if (napi_create_external(env, watch, on_finalized, NULL, &handle) != napi_ok) {
    watch->closing = watch->finalized = true;
    uv_close(uv, on_closed);
    return give_int(env, -ENOMEM);
  }
  napi_create_reference(env, handle, 1, &watch->self);
  napi_create_reference(env, args[2], 1, &watch->callback);
  error = uv_poll_start(uv, BUOY_UV_READABLE, on_ready);
  if (error < 0) {
    close_watch(watch);
    return give_int(env, error);
  }
  return handle;
}

static struct poll_watch *read_watch(napi_env env, napi_value value) {
  void *data = NULL;
  if (napi_get_value_external(env, value, &data) != napi_ok) {
    napi_throw_type_error(env, NULL, "a watch is expected");
    return NULL;
  }
  return data;
}

static napi_value poll_close(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  struct poll_watch *watch = read_watch(env, args[0]);
  if (watch != NULL) close_watch(watch);
  return NULL;
}

/* pollEvents(handle, events): 1 readable, 2 writable. The kernel is told once, before the loop waits again. */
static napi_value poll_events(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t events;
  if (!read_args(env, info, 2, args) || !read_int(env, args[1], &events)) return NULL;
  struct poll_watch *watch = read_watch(env, args[0]);
  if (watch == NULL || watch->closing) return NULL;
  watch->events = events;
  return give_int(env, uv_poll_start(watch->uv, events, on_ready));
}

static napi_value poll_ref(napi_env env, napi_callback_info info) {
  napi_value args[2];
  bool on;
  if (!read_args(env, info, 2, args) || !read_bool(env, args[1], &on)) return NULL;
  struct poll_watch *watch = read_watch(env, args[0]);
  if (watch == NULL || watch->closing) return NULL;
  if (on) uv_ref(watch->uv);
  else uv_unref(watch->uv);
  return NULL;
}

static napi_value clock_micros(napi_env env, clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return give_int(env, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static napi_value monotonic_micros(napi_env env, napi_callback_info info) {
  (void)info;
  return clock_micros(env, CLOCK_MONOTONIC);
}

static napi_value realtime_micros(napi_env env, napi_callback_info info) {
  (void)info;
  return clock_micros(env, CLOCK_REALTIME);
}

static napi_value boottime_micros(napi_env env, napi_callback_info info) {
  (void)info;
  return clock_micros(env, CLOCK_BOOTTIME);
}

static napi_value timerfd_open(napi_env env, napi_callback_info info) {
  (void)info;
  return give_result(env, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

static napi_value timerfd_set(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  double at;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_number(env, args[1], &at)) return NULL;
  struct itimerspec setting = {0};
  if (at >= 0) {
    int64_t micros = (int64_t)at;
    setting.it_value.tv_sec = micros / 1000000;
    setting.it_value.tv_nsec = (micros % 1000000) * 1000;
    /* Zero would disarm; the origin of the clock is long past anyway. */
    if (micros == 0) setting.it_value.tv_nsec = 1;
  }
  return give_result(env, timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL));
}

const struct function_entry poll_functions[] = {
    {"pollOpen", poll_open},
    {"pollClose", poll_close},
    {"pollEvents", poll_events},
    {"pollRef", poll_ref},
    {"monotonicMicros", monotonic_micros},
    {"realtimeMicros", realtime_micros},
    {"boottimeMicros", boottime_micros},
    {"timerfdOpen", timerfd_open},
    {"timerfdSet", timerfd_set},
    {NULL, NULL},
};
