#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/openat2.h>

#include "clinux.h"

const int linux_new_user = CLONE_NEWUSER;
const int linux_new_mount = CLONE_NEWNS;
const int linux_new_pid = CLONE_NEWPID;
const int linux_new_network = CLONE_NEWNET;
const int linux_new_ipc = CLONE_NEWIPC;
const int linux_new_uts = CLONE_NEWUTS;
const int linux_new_cgroup = CLONE_NEWCGROUP;

int linux_errno(void) { return errno; }

pid_t linux_clone(int namespaces) {
  return (pid_t)syscall(SYS_clone, (unsigned long)(namespaces | SIGCHLD), NULL, NULL, NULL, 0UL);
}

pid_t linux_fork(void) { return fork(); }

int linux_unshare(int namespaces) { return unshare(namespaces); }

int linux_setns(int descriptor, int kind) { return setns(descriptor, kind); }

int linux_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int linux_mount(const char *source, const char *target, const char *type, unsigned long flags,
                              const char *data) {
  return mount(source, target, type, flags, data);
}

const int linux_ms_bind = MS_BIND;
const int linux_ms_rec = MS_REC;
const int linux_ms_private = MS_PRIVATE;
const int linux_ms_remount = MS_REMOUNT;
const int linux_ms_rdonly = MS_RDONLY;
const int linux_ms_nosuid = MS_NOSUID;
const int linux_ms_nodev = MS_NODEV;
const int linux_ms_noexec = MS_NOEXEC;
const int linux_mnt_detach = MNT_DETACH;

int linux_copy_mounts(const char *path) {
  return (int)syscall(SYS_open_tree, AT_FDCWD, path, 1U /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_RECURSIVE);
}

int linux_unmount(const char *target, int flags) { return umount2(target, flags); }

int linux_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

int linux_be_inspectable(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }

int linux_name_process(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int linux_become_root(void) {
  if (setgroups(0, NULL) != 0) return -1;
  if (setresgid(0, 0, 0) != 0) return -1;
  return setresuid(0, 0, 0);
}

int linux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int linux_pidfd_send_signal(int pidfd, int number) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

int linux_close_from(unsigned first) { return (int)syscall(SYS_close_range, first, ~0U, 0); }

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int linux_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

int linux_open_beneath(int folder, const char *path, int flags, mode_t mode) {
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

const int linux_o_path = O_PATH;
const int linux_o_directory = O_DIRECTORY;
const int linux_o_nofollow = O_NOFOLLOW;

int linux_block_signal(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  return sigprocmask(SIG_BLOCK, &set, NULL);
}

int linux_unblock_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  return sigprocmask(SIG_SETMASK, &set, NULL);
}

int linux_signal_descriptor(int first, int second) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, first);
  sigaddset(&set, second);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int linux_take_signal(int descriptor) {
  struct signalfd_siginfo info;
  return read(descriptor, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void linux_ignore_signal(int number) { signal(number, SIG_IGN); }

void linux_default_signals(void) {
  for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
}

int linux_status_exited(int status) { return WIFEXITED(status); }

int linux_status_code(int status) { return WEXITSTATUS(status); }

int linux_status_signal(int status) { return WTERMSIG(status); }

dev_t linux_device(unsigned major_number, unsigned minor_number) {
  return makedev(major_number, minor_number);
}

int linux_interface_up(const char *name) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  int result = ioctl(descriptor, SIOCGIFFLAGS, &request);
  if (result == 0) {
    request.ifr_flags |= IFF_UP;
    result = ioctl(descriptor, SIOCSIFFLAGS, &request);
  }
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}
