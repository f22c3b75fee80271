/* Processes by vfork: the parent's heap is not copied, and what Node's spawn lacks is done between fork and exec:
 * supplementary groups, own process group, parent-death signal, signal dispositions, closing of all descriptors.
 *
 * The child shares the parent's memory until exec, so it calls no library function that keeps state: identities are
 * set by raw system calls (the library's wrappers would signal the parent's threads). It reports a failure through a
 * pipe that exec closes. */
#include "buoy.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { MAX_STDIO = 16, FIRST_FREE = 64, GROUP_OWN = 1, GROUP_SESSION = 2 };

enum step { STEP_SIGNALS, STEP_STDIO, STEP_GROUP, STEP_CWD, STEP_GROUPS, STEP_GID, STEP_UID, STEP_DEATH, STEP_EXEC };

static const char *const step_names[] = {"sigaction", "dup2",   "setpgid", "chdir", "setgroups",
                                         "setgid",    "setuid", "prctl",   "execve"};

struct failure {
  int32_t step;
  int32_t error;
};

struct request {
  char *path;
  char *cwd;
  char **argv;
  char **envp;
  gid_t *groups;
  size_t group_count;
  bool set_groups;
  int32_t uid, gid, group, death_signal, umask;
  int stdio[MAX_STDIO];
  int stdio_count;
  int null_fd;
  int report_fd; /* close-on-exec */
  pid_t parent;
};

/* ---- in the child ---- */

static void fail_child(const struct request *request, enum step step) __attribute__((noreturn));
static void fail_child(const struct request *request, enum step step) {
  struct failure failure = {step, errno};
  ssize_t written = write(request->report_fd, &failure, sizeof failure);
  (void)written;
  _exit(127);
}

static void default_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < 65; number++) {
    if (number != SIGKILL && number != SIGSTOP && number != 32 && number != 33) sigaction(number, &action, NULL);
  }
}

/* Descriptors first move out of the way, then down to their places, so that no place is overwritten before its use. */
static int place_stdio(struct request *request) {
  int moved[MAX_STDIO];
  int report = fcntl(request->report_fd, F_DUPFD_CLOEXEC, FIRST_FREE);
  if (report < 0) return -1;
  request->report_fd = report;
  for (int i = 0; i < request->stdio_count; i++) {
    int source = request->stdio[i] < 0 ? request->null_fd : request->stdio[i];
    moved[i] = fcntl(source, F_DUPFD_CLOEXEC, FIRST_FREE);
    if (moved[i] < 0) return -1;
  }
  for (int i = 0; i < request->stdio_count; i++) {
    if (dup2(moved[i], i) < 0) return -1;
  }
  return 0;
}

/* Everything above stdio is closed by exec; without close_range (Linux 5.11) one by one. */
static void close_others(const struct request *request) {
  enum { CLOSE_RANGE_ON_EXEC = 4 };
  if (syscall(SYS_close_range, (unsigned)request->stdio_count, ~0u, CLOSE_RANGE_ON_EXEC) == 0) return;
  struct rlimit limit;
  int last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
  for (int fd = request->stdio_count; fd < last; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void run_child(struct request *request) __attribute__((noreturn, noinline));
static void run_child(struct request *request) {
  sigset_t none;
  default_signals();
  if (place_stdio(request) < 0) fail_child(request, STEP_STDIO);
  close_others(request);
  if (request->group == GROUP_OWN && setpgid(0, 0) < 0) fail_child(request, STEP_GROUP);
  if (request->group == GROUP_SESSION && setsid() < 0) fail_child(request, STEP_GROUP);
  if (request->umask >= 0) umask((mode_t)request->umask);
  if (request->set_groups && syscall(SYS_setgroups, request->group_count, request->groups) < 0) {
    fail_child(request, STEP_GROUPS);
  }
  if (request->gid >= 0 && syscall(SYS_setresgid, request->gid, request->gid, request->gid) < 0) {
    fail_child(request, STEP_GID);
  }
  if (request->uid >= 0 && syscall(SYS_setresuid, request->uid, request->uid, request->uid) < 0) {
    fail_child(request, STEP_UID);
  }
  if (chdir(request->cwd) < 0) fail_child(request, STEP_CWD);
  /* After the identity: changing it clears the setting. */
  if (request->death_signal > 0) {
    if (prctl(PR_SET_PDEATHSIG, (unsigned long)request->death_signal, 0, 0, 0) < 0) fail_child(request, STEP_DEATH);
    if (getppid() != request->parent) _exit(127);
  }
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, NULL) < 0) fail_child(request, STEP_SIGNALS);
  execve(request->path, request->argv, request->envp);
  fail_child(request, STEP_EXEC);
}

/* ---- in the parent ---- */

static char **read_texts(napi_env env, napi_value list) {
  uint32_t count;
  if (!read_count(env, list, &count)) return NULL;
  char **texts = calloc((size_t)count + 1, sizeof *texts);
  for (uint32_t i = 0; texts != NULL && i < count; i++) {
    napi_value item;
    if (napi_get_element(env, list, i, &item) == napi_ok) texts[i] = read_text(env, item, NULL);
    if (texts[i] == NULL) {
      for (uint32_t j = 0; j < i; j++) free(texts[j]);
      free(texts);
      return NULL;
    }
  }
  return texts;
}

static void free_texts(char **texts) {
  for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) free(texts[i]);
  free(texts);
}

static bool read_groups(napi_env env, napi_value list, struct request *request) {
  napi_valuetype type;
  uint32_t count;
  if (napi_typeof(env, list, &type) != napi_ok) return false;
  if (type == napi_undefined) return true;
  if (!read_count(env, list, &count)) return false;
  request->groups = calloc((size_t)count + 1, sizeof *request->groups);
  if (request->groups == NULL) return false;
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    int32_t group;
    if (napi_get_element(env, list, i, &item) != napi_ok || !read_int(env, item, &group)) return false;
    request->groups[i] = (gid_t)group;
  }
  request->group_count = count;
  request->set_groups = true;
  return true;
}

static bool read_stdio(napi_env env, napi_value list, struct request *request) {
  uint32_t count;
  if (!read_count(env, list, &count) || count > MAX_STDIO) {
    napi_throw_range_error(env, NULL, "too many descriptors");
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    if (napi_get_element(env, list, i, &item) != napi_ok || !read_int(env, item, &request->stdio[i])) return false;
  }
  request->stdio_count = (int)count;
  return true;
}

static bool read_int_property(napi_env env, napi_value object, const char *name, int32_t *out) {
  napi_value value;
  return read_property(env, object, name, &value) && read_int(env, value, out);
}

static bool read_request(napi_env env, napi_value object, struct request *request) {
  napi_value value;
  if (!read_property(env, object, "path", &value) || (request->path = read_text(env, value, NULL)) == NULL) return false;
  if (!read_property(env, object, "cwd", &value) || (request->cwd = read_text(env, value, NULL)) == NULL) return false;
  if (!read_property(env, object, "argv", &value) || (request->argv = read_texts(env, value)) == NULL) return false;
  if (!read_property(env, object, "env", &value) || (request->envp = read_texts(env, value)) == NULL) return false;
  if (!read_property(env, object, "groups", &value) || !read_groups(env, value, request)) return false;
  if (!read_property(env, object, "stdio", &value) || !read_stdio(env, value, request)) return false;
  return read_int_property(env, object, "uid", &request->uid) && read_int_property(env, object, "gid", &request->gid) &&
         read_int_property(env, object, "group", &request->group) &&
         read_int_property(env, object, "deathSignal", &request->death_signal) &&
         read_int_property(env, object, "umask", &request->umask);
}

static void free_request(struct request *request) {
  free(request->path);
  free(request->cwd);
  free_texts(request->argv);
  free_texts(request->envp);
  free(request->groups);
  if (request->null_fd >= 0) close(request->null_fd);
}

/* The child's pid, or minus errno with the failed step's name. No signal handler of ours runs in the shared memory:
 * all signals are blocked until the child has exec'd or ended. */
static pid_t start(struct request *request, const char **step) {
  int report[2];
  struct failure failure;
  sigset_t all, before;
  *step = "pipe2";
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  request->report_fd = report[1];
  request->parent = getpid();
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  *step = "vfork";
  pid_t pid = vfork();
  if (pid == 0) run_child(request);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  if (pid < 0) {
    close(report[0]);
    return -error;
  }
  ssize_t length;
  do length = read(report[0], &failure, sizeof failure);
  while (length < 0 && errno == EINTR);
  close(report[0]);
  if (length != sizeof failure) return pid;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  *step = step_names[failure.step];
  return -failure.error;
}

/* [pid or minus errno, pidfd, name of the failed step] */
static napi_value give_outcome(napi_env env, int64_t pid, int pidfd, const char *step) {
  napi_value result;
  if (napi_create_array_with_length(env, 3, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, give_int(env, pid));
  napi_set_element(env, result, 1, give_int(env, pidfd));
  napi_set_element(env, result, 2, give_text(env, step));
  return result;
}

static napi_value spawn_process(napi_env env, napi_callback_info info) {
  napi_value args[1];
  struct request request = {.null_fd = -1};
  if (!read_args(env, info, 1, args)) return NULL;
  if (!read_request(env, args[0], &request)) {
    free_request(&request);
    return NULL;
  }
  const char *step = "open";
  int64_t pid;
  int pidfd = -1;
  request.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  pid = request.null_fd < 0 ? -(int64_t)errno : start(&request, &step);
  if (pid > 0) {
    /* Nobody else waits for this child, so its pid cannot be another's by now. */
    pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (pidfd < 0) {
      int error = errno;
      kill((pid_t)pid, SIGKILL);
      waitpid((pid_t)pid, NULL, 0);
      step = "pidfd_open";
      pid = -error;
    }
  }
  free_request(&request);
  return give_outcome(env, pid, pidfd, step);
}

/* reap(pidfd): [exit code, 0], [0, signal], [-EAGAIN, 0] while it runs, or [minus errno, 0]. */
static napi_value reap(napi_env env, napi_callback_info info) {
  napi_value args[1], result;
  int32_t fd;
  if (!read_args(env, info, 1, args) || !read_int(env, args[0], &fd)) return NULL;
  siginfo_t status = {0};
  int code = 0, number = 0;
  if (waitid((idtype_t)P_PIDFD, (id_t)fd, &status, WEXITED | WNOHANG) < 0) code = -errno;
  else if (status.si_pid == 0) code = -EAGAIN;
  else if (status.si_code == CLD_EXITED) code = status.si_status;
  else number = status.si_status;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok) return NULL;
  napi_set_element(env, result, 0, give_int(env, code));
  napi_set_element(env, result, 1, give_int(env, number));
  return result;
}

/* replaceProcess(path, argv, env): this process goes on as another program. Its other threads end, and where the calling
 * thread was moved to (namespaces) the whole program is. Answers minus errno if it could not be. */
static napi_value replace_process(napi_env env, napi_callback_info info) {
  napi_value args[3];
  if (!read_args(env, info, 3, args)) return NULL;
  char *path = read_text(env, args[0], NULL);
  char **argv = path == NULL ? NULL : read_texts(env, args[1]);
  char **envp = argv == NULL ? NULL : read_texts(env, args[2]);
  napi_value result = NULL;
  if (envp != NULL) {
    sigset_t none;
    sigemptyset(&none);
    default_signals();
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    execve(path, argv, envp);
    result = give_int(env, -errno);
  }
  free_texts(envp);
  free_texts(argv);
  free(path);
  return result;
}

const struct function_entry spawn_functions[] = {
    {"spawn", spawn_process},
    {"reap", reap},
    {"replaceProcess", replace_process},
    {NULL, NULL},
};
