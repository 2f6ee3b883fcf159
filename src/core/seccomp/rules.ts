import type { Inhabitant } from "./inhabitant.ts";

/** errno(3); the numbers are the same on x86-64 and arm64. */
export const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
export type Errno = keyof typeof ERRNO;

/**
 * The condition `(argument & mask) === value`, on unsigned 32-bit numbers. The upper half of the register is ignored,
 * because the kernel ignores it too: every argument tested here is an `int` or a mode.
 */
export type Test = { readonly arg: number; readonly mask: number; readonly value: number };

/** Calls that are refused, and the exceptions. */
export type Rule = {
  readonly calls: readonly string[];
  readonly refuse: Errno;
  /** Alternatives: the call is allowed if every test of one of them holds. */
  readonly unless?: readonly (readonly Test[])[];
  /** The call is refused only if one of these holds. The engines' JSON cannot express this. */
  readonly only?: readonly Test[];
};

const WHOLE = 0xffff_ffff;
const equals = (arg: number, value: number): Test => ({ arg, mask: WHOLE, value });
const without = (arg: number, bits: number): Test => ({ arg, mask: bits, value: 0 });

/**
 * Mode bits that are refused: S_ISUID and, for root, S_ISGID (sys/stat.h). An ordinary user may set S_ISGID, because git
 * sets it on the directories of a shared repository, and a filter cannot tell a file from a directory. A set-group-id
 * program of an ordinary user gives others little; one of root's group gives them root's files.
 */
const SET_ID: Readonly<Record<Inhabitant, number>> = { root: 0o6000, user: 0o4000 };
/** O_CREAT | __O_TMPFILE of asm-generic/fcntl.h: without either, open(2) ignores its mode. */
const CREATES = 0o100 + 0o20000000;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h. */
const NEW_NAMESPACES = 0x7e02_0000;
/** CLONE_NEWTIME; in clone(2) this bit belongs to the signal at exit. */
const NEW_TIME = 0x80;
/** Allowed flags: PER_LINUX32, UNAME26 and ADDR_NO_RANDOMIZE (linux/personality.h); gdb and sanitizers set the last one. */
const PERSONALITIES = 0x0008 + 0x2_0000 + 0x4_0000;

/** Allowed address families (linux/socket.h); NETLINK_ROUTE lists interfaces and addresses. */
const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;
const NETLINK_ROUTE = 0;

/** Requests that inject input: TIOCSTI into a terminal, TIOCLINUX by pasting on a console (asm-generic/ioctls.h). */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** Rules for the calls that set a file's permission bits. */
const permissionRules = (bits: number): readonly Rule[] => [
  // A project file keeps these bits on the host, where other users may run it.
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

/** All rules of a sandbox. Calls without a rule are allowed; each call has one rule at most. */
export function rulesFor(inhabitant: Inhabitant): readonly Rule[] {
  return [...permissionRules(SET_ID[inhabitant]), ...RULES];
}

const RULES: readonly Rule[] = [
  {
    // An allowlist, because other families are modules loaded on demand, and most kernel vulnerabilities are in them.
    calls: ["socket", "socketpair"],
    refuse: "EAFNOSUPPORT",
    unless: [
      [equals(0, AF.UNIX)],
      [equals(0, AF.INET)],
      [equals(0, AF.INET6)],
      [equals(0, AF.NETLINK), equals(2, NETLINK_ROUTE)],
    ],
  },
  // A filter cannot read their arguments, which are in memory. Libraries fall back to the older calls.
  { calls: ["openat2", "clone3"], refuse: "ENOSYS" },
  // Filters do not see io_uring's requests.
  { calls: ["io_uring_setup", "io_uring_enter", "io_uring_register"], refuse: "ENOSYS" },
  { calls: ["ioctl"], refuse: "EPERM", only: [equals(1, TIOCSTI), equals(1, TIOCLINUX)] },
  // Keyrings are shared with the user's own session, because they have no namespace.
  { calls: ["add_key", "request_key", "keyctl"], refuse: "EPERM" },
  // In a new user namespace a sandbox has every capability, which exposes far more of the kernel.
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
  // These need capabilities that no sandbox has, except for some uses of syslog(2).
  {
    calls: ["syslog", "acct", "quotactl", "quotactl_fd", "swapon", "swapoff", "reboot", "vhangup"],
    refuse: "EPERM",
  },
  { calls: ["settimeofday", "clock_settime", "iopl", "ioperm"], refuse: "EPERM" },
  { calls: ["_sysctl", "uselib"], refuse: "ENOSYS" },
];
