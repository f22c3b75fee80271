/* The few functions of libuv 1.x that the addon uses, declared here because uv.h is not installed with every Node.
 * libuv keeps this ABI for all of 1.x. Handles are opaque: their size comes from uv_handle_size(). */
#ifndef BUOY_UV_ABI_H
#define BUOY_UV_ABI_H

#include <stddef.h>

struct uv_loop_s;
typedef struct buoy_uv_handle buoy_uv_handle;

typedef void (*buoy_uv_poll_cb)(buoy_uv_handle *handle, int status, int events);
typedef void (*buoy_uv_close_cb)(buoy_uv_handle *handle);

enum { BUOY_UV_POLL = 8, BUOY_UV_READABLE = 1 };

size_t uv_handle_size(int type);
int uv_poll_init(struct uv_loop_s *loop, buoy_uv_handle *handle, int fd);
int uv_poll_start(buoy_uv_handle *handle, int events, buoy_uv_poll_cb cb);
int uv_poll_stop(buoy_uv_handle *handle);
void uv_close(buoy_uv_handle *handle, buoy_uv_close_cb cb);
void *uv_handle_get_data(const buoy_uv_handle *handle);
void uv_handle_set_data(buoy_uv_handle *handle, void *data);
void uv_ref(buoy_uv_handle *handle);
void uv_unref(buoy_uv_handle *handle);

#endif
