/* Many messages with one system call, in buffers that JavaScript allocated once.
 *
 * A buffer is cut into slots of equal size. A slot is 16 bytes of source address, 16 of destination (IPv4 uses the
 * first 4), then the message. `meta` has META_FIELDS integers a slot. */
#include "buoy.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
  MAX_BATCH = 64,
  ADDRESSES = 32,
  CONTROL = 128,
  META_FIELDS = 6,
  /* fields */
  META_LENGTH = 0,
  META_IFINDEX = 1,
  META_HOPS = 2,  /* -1: not known, or not to be set */
  META_FAMILY = 3,
  META_RESULT = 4, /* received: 1 if the message was cut; sent: bytes or minus errno */
  META_KIND = 5,   /* received from a packet socket: PACKET_HOST, PACKET_OUTGOING, ... */
};

struct batch {
  struct mmsghdr messages[MAX_BATCH];
  struct iovec vectors[MAX_BATCH];
  struct sockaddr_storage names[MAX_BATCH];
  union {
    struct cmsghdr align;
    uint8_t bytes[CONTROL];
  } controls[MAX_BATCH];
};

struct slots {
  uint8_t *data;
  size_t size;
  int32_t *meta;
  size_t count;
};

static bool read_slots(napi_env env, napi_value buffer, napi_value slot_size, napi_value meta, struct slots *out) {
  struct view bytes, fields;
  int32_t size;
  if (!read_bytes(env, buffer, &bytes) || !read_int(env, slot_size, &size) || !read_ints(env, meta, &fields)) {
    return false;
  }
  if (size <= ADDRESSES) {
    napi_throw_range_error(env, NULL, "a slot has no room for a message");
    return false;
  }
  size_t count = bytes.length / (size_t)size;
  size_t described = fields.length / (META_FIELDS * sizeof(int32_t));
  if (described < count) count = described;
  *out = (struct slots){bytes.data, (size_t)size, (int32_t *)(void *)fields.data, count < MAX_BATCH ? count : MAX_BATCH};
  return true;
}

static void describe_source(const struct sockaddr_storage *name, uint8_t *slot, int32_t *meta) {
  meta[META_FAMILY] = name->ss_family;
  if (name->ss_family == AF_INET) {
    memcpy(slot, &((const struct sockaddr_in *)name)->sin_addr, 4);
  } else if (name->ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)name;
    memcpy(slot, &v6->sin6_addr, 16);
    meta[META_IFINDEX] = (int32_t)v6->sin6_scope_id;
  } else if (name->ss_family == AF_PACKET) {
    const struct sockaddr_ll *link = (const struct sockaddr_ll *)name;
    memcpy(slot, link->sll_addr, 8);
    meta[META_IFINDEX] = link->sll_ifindex;
    meta[META_KIND] = link->sll_pkttype;
  }
}

static void describe_control(struct msghdr *header, uint8_t *slot, int32_t *meta) {
  for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL; control = CMSG_NXTHDR(header, control)) {
    int level = control->cmsg_level, type = control->cmsg_type;
    if (level == IPPROTO_IP && type == IP_PKTINFO) {
      struct in_pktinfo packet;
      memcpy(&packet, CMSG_DATA(control), sizeof packet);
      memcpy(slot + 16, &packet.ipi_addr, 4);
      meta[META_IFINDEX] = packet.ipi_ifindex;
    } else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO) {
      struct in6_pktinfo packet;
      memcpy(&packet, CMSG_DATA(control), sizeof packet);
      memcpy(slot + 16, &packet.ipi6_addr, 16);
      meta[META_IFINDEX] = (int32_t)packet.ipi6_ifindex;
    } else if ((level == IPPROTO_IP && type == IP_TTL) || (level == IPPROTO_IPV6 && type == IPV6_HOPLIMIT)) {
      memcpy(&meta[META_HOPS], CMSG_DATA(control), sizeof(int32_t));
    }
  }
}

/* receiveBatch(fd, buffer, slotSize, meta): how many messages were taken. */
static napi_value receive_batch(napi_env env, napi_callback_info info) {
  napi_value args[4];
  int32_t fd;
  struct slots slots;
  struct batch batch;
  if (!read_args(env, info, 4, args) || !read_int(env, args[0], &fd) ||
      !read_slots(env, args[1], args[2], args[3], &slots)) {
    return NULL;
  }
  for (size_t i = 0; i < slots.count; i++) {
    batch.vectors[i] = (struct iovec){slots.data + i * slots.size + ADDRESSES, slots.size - ADDRESSES};
    batch.names[i].ss_family = AF_UNSPEC;
    batch.messages[i].msg_hdr = (struct msghdr){
        .msg_name = &batch.names[i],
        .msg_namelen = sizeof batch.names[i],
        .msg_iov = &batch.vectors[i],
        .msg_iovlen = 1,
        .msg_control = batch.controls[i].bytes,
        .msg_controllen = CONTROL,
    };
    batch.messages[i].msg_len = 0;
  }
  int received = recvmmsg(fd, batch.messages, (unsigned)slots.count, MSG_DONTWAIT, NULL);
  if (received < 0) return give_int(env, -errno);
  for (int i = 0; i < received; i++) {
    uint8_t *slot = slots.data + (size_t)i * slots.size;
    int32_t *meta = slots.meta + i * META_FIELDS;
    struct msghdr *header = &batch.messages[i].msg_hdr;
    memset(slot, 0, ADDRESSES);
    meta[META_LENGTH] = (int32_t)batch.messages[i].msg_len;
    meta[META_IFINDEX] = 0;
    meta[META_HOPS] = -1;
    meta[META_RESULT] = (header->msg_flags & MSG_TRUNC) != 0;
    meta[META_KIND] = 0;
    describe_source(&batch.names[i], slot, meta);
    describe_control(header, slot, meta);
  }
  return give_int(env, received);
}

static size_t put_control(uint8_t *at, int level, int type, const void *data, size_t length) {
  struct cmsghdr *control = (struct cmsghdr *)(void *)at;
  memset(at, 0, CMSG_SPACE(length));
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(control), data, length);
  return CMSG_SPACE(length);
}

static void address_message(struct batch *batch, size_t i, const uint8_t *slot, const int32_t *meta) {
  struct msghdr *header = &batch->messages[i].msg_hdr;
  uint8_t *control = batch->controls[i].bytes;
  size_t used = 0;
  memset(&batch->names[i], 0, sizeof batch->names[i]);
  if (meta[META_FAMILY] == AF_INET6) {
    struct sockaddr_in6 *name = (struct sockaddr_in6 *)&batch->names[i];
    name->sin6_family = AF_INET6;
    memcpy(&name->sin6_addr, slot + 16, 16);
    if (IN6_IS_ADDR_LINKLOCAL(&name->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&name->sin6_addr)) {
      name->sin6_scope_id = (uint32_t)meta[META_IFINDEX];
    }
    struct in6_pktinfo packet = {.ipi6_ifindex = (unsigned)meta[META_IFINDEX]};
    memcpy(&packet.ipi6_addr, slot, 16);
    used += put_control(control, IPPROTO_IPV6, IPV6_PKTINFO, &packet, sizeof packet);
    if (meta[META_HOPS] >= 0) {
      used += put_control(control + used, IPPROTO_IPV6, IPV6_HOPLIMIT, &meta[META_HOPS], sizeof(int32_t));
    }
    header->msg_namelen = sizeof *name;
  } else {
    struct sockaddr_in *name = (struct sockaddr_in *)&batch->names[i];
    name->sin_family = AF_INET;
    memcpy(&name->sin_addr, slot + 16, 4);
    struct in_pktinfo packet = {.ipi_ifindex = meta[META_IFINDEX]};
    memcpy(&packet.ipi_spec_dst, slot, 4);
    used += put_control(control, IPPROTO_IP, IP_PKTINFO, &packet, sizeof packet);
    if (meta[META_HOPS] >= 0) {
      used += put_control(control + used, IPPROTO_IP, IP_TTL, &meta[META_HOPS], sizeof(int32_t));
    }
    header->msg_namelen = sizeof *name;
  }
  header->msg_name = &batch->names[i];
  header->msg_control = control;
  header->msg_controllen = used;
}

/* sendBatch(fd, buffer, slotSize, meta, count): how many were sent; each slot's META_RESULT tells its fate. */
static napi_value send_batch(napi_env env, napi_callback_info info) {
  napi_value args[5];
  int32_t fd, wanted;
  struct slots slots;
  struct batch batch;
  if (!read_args(env, info, 5, args) || !read_int(env, args[0], &fd) ||
      !read_slots(env, args[1], args[2], args[3], &slots) || !read_int(env, args[4], &wanted)) {
    return NULL;
  }
  if (wanted < 0 || (size_t)wanted > slots.count) return give_int(env, -EINVAL);
  for (int32_t i = 0; i < wanted; i++) {
    uint8_t *slot = slots.data + (size_t)i * slots.size;
    const int32_t *meta = slots.meta + i * META_FIELDS;
    if (meta[META_LENGTH] < 0 || (size_t)meta[META_LENGTH] > slots.size - ADDRESSES) return give_int(env, -EMSGSIZE);
    batch.vectors[i] = (struct iovec){slot + ADDRESSES, (size_t)meta[META_LENGTH]};
    batch.messages[i].msg_hdr = (struct msghdr){.msg_iov = &batch.vectors[i], .msg_iovlen = 1};
    batch.messages[i].msg_len = 0;
    address_message(&batch, (size_t)i, slot, meta);
  }
  int32_t sent = 0;
  for (int32_t at = 0; at < wanted;) {
    int done = sendmmsg(fd, batch.messages + at, (unsigned)(wanted - at), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done <= 0) {
      /* The call ends at the first failure: note it and go on behind it. */
      slots.meta[at * META_FIELDS + META_RESULT] = -errno;
      at++;
      continue;
    }
    for (int i = 0; i < done; i++) slots.meta[(at + i) * META_FIELDS + META_RESULT] = (int32_t)batch.messages[at + i].msg_len;
    at += done;
    sent += done;
  }
  return give_int(env, sent);
}

/* sendFrames(fd, ifindex, buffer, lengths, count): Ethernet frames that lie one after the other. How many went before
 * the first failure; minus errno if none. */
static napi_value send_frames(napi_env env, napi_callback_info info) {
  napi_value args[5];
  int32_t fd, ifindex, count;
  struct view bytes, lengths;
  struct batch batch;
  if (!read_args(env, info, 5, args) || !read_int(env, args[0], &fd) || !read_int(env, args[1], &ifindex) ||
      !read_bytes(env, args[2], &bytes) || !read_ints(env, args[3], &lengths) || !read_int(env, args[4], &count)) {
    return NULL;
  }
  if (count < 0 || (size_t)count > lengths.length / sizeof(int32_t)) return give_int(env, -EINVAL);
  const int32_t *length = (const int32_t *)(const void *)lengths.data;
  size_t offset = 0;
  int32_t sent = 0;
  while (sent < count) {
    int32_t chunk = count - sent < MAX_BATCH ? count - sent : MAX_BATCH;
    size_t next = offset;
    for (int32_t i = 0; i < chunk; i++) {
      int32_t size = length[sent + i];
      if (size < 14 || next + (size_t)size > bytes.length) return give_int(env, -EMSGSIZE);
      struct sockaddr_ll *name = (struct sockaddr_ll *)&batch.names[i];
      memset(name, 0, sizeof *name);
      name->sll_family = AF_PACKET;
      name->sll_ifindex = ifindex;
      name->sll_halen = 6;
      memcpy(name->sll_addr, bytes.data + next, 6);
      memcpy(&name->sll_protocol, bytes.data + next + 12, 2);
      batch.vectors[i] = (struct iovec){bytes.data + next, (size_t)size};
      batch.messages[i].msg_hdr = (struct msghdr){
          .msg_name = name, .msg_namelen = sizeof *name, .msg_iov = &batch.vectors[i], .msg_iovlen = 1};
      next += (size_t)size;
    }
    int done = sendmmsg(fd, batch.messages, (unsigned)chunk, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done <= 0) return give_int(env, sent > 0 ? sent : -(int64_t)errno);
    for (int i = 0; i < done; i++) offset += (size_t)length[sent + i];
    sent += done;
  }
  return give_int(env, sent);
}

const struct function_entry batch_functions[] = {
    {"receiveBatch", receive_batch},
    {"sendBatch", send_batch},
    {"sendFrames", send_frames},
    {NULL, NULL},
};
