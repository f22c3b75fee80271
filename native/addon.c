/* Entry of the addon: one state for each Node environment, functions by name, orderly end. */
#include "buoy.h"

#include <stdlib.h>

static const struct function_entry *const tables[] = {
    poll_functions, epoll_functions, socket_functions, batch_functions, netlink_functions, process_functions, spawn_functions,
    file_functions,
};

/* The environment ends: every handle must be closed before its loop is. The hook is removed, and the state freed, by
 * the last close callback. */
static void on_environment_end(napi_async_cleanup_hook_handle hook, void *data) {
  struct addon *addon = data;
  addon->hook = hook;
  addon->ending = true;
  poll_close_all(addon);
}

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  struct addon *addon = calloc(1, sizeof *addon);
  if (addon == NULL) return NULL;
  addon->env = env;
  if (napi_set_instance_data(env, addon, NULL, NULL) != napi_ok ||
      napi_add_async_cleanup_hook(env, on_environment_end, addon, &addon->hook) != napi_ok) {
    free(addon);
    return NULL;
  }
  for (size_t table = 0; table < sizeof tables / sizeof tables[0]; table++) {
    for (const struct function_entry *entry = tables[table]; entry->name != NULL; entry++) {
      napi_value function;
      if (napi_create_function(env, entry->name, NAPI_AUTO_LENGTH, entry->function, NULL, &function) != napi_ok ||
          napi_set_named_property(env, exports, entry->name, function) != napi_ok) {
        return NULL;
      }
    }
  }
  return exports;
}
