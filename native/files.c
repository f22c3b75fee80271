/* Files: FIFOs, which Node cannot make, and inotify: which names of a directory were written, removed or renamed. Node's own watcher tells of every single write,
 * when a file may still be empty; this one is told when the writer has closed it. */
#include "buoy.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static napi_value inotify_open(napi_env env, napi_callback_info info) {
  (void)info;
  return give_result(env, inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

/* The number of the watch, or minus errno. */
static napi_value inotify_watch(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd, mask;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_int(env, args[2], &mask)) return NULL;
  char *path = read_text(env, args[1], NULL);
  if (path == NULL) return NULL;
  int watch = inotify_add_watch(fd, path, (uint32_t)mask);
  int error = errno;
  free(path);
  return give_int(env, watch < 0 ? -(int64_t)error : (int64_t)watch);
}

static napi_value inotify_unwatch(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd, watch;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_int(env, args[1], &watch)) return NULL;
  return give_result(env, inotify_rm_watch(fd, watch));
}

/* Bytes of events read into the buffer. */
static napi_value inotify_read(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  struct view buffer;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[1], &buffer)) return NULL;
  return give_result(env, (long)read(fd, buffer.data, buffer.length));
}

static napi_value make_fifo(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t mode;
  if (!read_args(env, info, 2, args) || !read_int(env, args[1], &mode)) return NULL;
  char *path = read_text(env, args[0], NULL);
  if (path == NULL) return NULL;
  int result = mkfifo(path, (mode_t)mode);
  int error = errno;
  free(path);
  return give_int(env, result < 0 ? -(int64_t)error : 0);
}

const struct function_entry file_functions[] = {
    {"makeFifo", make_fifo},
    {"inotifyOpen", inotify_open},
    {"inotifyWatch", inotify_watch},
    {"inotifyUnwatch", inotify_unwatch},
    {"inotifyRead", inotify_read},
    {NULL, NULL},
};
