/* A set of descriptors behind one: for sockets of which thousands come and go. A watch of its own (poll.c) costs several
 * system calls and objects that only a garbage collection frees; here a socket costs one call, and its close removes it. */
#include "buoy.h"

#include <sys/epoll.h>

#define MOST_EVENTS 256

static napi_value epoll_open(napi_env env, napi_callback_info info) {
  (void)info;
  return give_result(env, epoll_create1(EPOLL_CLOEXEC));
}

static napi_value control(napi_env env, napi_callback_info info, int operation) {
  napi_value args[4];
  int32_t set, fd, token, events;
  if (!read_args(env, info, 4, args) || !read_int(env, args[0], &set) || !read_int(env, args[1], &fd) ||
      !read_int(env, args[2], &token) || !read_int(env, args[3], &events)) {
    return NULL;
  }
  struct epoll_event event = {.events = (uint32_t)events, .data.u32 = (uint32_t)token};
  return give_result(env, epoll_ctl(set, operation, fd, &event));
}

/* epollAdd(set, fd, token, events): the token comes back with its events. */
static napi_value epoll_add(napi_env env, napi_callback_info info) {
  return control(env, info, EPOLL_CTL_ADD);
}

/* epollChange(set, fd, token, events) */
static napi_value epoll_change(napi_env env, napi_callback_info info) {
  return control(env, info, EPOLL_CTL_MOD);
}

static napi_value epoll_remove(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t set, fd;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &set) || !read_int(env, args[1], &fd)) return NULL;
  return give_result(env, epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL));
}

/* epollReady(set, tokens): how many are ready now, without waiting; their tokens are written into the Int32Array. */
static napi_value epoll_ready(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t set;
  struct view tokens;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &set) || !read_ints(env, args[1], &tokens)) return NULL;
  struct epoll_event events[MOST_EVENTS];
  size_t room = tokens.length / sizeof(int32_t);
  int count = epoll_wait(set, events, (int)(room < MOST_EVENTS ? room : MOST_EVENTS), 0);
  for (int index = 0; index < count; index++) ((int32_t *)(void *)tokens.data)[index] = (int32_t)events[index].data.u32;
  return give_result(env, count);
}

const struct function_entry epoll_functions[] = {
    {"epollOpen", epoll_open},     {"epollAdd", epoll_add},     {"epollChange", epoll_change},
    {"epollRemove", epoll_remove}, {"epollReady", epoll_ready}, {NULL, NULL},
};
