/* Attributes of the process: signals, scheduling, limits, namespaces, identities. */
#include "buoy.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mlock2
#define SYS_mlock2 325
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif
#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#endif

/* ---- signals: a handler that writes the number into a pipe ---- */

/* One for the process, as signal dispositions are. */
static int signal_pipe[2] = {-1, -1};
static sigset_t caught;

static void on_signal(int number) {
  int error = errno;
  uint8_t byte = (uint8_t)number;
  ssize_t written = write(signal_pipe[1], &byte, 1);
  (void)written;
  errno = error;
}

/* Numbers of a JavaScript list into `set`; minus errno if one of them is no signal. */
static int read_signals(napi_env env, napi_value list, sigset_t *set) {
  uint32_t count;
  sigemptyset(set);
  if (!read_count(env, list, &count)) return -EINVAL;
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    int32_t number;
    if (napi_get_element(env, list, i, &item) != napi_ok || !read_int(env, item, &number)) return -EINVAL;
    if (sigaddset(set, number) < 0) return -errno;
  }
  return 0;
}

static void set_handlers(const sigset_t *set, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  for (int number = 1; number <= SIGRTMAX; number++) {
    if (sigismember(set, number) == 1) sigaction(number, &action, NULL);
  }
}

static napi_value signals_open(napi_env env, napi_callback_info info) {
  napi_value args[1];
  sigset_t set;
  if (!read_args(env, info, 1, args)) return NULL;
  int error = read_signals(env, args[0], &set);
  if (error < 0) return give_int(env, error);
  if (signal_pipe[0] >= 0) return give_int(env, -EBUSY);
  if (pipe2(signal_pipe, O_NONBLOCK | O_CLOEXEC) < 0) return give_int(env, -errno);
  caught = set;
  set_handlers(&set, on_signal);
  signal(SIGPIPE, SIG_IGN);
  /* Node starts with SIGUSR1 blocked until its inspector listens for it, which it may be told not to do. */
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  return give_int(env, signal_pipe[0]);
}

/* Number of the next signal, 0 if there is none. */
static napi_value signals_read(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int32_t fd;
  uint8_t byte;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &fd)) return NULL;
  ssize_t length = read(fd, &byte, 1);
  if (length < 0) return give_int(env, errno == EAGAIN ? 0 : -errno);
  return give_int(env, length == 0 ? 0 : byte);
}

/* The caught signals get their default action again. */
static napi_value signals_close(napi_env env, napi_callback_info info) {
  (void)info;
  if (signal_pipe[0] < 0) return give_int(env, -EBADF);
  set_handlers(&caught, SIG_DFL);
  close(signal_pipe[0]);
  close(signal_pipe[1]);
  signal_pipe[0] = signal_pipe[1] = -1;
  return give_int(env, 0);
}

static napi_value set_parent_death_signal(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int32_t number;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &number)) return NULL;
  return give_result(env, prctl(PR_SET_PDEATHSIG, (unsigned long)number, 0, 0, 0));
}

/* ---- every thread ---- */

/* Calls `apply` for each thread; minus errno of the first that failed for a reason other than having ended. */
static int for_each_thread(int (*apply)(pid_t, void *), void *data) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) return -errno;
  int error = 0;
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
    pid_t thread = (pid_t)atoi(entry->d_name);
    if (thread > 0 && apply(thread, data) < 0 && errno != ESRCH && error == 0) error = -errno;
  }
  closedir(tasks);
  return error;
}

struct scheduler {
  int policy;
  struct sched_param parameters;
};

static int apply_scheduler(pid_t thread, void *data) {
  struct scheduler *wanted = data;
  return sched_setscheduler(thread, wanted->policy, &wanted->parameters);
}

static napi_value set_scheduler(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t policy, priority;
  bool reset;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &policy) || !read_int(env, args[1], &priority) ||
      !read_bool(env, args[2], &reset)) {
    return NULL;
  }
  struct scheduler wanted = {policy | (reset ? SCHED_RESET_ON_FORK : 0), {.sched_priority = priority}};
  return give_int(env, for_each_thread(apply_scheduler, &wanted));
}

static int apply_nice(pid_t thread, void *data) { return setpriority(PRIO_PROCESS, (id_t)thread, *(int32_t *)data); }

static napi_value set_nice(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int32_t nice_value;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &nice_value)) return NULL;
  return give_int(env, for_each_thread(apply_nice, &nice_value));
}

static int apply_affinity(pid_t thread, void *data) { return sched_setaffinity(thread, sizeof(cpu_set_t), data); }

static napi_value set_affinity(napi_env env, napi_callback_info info) {
  napi_value args[1];
  uint32_t count;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (!read_args(env, info, 1, args) || !read_count(env, args[0], &count)) return NULL;
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    int32_t cpu;
    if (napi_get_element(env, args[0], i, &item) != napi_ok || !read_int(env, item, &cpu)) return NULL;
    if (cpu < 0 || cpu >= CPU_SETSIZE) return give_int(env, -EINVAL);
    CPU_SET(cpu, &set);
  }
  return give_int(env, for_each_thread(apply_affinity, &set));
}

/* ---- limits, namespace, locks ---- */

/* Negative limits are "unlimited". */
static napi_value set_limit(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t resource;
  double soft, hard;
  if (!read_args(env, info, 3, args) || !read_int(env, args[0], &resource) || !read_number(env, args[1], &soft) ||
      !read_number(env, args[2], &hard)) {
    return NULL;
  }
  struct rlimit limit = {soft < 0 ? RLIM_INFINITY : (rlim_t)soft, hard < 0 ? RLIM_INFINITY : (rlim_t)hard};
  return give_result(env, setrlimit(resource, &limit));
}

static napi_value set_namespace(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t type;
  if (!read_args(env, info, 2, args) || !read_int(env, args[1], &type)) return NULL;
  char *path = read_text(env, args[0], NULL);
  if (path == NULL) return NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int error = fd < 0 || setns(fd, type) < 0 ? -errno : 0;
  if (fd >= 0) close(fd);
  free(path);
  return give_int(env, error);
}

/* mountOwn(type, target): a file system that only this process shows; what is mounted elsewhere later shows too. */
static napi_value mount_own(napi_env env, napi_callback_info info) {
  napi_value args[2];
  if (!read_args(env, info, 2, args)) return NULL;
  char *type = read_text(env, args[0], NULL);
  char *target = type == NULL ? NULL : read_text(env, args[1], NULL);
  napi_value result = NULL;
  if (target != NULL) {
    bool done = unshare(CLONE_NEWNS) == 0 && mount("", "/", "none", MS_SLAVE | MS_REC, NULL) == 0 &&
                mount(type, target, type, 0, NULL) == 0;
    result = give_int(env, done ? 0 : -errno);
  }
  free(target);
  free(type);
  return result;
}

static napi_value lock_descriptor(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int32_t fd;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &fd)) return NULL;
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return give_result(env, fcntl(fd, F_OFD_SETLK, &lock));
}

/* Mappings of files that nothing writes to: code and constants. How many were locked; minus errno if none could be. */
static napi_value lock_file_mappings(napi_env env, napi_callback_info info) {
  (void)info;
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return give_int(env, -errno);
  char *line = NULL;
  size_t capacity = 0;
  int64_t locked = 0;
  int error = 0;
  while (getline(&line, &capacity, maps) > 0) {
    unsigned long from, to;
    char rights[5];
    int path = 0;
    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &from, &to, rights, &path) < 3) continue;
    if (path == 0 || line[path] != '/' || rights[1] == 'w') continue;
    if (syscall(SYS_mlock2, from, to - from, MLOCK_ONFAULT) == 0) locked++;
    else error = errno;
  }
  free(line);
  fclose(maps);
  return give_int(env, locked > 0 ? locked : -(int64_t)error);
}

/* ---- identities ---- */

enum { NO_SUCH_GROUP = INT32_MIN, RECORD = 65536, MAX_GROUPS = 65536 };

/* userByName(name): [uid, gid, home, shell], 0 if there is none, minus errno. */
static napi_value user_by_name(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  char *name = read_text(env, args[0], NULL);
  char *buffer = malloc(RECORD);
  struct passwd record, *found = NULL;
  napi_value result = NULL;
  if (name != NULL && buffer != NULL) {
    int error = getpwnam_r(name, &record, buffer, RECORD, &found);
    if (found == NULL) {
      result = give_int(env, -(int64_t)error);
    } else if (napi_create_array_with_length(env, 4, &result) == napi_ok) {
      napi_set_element(env, result, 0, give_int(env, record.pw_uid));
      napi_set_element(env, result, 1, give_int(env, record.pw_gid));
      napi_set_element(env, result, 2, give_text(env, record.pw_dir));
      napi_set_element(env, result, 3, give_text(env, record.pw_shell));
    }
  }
  free(buffer);
  free(name);
  return result;
}

static napi_value group_by_name(napi_env env, napi_callback_info info) {
  napi_value args[1];
  if (!read_args(env, info, 1, args)) return NULL;
  char *name = read_text(env, args[0], NULL);
  char *buffer = malloc(RECORD);
  struct group record, *found = NULL;
  napi_value result = NULL;
  if (name != NULL && buffer != NULL) {
    int error = getgrnam_r(name, &record, buffer, RECORD, &found);
    result = give_int(env, found != NULL ? (int64_t)record.gr_gid : error != 0 ? -(int64_t)error : NO_SUCH_GROUP);
  }
  free(buffer);
  free(name);
  return result;
}

static napi_value group_list(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t gid;
  if (!read_args(env, info, 2, args) || !read_int(env, args[1], &gid)) return NULL;
  char *name = read_text(env, args[0], NULL);
  gid_t *groups = malloc(MAX_GROUPS * sizeof *groups);
  napi_value result = NULL;
  if (name != NULL && groups != NULL) {
    int count = MAX_GROUPS;
    if (getgrouplist(name, (gid_t)gid, groups, &count) < 0) {
      result = give_int(env, -ERANGE);
    } else if (napi_create_array_with_length(env, (size_t)count, &result) == napi_ok) {
      for (int i = 0; i < count; i++) napi_set_element(env, result, (uint32_t)i, give_int(env, groups[i]));
    }
  }
  free(groups);
  free(name);
  return result;
}

const struct function_entry process_functions[] = {
    {"signalsOpen", signals_open},
    {"signalsRead", signals_read},
    {"signalsClose", signals_close},
    {"setParentDeathSignal", set_parent_death_signal},
    {"setScheduler", set_scheduler},
    {"setNice", set_nice},
    {"setAffinity", set_affinity},
    {"setLimit", set_limit},
    {"setNamespace", set_namespace},
    {"mountOwn", mount_own},
    {"lockDescriptor", lock_descriptor},
    {"lockFileMappings", lock_file_mappings},
    {"userByName", user_by_name},
    {"groupByName", group_by_name},
    {"groupList", group_list},
    {NULL, NULL},
};
