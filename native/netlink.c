/* Netlink: sockets for monitors, and a writer thread.
 *
 * The writer sends one request at a time on a socket of its own and waits for the answer there, in order: while the
 * kernel's rtnl lock is held by somebody, that thread sleeps and the loop does not. Answers wait in a list; an eventfd
 * is readable as long as there are any. */
#include "buoy.h"

#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

enum {
  DATAGRAM = 65536,
  MAX_REPLY = 64 * 1024 * 1024, /* a list of some 300,000 tracked connections */
  SEND_BUFFER = 4 * 1024 * 1024, /* a batch of nf_tables is one send */
  ANSWER_TIMEOUT_MS = 10000,
  THREAD_STACK = 256 * 1024,
};

struct message {
  struct message *next;
  int32_t id;
  int32_t error;
  size_t length;
  uint8_t data[];
};

struct queue {
  struct message *head;
  struct message **tail;
};

struct writer {
  int fd;
  uint32_t port;
  int done_fd;  /* readable while `done` is not empty */
  int quit_fd;  /* readable when the thread must end */
  pthread_t thread;
  bool running;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct queue waiting;
  struct queue done;
  int32_t waiting_count;
  int32_t waiting_limit;
  bool quit;
  uint8_t datagram[DATAGRAM]; /* the thread's */
};

/* ---- sockets ---- */

static int open_netlink(int protocol, uint32_t groups, int receive_buffer, int flags) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);
  if (fd < 0) return -errno;
  const int on = 1;
  /* Both are improvements: kernels without them work. */
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  if (receive_buffer > 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const int send_buffer = SEND_BUFFER;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof send_buffer) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  }
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

static int64_t port_of(int fd) {
  struct sockaddr_nl address = {0};
  socklen_t size = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &size) < 0 ? -(int64_t)errno : (int64_t)address.nl_pid;
}

static napi_value netlink_open(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t protocol, groups, receive_buffer;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &protocol) || !read_int(env, args[1], &groups) ||
      !read_int(env, args[2], &receive_buffer)) {
    return NULL;
  }
  return give_int(env, open_netlink(protocol, (uint32_t)groups, receive_buffer, SOCK_NONBLOCK));
}

static napi_value netlink_port(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int32_t fd;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &fd)) return NULL;
  return give_int(env, port_of(fd));
}

/* ---- queues ---- */

static void queue_init(struct queue *queue) {
  queue->head = NULL;
  queue->tail = &queue->head;
}

static void queue_push(struct queue *queue, struct message *message) {
  message->next = NULL;
  *queue->tail = message;
  queue->tail = &message->next;
}

static struct message *queue_pop(struct queue *queue) {
  struct message *message = queue->head;
  if (message == NULL) return NULL;
  queue->head = message->next;
  if (queue->head == NULL) queue->tail = &queue->head;
  return message;
}

static void queue_free(struct queue *queue) {
  for (struct message *message; (message = queue_pop(queue)) != NULL;) free(message);
}

static struct message *message_new(int32_t id, const uint8_t *data, size_t length) {
  struct message *message = malloc(sizeof *message + length);
  if (message == NULL) return NULL;
  *message = (struct message){.id = id, .length = length};
  if (length > 0) memcpy(message->data, data, length);
  return message;
}

/* ---- the thread ---- */

/* Sequence number of the last message of a request: its answer ends the request. */
static uint32_t last_sequence(const struct message *request) {
  uint32_t sequence = 0;
  for (size_t offset = 0; offset + sizeof(struct nlmsghdr) <= request->length;) {
    struct nlmsghdr header;
    memcpy(&header, request->data + offset, sizeof header);
    sequence = header.nlmsg_seq;
    if (header.nlmsg_len < sizeof header) break;
    offset += NLMSG_ALIGN(header.nlmsg_len);
  }
  return sequence;
}

/* Whether these bytes end the request; *error becomes the first refusal of any of its messages. */
static bool scan_answer(const uint8_t *data, size_t length, uint32_t sequence, int32_t *error) {
  bool ended = false;
  for (size_t offset = 0; offset + sizeof(struct nlmsghdr) <= length;) {
    struct nlmsghdr header;
    memcpy(&header, data + offset, sizeof header);
    if (header.nlmsg_len < sizeof header) break;
    if (header.nlmsg_type == NLMSG_ERROR && offset + sizeof header + sizeof(int32_t) <= length) {
      int32_t refusal;
      memcpy(&refusal, data + offset + sizeof header, sizeof refusal);
      if (*error == 0 && refusal < 0) *error = -refusal;
    }
    if (header.nlmsg_seq == sequence && (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE)) {
      ended = true;
    }
    offset += NLMSG_ALIGN(header.nlmsg_len);
  }
  return ended;
}

static int wait_for_answer(struct writer *writer) {
  struct pollfd fds[2] = {{.fd = writer->fd, .events = POLLIN}, {.fd = writer->quit_fd, .events = POLLIN}};
  int ready = poll(fds, 2, ANSWER_TIMEOUT_MS);
  if (ready < 0) return errno;
  if (ready == 0) return ETIMEDOUT;
  return fds[1].revents != 0 ? ECANCELED : 0;
}

static struct message *append(struct message *reply, const uint8_t *data, size_t length) {
  struct message *longer = realloc(reply, sizeof *reply + reply->length + length);
  if (longer == NULL) return NULL;
  memcpy(longer->data + longer->length, data, length);
  longer->length += length;
  return longer;
}

/* Drops what an earlier request that timed out left behind. */
static void discard_stale(struct writer *writer) {
  while (recv(writer->fd, writer->datagram, DATAGRAM, MSG_DONTWAIT) >= 0) continue;
}

static struct message *perform(struct writer *writer, const struct message *request) {
  struct message *reply = message_new(request->id, NULL, 0);
  if (reply == NULL) return NULL;
  uint32_t sequence = last_sequence(request);
  discard_stale(writer);
  if (send(writer->fd, request->data, request->length, 0) < 0) {
    reply->error = errno;
    return reply;
  }
  for (bool ended = false; !ended;) {
    int failure = wait_for_answer(writer);
    ssize_t length = failure != 0 ? -1 : recv(writer->fd, writer->datagram, DATAGRAM, 0);
    if (length < 0) {
      reply->error = failure != 0 ? failure : errno;
      return reply;
    }
    ended = scan_answer(writer->datagram, (size_t)length, sequence, &reply->error);
    struct message *longer =
        reply->length + (size_t)length > MAX_REPLY ? NULL : append(reply, writer->datagram, (size_t)length);
    if (longer == NULL) {
      reply->error = ENOBUFS;
      return reply;
    }
    reply = longer;
  }
  return reply;
}

static void *run_writer(void *data) {
  struct writer *writer = data;
  pthread_mutex_lock(&writer->lock);
  while (!writer->quit) {
    struct message *request = queue_pop(&writer->waiting);
    if (request == NULL) {
      pthread_cond_wait(&writer->wake, &writer->lock);
      continue;
    }
    pthread_mutex_unlock(&writer->lock);
    struct message *reply = perform(writer, request);
    pthread_mutex_lock(&writer->lock);
    writer->waiting_count--;
    if (reply == NULL) {
      /* Out of memory: the request's own block carries the answer. */
      request->error = ENOMEM;
      request->length = 0;
      reply = request;
    } else {
      free(request);
    }
    queue_push(&writer->done, reply);
    const uint64_t one = 1;
    if (write(writer->done_fd, &one, sizeof one) < 0) continue; /* only a counter at its maximum fails: readable */
  }
  pthread_mutex_unlock(&writer->lock);
  return NULL;
}

static void writer_stop(struct writer *writer) {
  if (writer->running) {
    const uint64_t one = 1;
    pthread_mutex_lock(&writer->lock);
    writer->quit = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    ssize_t told = write(writer->quit_fd, &one, sizeof one);
    (void)told;
    pthread_join(writer->thread, NULL);
    writer->running = false;
  }
  queue_free(&writer->waiting);
  queue_free(&writer->done);
  if (writer->fd >= 0) close(writer->fd);
  if (writer->done_fd >= 0) close(writer->done_fd);
  if (writer->quit_fd >= 0) close(writer->quit_fd);
  writer->fd = writer->done_fd = writer->quit_fd = -1;
}

static void writer_free(struct writer *writer) {
  writer_stop(writer);
  pthread_mutex_destroy(&writer->lock);
  pthread_cond_destroy(&writer->wake);
  free(writer);
}

static void on_writer_finalized(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  writer_free(data);
}

/* The thread takes no signals: they belong to the main thread. */
static int start_thread(struct writer *writer) {
  sigset_t all, before;
  pthread_attr_t attributes;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, THREAD_STACK);
  int error = pthread_create(&writer->thread, &attributes, run_writer, writer);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  writer->running = error == 0;
  return -error;
}

static napi_value writer_open(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t protocol, limit;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &protocol) || !read_int(env, args[1], &limit)) {
    return NULL;
  }
  struct writer *writer = calloc(1, sizeof *writer);
  if (writer == NULL) return give_int(env, -ENOMEM);
  pthread_mutex_init(&writer->lock, NULL);
  pthread_cond_init(&writer->wake, NULL);
  queue_init(&writer->waiting);
  queue_init(&writer->done);
  writer->waiting_limit = limit;
  writer->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  writer->quit_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  int error = writer->done_fd < 0 || writer->quit_fd < 0 ? -errno : 0;
  writer->fd = open_netlink(protocol, 0, 1024 * 1024, 0);
  if (error == 0 && writer->fd < 0) error = writer->fd;
  if (error == 0) {
    writer->port = (uint32_t)port_of(writer->fd);
    error = start_thread(writer);
  }
  napi_value handle;
  if (error == 0 && napi_create_external(env, writer, on_writer_finalized, NULL, &handle) == napi_ok) return handle;
  writer_free(writer);
  return give_int(env, error != 0 ? error : -ENOMEM);
}

/* ---- for JavaScript ---- */

static struct writer *read_writer(napi_env env, napi_value value) {
  void *data = NULL;
  if (napi_get_value_external(env, value, &data) != napi_ok) {
    napi_throw_type_error(env, NULL, "a writer is expected");
    return NULL;
  }
  return data;
}

static napi_value writer_submit(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t id;
  struct view bytes;
  if (!read_args(env, info, 3, args) || !read_int(env, args[1], &id) || !read_bytes(env, args[2], &bytes)) return NULL;
  struct writer *writer = read_writer(env, args[0]);
  if (writer == NULL) return NULL;
  if (!writer->running) return give_int(env, -ESHUTDOWN);
  struct message *request = message_new(id, bytes.data, bytes.length);
  if (request == NULL) return give_int(env, -ENOMEM);
  pthread_mutex_lock(&writer->lock);
  bool room = writer->waiting_count < writer->waiting_limit;
  if (room) {
    writer->waiting_count++;
    queue_push(&writer->waiting, request);
    pthread_cond_signal(&writer->wake);
  }
  pthread_mutex_unlock(&writer->lock);
  if (!room) free(request);
  return give_int(env, room ? 0 : -ENOBUFS);
}

static napi_value give_bytes(napi_env env, const uint8_t *data, size_t length) {
  void *copy;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, length, &copy, &buffer) != napi_ok) return NULL;
  if (length > 0) memcpy(copy, data, length);
  return napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array) == napi_ok ? array : NULL;
}

/* writerTake(writer): [id, errno, reply bytes] of the next finished request, or undefined. */
static napi_value writer_take(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  struct writer *writer = read_writer(env, args[0]);
  if (writer == NULL) return NULL;
  pthread_mutex_lock(&writer->lock);
  struct message *reply = queue_pop(&writer->done);
  if (writer->done.head == NULL && writer->done_fd >= 0) {
    uint64_t count;
    ssize_t drained = read(writer->done_fd, &count, sizeof count);
    (void)drained;
  }
  pthread_mutex_unlock(&writer->lock);
  if (reply == NULL) return give_undefined(env);
  napi_value result;
  if (napi_create_array_with_length(env, 3, &result) == napi_ok) {
    napi_set_element(env, result, 0, give_int(env, reply->id));
    napi_set_element(env, result, 1, give_int(env, reply->error));
    napi_set_element(env, result, 2, give_bytes(env, reply->data, reply->length));
  }
  free(reply);
  return result;
}

static napi_value writer_descriptor(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  struct writer *writer = read_writer(env, args[0]);
  return writer == NULL ? NULL : give_int(env, writer->done_fd);
}

static napi_value writer_port(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  struct writer *writer = read_writer(env, args[0]);
  return writer == NULL ? NULL : give_int(env, writer->port);
}

/* Ends the thread after the request it is at; what waits is dropped without an answer. */
static napi_value writer_close(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  struct writer *writer = read_writer(env, args[0]);
  if (writer != NULL) writer_stop(writer);
  return NULL;
}

const struct function_entry netlink_functions[] = {
    {"netlinkOpen", netlink_open},   {"netlinkPort", netlink_port},
    {"writerOpen", writer_open},     {"writerSubmit", writer_submit},
    {"writerTake", writer_take},     {"writerDescriptor", writer_descriptor},
    {"writerPort", writer_port},     {"writerClose", writer_close},
    {NULL, NULL},
};
