/**
 * System calls that an engine's profile allows with any arguments, by purpose: those that Docker's own profile of June
 * 2026 allows a container without capabilities on 64-bit architectures, except those in `rules.ts`. An engine ignores
 * names that its libseccomp does not know.
 */
export const ALLOWED: Readonly<Record<string, string>> = {
  files: `access chdir chown copy_file_range dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchdir fchown
    fchownat fcntl fdatasync flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 lchown link linkat
    lseek lstat mkdir mkdirat name_to_handle_at newfstatat readahead readlink readlinkat rename renameat renameat2
    rmdir stat statfs statx symlink symlinkat sync sync_file_range syncfs truncate umask unlink unlinkat utime
    utimensat utimes futimesat listmount statmount`,
  attributes: `fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat
    llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  transfer: `close close_range pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readv sendfile splice tee
    vmsplice write writev pipe pipe2 ioctl io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit`,
  events: `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
    eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch poll ppoll pselect6
    select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime`,
  memory: `brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall
    mmap mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
    remap_file_pages`,
  processes: `arch_prctl execve execveat exit exit_group fork get_robust_list get_thread_area getpgid getpgrp getpid
    getppid getsid gettid kill modify_ldt pause pidfd_open pidfd_send_signal prctl restart_syscall rseq seccomp
    set_robust_list set_thread_area set_tid_address setpgid setsid tgkill tkill uname vfork wait4 waitid
    riscv_flush_icache riscv_hwprobe uretprobe`,
  signals: `alarm getitimer rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_tgsigqueueinfo setitimer sigaltstack`,
  locks: "futex futex_requeue futex_wait futex_waitv futex_wake",
  ids: `capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid setgid setgroups
    setregid setresgid setresuid setreuid setuid`,
  limits: `getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority setrlimit sysinfo times`,
  time: `adjtimex clock_adjtime clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time timer_create
    timer_delete timer_getoverrun timer_gettime timer_settime`,
  network: `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg
    sendmsg sendto setsockopt shutdown`,
  messages: `mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl
    semget semop semtimedop shmat shmctl shmdt shmget`,
  other: "getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self",
};

/** System calls allowed from Linux 4.8 on. Older kernels filter a call before the tracer, which can then change it. */
export const TRACING = ["process_vm_readv", "process_vm_writev", "ptrace"] as const;
export const TRACING_SINCE = "4.8";
