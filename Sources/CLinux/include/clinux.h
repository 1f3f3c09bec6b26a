// What Swift's Glibc module does not show: variadic calls, function-like macros and the namespace calls.
// Rule of this target: thin functions around one call, and constants. Logic belongs into Swift.
// Every function returns what the call returns; the error is in errno.
#pragma once
#include <sys/types.h>

extern const int linux_new_user, linux_new_mount, linux_new_pid, linux_new_network, linux_new_ipc;
extern const int linux_new_uts, linux_new_cgroup;

int linux_errno(void);

/// A fork into new namespaces: the raw call, since the C library's wrapper wants a stack of its own. Only for programs
/// with a single thread. Returns twice, like fork.
pid_t linux_clone(int namespaces);
pid_t linux_fork(void);
int linux_unshare(int namespaces);
int linux_setns(int descriptor, int kind);
int linux_pivot_root(const char *new_root, const char *put_old);
int linux_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
extern const int linux_ms_bind, linux_ms_rec, linux_ms_private, linux_ms_remount, linux_ms_rdonly;
extern const int linux_ms_nosuid, linux_ms_nodev, linux_ms_noexec, linux_mnt_detach;
/// A copy of a mount tree, attached nowhere, by descriptor: reachable for its holder and in nobody's mount table.
int linux_copy_mounts(const char *path);
int linux_unmount(const char *target, int flags);

/// Makes the process die by SIGKILL with the thread that made it. A change of credentials clears it: call it after.
int linux_die_with_parent(void);
/// Changes of credentials make a process undumpable, and then its own world may not open its /proc/PID/ns.
int linux_be_inspectable(void);
int linux_name_process(const char *name);

int linux_become_root(void);

int linux_pidfd_open(pid_t pid);
int linux_pidfd_send_signal(int pidfd, int number);
int linux_close_from(unsigned first);
int linux_pipe(int ends[2]);

int linux_open(const char *path, int flags, mode_t mode);
/// Opens below a folder without ever leaving it and without following any link (RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS):
/// for host code which opens what processes inside a world can rearrange.
int linux_open_beneath(int folder, const char *path, int flags, mode_t mode);
extern const int linux_o_path, linux_o_directory, linux_o_nofollow;

int linux_block_signal(int number);
int linux_unblock_signals(void);
/// A descriptor that becomes readable when one of two (blocked) signals is pending.
int linux_signal_descriptor(int first, int second);
/// Takes one signal off a descriptor made by `linux_signal_descriptor`; 0 when none is pending.
int linux_take_signal(int descriptor);
void linux_ignore_signal(int number);
void linux_default_signals(void);

int linux_status_exited(int status);
int linux_status_code(int status);
int linux_status_signal(int status);

dev_t linux_device(unsigned major_number, unsigned minor_number);

/// Brings a network interface of the calling thread's network namespace up.
int linux_interface_up(const char *name);
