/* Sockets one call at a time: opening, addresses, options, single messages. */
#include "buoy.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t domain, type, protocol;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &domain) || !read_int(env, args[1], &type) ||
      !read_int(env, args[2], &protocol)) {
    return NULL;
  }
  return give_result(env, socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

static napi_value close_fd(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int32_t fd;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &fd)) return NULL;
  return give_result(env, close(fd));
}

/* Length of the address made of 4 or 16 bytes, or 0. */
static socklen_t inet_address(struct sockaddr_storage *out, const struct view *bytes, int port, int scope) {
  memset(out, 0, sizeof *out);
  if (bytes->length == 4) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    memcpy(&v4->sin_addr, bytes->data, 4);
    return sizeof *v4;
  }
  if (bytes->length != 16) return 0;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons((uint16_t)port);
  v6->sin6_scope_id = (uint32_t)scope;
  memcpy(&v6->sin6_addr, bytes->data, 16);
  return sizeof *v6;
}

static napi_value with_inet_address(napi_env env, napi_callback_info info,
                                    int (*call)(int, const struct sockaddr *, socklen_t)) {
  napi_value args[4];
  int32_t fd, port, scope;
  struct view bytes;
  if (!read_args(env, info, 4, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[1], &bytes) ||
      !read_int(env, args[2], &port) || !read_int(env, args[3], &scope)) {
    return NULL;
  }
  struct sockaddr_storage address;
  socklen_t length = inet_address(&address, &bytes, port, scope);
  if (length == 0) return give_int(env, -EAFNOSUPPORT);
  return give_result(env, call(fd, (struct sockaddr *)&address, length));
}

static napi_value bind_inet(napi_env env, napi_callback_info info) { return with_inet_address(env, info, bind); }

static napi_value connect_inet(napi_env env, napi_callback_info info) { return with_inet_address(env, info, connect); }

static napi_value bind_packet(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd, protocol, ifindex;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_int(env, args[1], &protocol) ||
      !read_int(env, args[2], &ifindex)) {
    return NULL;
  }
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)protocol), .sll_ifindex = ifindex};
  return give_result(env, bind(fd, (struct sockaddr *)&address, sizeof address));
}

/* Length of the address, 0 if the path is too long. A leading NUL names an abstract socket. */
static socklen_t unix_address(struct sockaddr_un *out, const char *path, size_t length) {
  memset(out, 0, sizeof *out);
  out->sun_family = AF_UNIX;
  if (length >= sizeof out->sun_path) return 0;
  memcpy(out->sun_path, path, length);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (length > 0 && path[0] == 0 ? 0 : 1));
}

static napi_value bind_unix(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  size_t length;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd)) return NULL;
  char *path = read_text(env, args[1], &length);
  if (path == NULL) return NULL;
  struct sockaddr_un address;
  socklen_t size = unix_address(&address, path, length);
  free(path);
  if (size == 0) return give_int(env, -ENAMETOOLONG);
  return give_result(env, bind(fd, (struct sockaddr *)&address, size));
}

static napi_value send_unix(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd;
  size_t length;
  struct view bytes;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[2], &bytes)) return NULL;
  char *path = read_text(env, args[1], &length);
  if (path == NULL) return NULL;
  struct sockaddr_un address;
  socklen_t size = unix_address(&address, path, length);
  free(path);
  if (size == 0) return give_int(env, -ENAMETOOLONG);
  return give_result(env, sendto(fd, bytes.data, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL,
                                 (struct sockaddr *)&address, size));
}

static napi_value set_option(napi_env env, napi_callback_info info) {
  napi_value args[4];
  int32_t fd, level, name;
  if (!read_args(env, info, 4, args) || !read_int(env, args[0], &fd) || !read_int(env, args[1], &level) ||
      !read_int(env, args[2], &name)) {
    return NULL;
  }
  napi_valuetype type;
  if (napi_typeof(env, args[3], &type) != napi_ok) return NULL;
  if (type == napi_number) {
    int32_t value;
    if (!read_int(env, args[3], &value)) return NULL;
    return give_result(env, setsockopt(fd, level, name, &value, sizeof value));
  }
  if (type == napi_string) {
    size_t length;
    char *text = read_text(env, args[3], &length);
    if (text == NULL) return NULL;
    int result = setsockopt(fd, level, name, text, (socklen_t)length + 1);
    int error = errno;
    free(text);
    errno = error;
    return give_result(env, result);
  }
  struct view bytes;
  if (!read_bytes(env, args[3], &bytes)) return NULL;
  return give_result(env, setsockopt(fd, level, name, bytes.data, (socklen_t)bytes.length));
}

static napi_value get_option(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd, level, name;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_int(env, args[1], &level) ||
      !read_int(env, args[2], &name)) {
    return NULL;
  }
  int32_t value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, level, name, &value, &size) < 0) return give_int(env, -errno);
  return give_int(env, value);
}

static napi_value change_membership(napi_env env, napi_callback_info info, int option4, int option6) {
  napi_value args[3];
  int32_t fd, ifindex;
  struct view group;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[1], &group) ||
      !read_int(env, args[2], &ifindex)) {
    return NULL;
  }
  if (group.length == 4) {
    struct ip_mreqn request = {.imr_ifindex = ifindex};
    memcpy(&request.imr_multiaddr, group.data, 4);
    return give_result(env, setsockopt(fd, IPPROTO_IP, option4, &request, sizeof request));
  }
  if (group.length != 16) return give_int(env, -EAFNOSUPPORT);
  struct ipv6_mreq request = {.ipv6mr_interface = (unsigned)ifindex};
  memcpy(&request.ipv6mr_multiaddr, group.data, 16);
  return give_result(env, setsockopt(fd, IPPROTO_IPV6, option6, &request, sizeof request));
}

static napi_value join_group(napi_env env, napi_callback_info info) {
  return change_membership(env, info, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
}

static napi_value leave_group(napi_env env, napi_callback_info info) {
  return change_membership(env, info, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
}

static napi_value set_multicast_interface(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd, family, ifindex;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &fd) || !read_int(env, args[1], &family) ||
      !read_int(env, args[2], &ifindex)) {
    return NULL;
  }
  if (family == AF_INET6) {
    return give_result(env, setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof ifindex));
  }
  struct ip_mreqn request = {.imr_ifindex = ifindex};
  return give_result(env, setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request));
}

/* The program is a list of {code, true offset, false offset, operand}, four numbers an instruction. */
static napi_value attach_filter(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  struct view program;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_ints(env, args[1], &program)) return NULL;
  struct sock_filter instructions[256];
  size_t count = program.length / 16;
  if (count == 0 || count > sizeof instructions / sizeof instructions[0]) return give_int(env, -EINVAL);
  const uint32_t *word = (const uint32_t *)(const void *)program.data;
  for (size_t i = 0; i < count; i++, word += 4) {
    instructions[i] = (struct sock_filter){(uint16_t)word[0], (uint8_t)word[1], (uint8_t)word[2], word[3]};
  }
  struct sock_fprog filter = {.len = (unsigned short)count, .filter = instructions};
  return give_result(env, setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

/* Length of the message as sent, which is more than the buffer's where it was cut. */
static napi_value receive_one(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  struct view buffer;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[1], &buffer)) return NULL;
  return give_result(env, recv(fd, buffer.data, buffer.length, MSG_DONTWAIT | MSG_TRUNC));
}

/* The next bytes of a stream: 0 at its end. (MSG_TRUNC would throw a stream's bytes away.) */
static napi_value receive_stream(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  struct view buffer;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[1], &buffer)) return NULL;
  return give_result(env, recv(fd, buffer.data, buffer.length, MSG_DONTWAIT));
}

static napi_value send_one(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  struct view bytes;
  if (!read_args(env, info, 2, args) || !read_int(env, args[0], &fd) || !read_bytes(env, args[1], &bytes)) return NULL;
  return give_result(env, send(fd, bytes.data, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static napi_value interface_index(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  char *name = read_text(env, args[0], NULL);
  if (name == NULL) return NULL;
  unsigned index = if_nametoindex(name);
  int error = errno;
  free(name);
  return give_int(env, index == 0 ? -(int64_t)error : (int64_t)index);
}

const struct function_entry socket_functions[] = {
    {"socket", open_socket},
    {"close", close_fd},
    {"bindInet", bind_inet},
    {"connectInet", connect_inet},
    {"bindPacket", bind_packet},
    {"bindUnix", bind_unix},
    {"sendUnix", send_unix},
    {"setOption", set_option},
    {"getOption", get_option},
    {"joinGroup", join_group},
    {"leaveGroup", leave_group},
    {"setMulticastInterface", set_multicast_interface},
    {"attachFilter", attach_filter},
    {"receive", receive_one},
    {"receiveStream", receive_stream},
    {"send", send_one},
    {"interfaceIndex", interface_index},
    {NULL, NULL},
};
