import IntentModel

/// The system calls every container may make under `RuntimeDefault`, by what they are for.
///
/// An allow list of names, so that a call which a future kernel adds stays shut until somebody has looked at it. Names
/// that exist on one architecture only (the 32-bit forms) are skipped by the runtime on the others.
enum SystemCallGroups {
  static let everyday: [String] = names(
    files, folders, attributes, descriptors, waiting, memory, processes, identities, signals, clocks, sockets, ipc,
    scheduling, asynchronous, watching, resources, architecture, confinement)

  static let files = """
    open openat openat2 creat close close_range read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2
    lseek _llseek readahead fadvise64 fadvise64_64 fallocate truncate truncate64 ftruncate ftruncate64 fsync fdatasync
    sync syncfs sync_file_range sendfile sendfile64 copy_file_range splice tee vmsplice flock
    """
  static let folders = """
    mkdir mkdirat rmdir rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat readlink readlinkat
    getdents getdents64 readdir getcwd chdir fchdir mknod mknodat
    """
  static let attributes = """
    stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx oldstat oldlstat oldfstat statfs statfs64 fstatfs
    fstatfs64 access faccessat faccessat2 chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown
    lchown32 umask utime utimes futimesat utimensat utimensat_time64 getxattr lgetxattr fgetxattr setxattr lsetxattr
    fsetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr
    """
  static let descriptors = """
    dup dup2 dup3 fcntl fcntl64 ioctl pipe pipe2 memfd_create memfd_secret eventfd eventfd2 signalfd signalfd4
    timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64
    """
  static let waiting = """
    poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl
    epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 pause
    """
  static let memory = """
    brk mmap mmap2 munmap mremap remap_file_pages mprotect madvise mincore msync mlock mlock2 munlock mlockall
    munlockall membarrier pkey_alloc pkey_free pkey_mprotect cachestat map_shadow_stack
    """
  static let processes = """
    fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid getsid
    setsid set_tid_address set_robust_list get_robust_list restart_syscall rseq prctl ptrace pidfd_open
    pidfd_send_signal process_mrelease futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue uname
    """
  static let identities = """
    getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 getresuid getresuid32
    getresgid getresgid32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32
    setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset
    """
  static let signals = """
    kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn signal
    """
  static let clocks = """
    time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep
    clock_nanosleep_time64 nanosleep alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime
    timer_gettime64 timer_settime timer_settime64 times adjtimex clock_adjtime clock_adjtime64
    """
  static let sockets = """
    socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
    sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg recvmmsg_time64
    """
  static let ipc = """
    ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget mq_open
    mq_unlink mq_getsetattr mq_notify mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    """
  static let scheduling = """
    sched_yield sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler sched_setscheduler
    sched_getaffinity sched_setaffinity sched_get_priority_max sched_get_priority_min sched_rr_get_interval
    sched_rr_get_interval_time64 getpriority setpriority nice ioprio_get ioprio_set getcpu
    """
  static let asynchronous = """
    io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
    """
  static let watching = "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark"
  static let resources = "getrlimit ugetrlimit setrlimit prlimit64 getrusage sysinfo getrandom"
  static let architecture = "arch_prctl modify_ldt get_thread_area set_thread_area"
  static let confinement = "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self"

  /// Asynchronous I/O that a system-call filter cannot see into (vector L32).
  static let ring = names("io_uring_setup io_uring_enter io_uring_register")

  /// What a capability of the bounding set opens: its owner is meant to use it, so the filter steps aside.
  static let opened: [(capability: Capability, calls: [String])] = [
    (.dacReadSearch, names("open_by_handle_at")),
    (
      .sysAdmin,
      names(
        "mount umount umount2 fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr setns unshare clone",
        "clone3 bpf perf_event_open name_to_handle_at quotactl quotactl_fd syslog sethostname setdomainname",
        "fanotify_init lookup_dcookie")
    ),
    (.sysBoot, names("reboot")),
    (.sysChroot, names("chroot")),
    (.sysModule, names("init_module finit_module delete_module")),
    (.sysNice, names("mbind get_mempolicy set_mempolicy set_mempolicy_home_node")),
    (.sysPacct, names("acct")),
    (.sysPtrace, names("process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp")),
    (.sysRawio, names("ioperm iopl")),
    (.sysTime, names("settimeofday stime clock_settime clock_settime64")),
    (.sysTtyConfig, names("vhangup")),
    (.bpf, names("bpf")),
    (.perfmon, names("perf_event_open")),
    (.syslog, names("syslog")),
  ]

  /// Never allowed, whatever the capabilities: keyrings, other kernels, swap, page placement of others, dead calls.
  static let never = names(
    "add_key request_key keyctl userfaultfd pivot_root kexec_load kexec_file_load swapon swapoff move_pages",
    "migrate_pages uselib ustat sysfs _sysctl nfsservctl")

  /// Calls with rules on their arguments, where no capability opens them wholly.
  static let byArgument = names("clone clone3 personality socket")

  static func names(_ lists: String...) -> [String] {
    lists.flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
  }
}
