/*
 * For a benchmark of checks alone: keepalived is told that there is IPVS, and that whatever it asks of it was done.
 * Preloaded, it stands in front of the functions of libnl that this goes through.
 */
#include <stddef.h>

struct nl_sock;
struct nl_msg;
typedef int (*callback)(struct nl_msg *message, void *argument);

/* NL_CB_FINISH and NL_CB_ACK of libnl's enum nl_cb_type. */
enum { FINISH = 1, ACK = 4, TYPES = 16 };

static struct {
    callback function;
    void *argument;
} callbacks[TYPES];

static void call(int type) {
    if (callbacks[type].function != NULL) callbacks[type].function(NULL, callbacks[type].argument);
}

int genl_connect(struct nl_sock *sock) {
    (void)sock;
    return 0;
}

int genl_ctrl_resolve(struct nl_sock *sock, const char *name) {
    (void)sock;
    (void)name;
    return 0x1a;
}

int nl_socket_modify_cb(struct nl_sock *sock, int type, int kind, callback function, void *argument) {
    (void)sock;
    (void)kind;
    if (type >= 0 && type < TYPES) {
        callbacks[type].function = function;
        callbacks[type].argument = argument;
    }
    return 0;
}

int nl_send_auto(struct nl_sock *sock, struct nl_msg *message) {
    (void)sock;
    (void)message;
    return 1;
}

int nl_recvmsgs_default(struct nl_sock *sock) {
    (void)sock;
    call(ACK);
    call(FINISH);
    return 0;
}
