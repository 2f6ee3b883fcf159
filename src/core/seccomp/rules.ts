import type { Inhabitant } from "./inhabitant.ts";

/** errno(3); the numbers are the same on x86-64 and arm64. */
export const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
export type Errno = keyof typeof ERRNO;

/**
 * Holds where `(argument & mask) === value`, both as unsigned 32-bit numbers. The upper half of the register is
 * ignored, as the kernel ignores it: every argument looked at here is an `int` or a mode to it.
 */
export type Test = { readonly arg: number; readonly mask: number; readonly value: number };

/** Calls that are refused, and where they are not. */
export type Rule = {
  readonly calls: readonly string[];
  readonly refuse: Errno;
  /** Alternatives: the call is allowed where every test of one of them holds. */
  readonly unless?: readonly (readonly Test[])[];
  /** The call is refused only where one of these holds. The engines' JSON cannot say this. */
  readonly only?: readonly Test[];
};

const WHOLE = 0xffff_ffff;
const equals = (arg: number, value: number): Test => ({ arg, mask: WHOLE, value });
const without = (arg: number, bits: number): Test => ({ arg, mask: bits, value: 0 });

/**
 * S_ISUID and S_ISGID of sys/stat.h. On directories the second one is ordinary: git sets it in a shared repository, and
 * a filter cannot tell a file from a directory. A program with an ordinary user's group gives others little; with root's
 * it gives them root's files.
 */
const SET_ID: Readonly<Record<Inhabitant, number>> = { root: 0o6000, user: 0o4000 };
/** O_CREAT | __O_TMPFILE of asm-generic/fcntl.h: without either, open(2) ignores its mode. */
const CREATES = 0o100 + 0o20000000;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h. */
const NEW_NAMESPACES = 0x7e02_0000;
/** CLONE_NEWTIME; in clone(2) this bit belongs to the signal at exit. */
const NEW_TIME = 0x80;
/** PER_LINUX32, UNAME26, and ADDR_NO_RANDOMIZE (linux/personality.h), which gdb and the sanitizers set for themselves. */
const PERSONALITIES = 0x0008 + 0x2_0000 + 0x4_0000;

/** Families of linux/socket.h that the network and local programs need; NETLINK_ROUTE lists interfaces and addresses. */
const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;
const NETLINK_ROUTE = 0;

/** TIOCSTI types into a terminal, TIOCLINUX pastes on a console (asm-generic/ioctls.h). */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** The calls by which a file gets permission bits. */
const permissionRules = (bits: number): readonly Rule[] => [
  // A file of the project keeps these bits on the host, where other users may run it.
  { calls: ["chmod", "fchmod", "creat"], refuse: "EPERM", unless: [[without(1, bits)]] },
  {
    calls: ["fchmodat", "fchmodat2", "mknodat"],
    refuse: "EPERM",
    unless: [[without(2, bits)]],
  },
  { calls: ["mknod"], refuse: "EPERM", unless: [[without(1, bits)]] },
  { calls: ["open"], refuse: "EPERM", unless: [[without(1, CREATES)], [without(2, bits)]] },
  { calls: ["openat"], refuse: "EPERM", unless: [[without(2, CREATES)], [without(3, bits)]] },
];

/** Everything that a sandbox may not ask of the kernel; what is not named is allowed. No call stands here twice. */
export function rulesFor(inhabitant: Inhabitant): readonly Rule[] {
  return [...permissionRules(SET_ID[inhabitant]), ...RULES];
}

const RULES: readonly Rule[] = [
  {
    // An allowlist: each further family is a module that the kernel loads on demand, and the way to most of its holes.
    calls: ["socket", "socketpair"],
    refuse: "EAFNOSUPPORT",
    unless: [
      [equals(0, AF.UNIX)],
      [equals(0, AF.INET)],
      [equals(0, AF.INET6)],
      [equals(0, AF.NETLINK), equals(2, NETLINK_ROUTE)],
    ],
  },
  // Their arguments lie in memory, where a filter cannot look: libraries fall back to the older calls.
  { calls: ["openat2", "clone3"], refuse: "ENOSYS" },
  // Its requests are not seen by any filter.
  { calls: ["io_uring_setup", "io_uring_enter", "io_uring_register"], refuse: "ENOSYS" },
  { calls: ["ioctl"], refuse: "EPERM", only: [equals(1, TIOCSTI), equals(1, TIOCLINUX)] },
  // No namespace keeps these apart from the user's own session.
  { calls: ["add_key", "request_key", "keyctl"], refuse: "EPERM" },
  // With a user namespace of its own a box has every capability in it, and reaches far more of the kernel.
  { calls: ["clone"], refuse: "EPERM", unless: [[without(0, NEW_NAMESPACES)]] },
  { calls: ["unshare"], refuse: "EPERM", unless: [[without(0, NEW_NAMESPACES + NEW_TIME)]] },
  { calls: ["setns"], refuse: "EPERM" },
  {
    calls: ["personality"],
    refuse: "EPERM",
    unless: [[without(0, WHOLE - PERSONALITIES)], [equals(0, WHOLE)]],
  },
  {
    calls: ["mount", "umount2", "pivot_root", "move_mount", "mount_setattr"],
    refuse: "EPERM",
  },
  {
    calls: ["open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick"],
    refuse: "EPERM",
  },
  { calls: ["open_by_handle_at", "fanotify_init"], refuse: "EPERM" },
  { calls: ["bpf", "perf_event_open", "userfaultfd", "lookup_dcookie"], refuse: "EPERM" },
  {
    calls: ["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"],
    refuse: "EPERM",
  },
  // These need capabilities that no box has; syslog(2) alone may answer without one.
  {
    calls: ["syslog", "acct", "quotactl", "quotactl_fd", "swapon", "swapoff", "reboot", "vhangup"],
    refuse: "EPERM",
  },
  { calls: ["settimeofday", "clock_settime", "iopl", "ioperm"], refuse: "EPERM" },
  { calls: ["_sysctl", "uselib"], refuse: "ENOSYS" },
];
