// Raw system calls in a container or sandbox, made with perl's `syscall`.

type Arch = "x64" | "arm64";
const ARCH: Arch = process.arch === "arm64" ? "arm64" : "x64";

/** A system call by its numbers on x86-64 and arm64, where it may not exist; strings are passed as pointers. */
export type Attempt = {
  readonly name: string;
  readonly x64: number;
  readonly arm64?: number;
  readonly args: readonly (number | string)[];
  /** The errno with which silo refuses it, if it differs from the kernel's own result. */
  readonly refused?: number;
  /** The kernel's result without a filter: an errno, 0 for success; several if kernels differ. */
  readonly else: readonly number[];
};

const NONE = 0xffff_ffff;
const AT = 0xffff_ff9c;
const [O_CREAT, TMPFILE] = [0o101, 0o20200002];
const [EPERM, EBADF, EFAULT, EEXIST, EINVAL, ENOSYS] = [1, 9, 14, 17, 22, 38];

/** Every way to create a file with a set-id bit; `$F` is a file, `$D` its descriptor, `$N` an unused name. */
const SET_ID: readonly Attempt[] = [
  { name: "chmod", x64: 90, args: ["$F", 0o4755], else: [0] },
  { name: "fchmod", x64: 91, arm64: 52, args: ["$D", 0o2755], else: [0] },
  { name: "fchmodat", x64: 268, arm64: 53, args: [AT, "$F", 0o6755], else: [0] },
  { name: "fchmodat2", x64: 452, arm64: 452, args: [AT, "$F", 0o4755, 0], else: [0, ENOSYS] },
  { name: "open", x64: 2, args: ["$N", O_CREAT, 0o4755], else: [0] },
  { name: "open O_TMPFILE", x64: 2, args: ["/tmp", TMPFILE, 0o4755], else: [0] },
  { name: "openat", x64: 257, arm64: 56, args: [AT, "$N", O_CREAT, 0o4755], else: [0] },
  { name: "creat", x64: 85, args: ["$N", 0o4755], else: [0] },
  { name: "mknod", x64: 133, args: ["$N", 0o104_755, 0], else: [0] },
  { name: "mknodat", x64: 259, arm64: 33, args: [AT, "$N", 0o102_755, 0], else: [0] },
].map((attempt) => ({ ...attempt, refused: EPERM }));

/** Arguments that the kernel refuses with another errno than the filter, so that the two can be distinguished. */
const OTHERS: readonly Attempt[] = [
  {
    name: "openat2",
    x64: 437,
    arm64: 437,
    args: [AT, "$F", 0, 0],
    refused: ENOSYS,
    else: [EINVAL, EFAULT],
  },
  { name: "clone3", x64: 435, arm64: 435, args: [0, 0], refused: ENOSYS, else: [EINVAL, EFAULT] },
  // EPERM if io_uring is disabled (kernel.io_uring_disabled).
  {
    name: "io_uring_setup",
    x64: 425,
    arm64: 425,
    args: [1, 0],
    refused: ENOSYS,
    else: [EFAULT, EPERM],
  },
  { name: "keyctl", x64: 250, arm64: 219, args: [0, NONE - 2, 0], refused: EPERM, else: [0] },
  { name: "add_key", x64: 248, arm64: 217, args: [0, 0, 0, 0, 0], refused: EPERM, else: [EFAULT] },
  { name: "request_key", x64: 249, arm64: 218, args: [0, 0, 0, 0], refused: EPERM, else: [EFAULT] },
  { name: "bpf", x64: 321, arm64: 280, args: [0, 0, 1 << 20], refused: EPERM, else: [7] },
  {
    name: "perf_event_open",
    x64: 298,
    arm64: 241,
    args: [0, 0, NONE, NONE, 0],
    refused: EPERM,
    else: [EFAULT],
  },
  { name: "userfaultfd", x64: 323, arm64: 282, args: [5], refused: EPERM, else: [EINVAL] },
  // With a contradictory or unknown flag.
  {
    name: "unshare NEWUSER",
    x64: 272,
    arm64: 97,
    args: [0x1000_0001],
    refused: EPERM,
    else: [EINVAL],
  },
  {
    name: "clone NEWUSER",
    x64: 56,
    arm64: 220,
    args: [0x1000_0211, 0, 0, 0, 0],
    refused: EPERM,
    else: [EINVAL],
  },
  { name: "setns", x64: 308, arm64: 268, args: [NONE, 0], refused: EPERM, else: [EBADF] },
  { name: "mount", x64: 165, arm64: 40, args: [0, 0, 0, 0, 0], refused: EPERM, else: [EFAULT] },
  { name: "open_tree", x64: 428, arm64: 428, args: [NONE, 0, 0], refused: EPERM, else: [EFAULT] },
  { name: "personality", x64: 135, arm64: 92, args: [0x40_0000], refused: EPERM, else: [0] },
];

/** Calls that only the filter for sandboxes refuses; in a container the terminal is the engine's own. */
export const TYPING: readonly Attempt[] = [
  { name: "TIOCSTI", x64: 16, arm64: 29, args: [NONE, 0x5412, 0], refused: EPERM, else: [EBADF] },
  { name: "TIOCLINUX", x64: 16, arm64: 29, args: [NONE, 0x541c, 0], refused: EPERM, else: [EBADF] },
];

/** Calls that must still work. */
const WORK: readonly Attempt[] = [
  { name: "chmod 1777", x64: 90, args: ["$F", 0o1777], else: [0] },
  { name: "fchmod 755", x64: 91, arm64: 52, args: ["$D", 0o755], else: [0] },
  { name: "fchmodat 755", x64: 268, arm64: 53, args: [AT, "$F", 0o755], else: [0] },
  { name: "openat 755", x64: 257, arm64: 56, args: [AT, "$N", O_CREAT, 0o755], else: [0] },
  { name: "openat without O_CREAT", x64: 257, arm64: 56, args: [AT, "$F", 0, 0o6755], else: [0] },
  { name: "mknod of a pipe", x64: 133, args: ["$N", 0o10_644, 0], else: [0] },
  { name: "netlink routes", x64: 41, arm64: 198, args: [16, 3, 0], else: [0] },
  { name: "personality of gdb", x64: 135, arm64: 92, args: [0x4_0000], else: [0] },
  { name: "TIOCGWINSZ", x64: 16, arm64: 29, args: [NONE, 0x5413, 0], else: [EBADF] },
  {
    name: "mkdir of a name that is taken",
    x64: 83,
    arm64: -1,
    args: ["/tmp", 0o2755],
    else: [EEXIST],
  },
].filter(({ arm64 }) => arm64 !== -1);

const ALLOWED_FAMILIES = [1, 2, 10, 16];

/**
 * Every socket family, with socket(2) and socketpair(2). The socket type is invalid, so that the kernel returns EINVAL
 * before it checks whether it supports the family.
 * @param refused the errno with which silo refuses a family.
 */
export function families(refused: number): readonly Attempt[] {
  return Array.from({ length: 46 }, (_, family) => {
    const filtered = ALLOWED_FAMILIES.includes(family) ? {} : { refused };
    return [
      {
        name: `socket ${family}`,
        x64: 41,
        arm64: 198,
        args: [family, 15, 0],
        else: [EINVAL],
        ...filtered,
      },
      {
        name: `socketpair ${family}`,
        x64: 53,
        arm64: 199,
        args: [family, 15, 0, 0],
        else: [EFAULT],
        ...filtered,
      },
    ];
  }).flat();
}

/** The other protocols of netlink; without the module the kernel returns EPROTONOSUPPORT. */
export function netlink(refused: number): readonly Attempt[] {
  return [4, 9, 12, 15, 16].map((protocol) => ({
    name: `netlink ${protocol}`,
    x64: 41,
    arm64: 198,
    args: [16, 3, protocol],
    refused,
    else: [0, 93],
  }));
}

export const CALLS: readonly Attempt[] = [...SET_ID, ...OTHERS, ...WORK];

/** Upper halves of registers, which the kernel ignores if an argument is an int. */
const DIRT = [0, 1, 0xffff_ffff];
/** Calls with an argument of 64 bits. */
const WIDE = /^(openat2|clone|bpf|unshare|perf|mount|add_key|request_key|keyctl)/;

/** A perl script that makes each call in its own process and prints `name=errno`, 0 for success. */
export function script(attempts: readonly Attempt[]): string {
  const lines = attempts.flatMap((attempt) => {
    const number = attempt[ARCH];
    if (number === undefined) return [];
    const dirts = WIDE.test(attempt.name) ? [0] : DIRT;
    return dirts.map((dirt) => {
      const args = attempt.args.map((arg) =>
        typeof arg === "string" ? pointer(arg) : `${dirt}<<32|${arg}`,
      );
      return `attempt("${attempt.name}/${dirt}", ${number}, ${args.join(", ")});`;
    });
  });
  return `${PRELUDE}\n${lines.join("\n")}\n`;
}

const pointer = (arg: string) =>
  ({ $F: "$file", $D: "$fd", $N: "name()" })[arg] ?? `my $t = "${arg}"`;

const PRELUDE = `use integer;
use POSIX ();
$| = 1;
my $count = 0;
our ($file, $fd) = ("/tmp/probe.$$");
open my $handle, ">", $file or die; $fd = fileno $handle;
sub name { $count++; my $free = "/tmp/probe.$$.$count"; $free }
sub attempt {
  my ($name, $number, @args) = @_;
  my $pid = fork;
  if (!$pid) {
    my $done = syscall($number, @args);
    print "$name=", ($done == -1 ? $! + 0 : 0), "\\n";
    # What a clone has made prints nothing more.
    POSIX::_exit(0);
  }
  waitpid $pid, 0;
  print "$name=signal ", $? & 127, "\\n" if $? & 127;
}`;

/** Compares the script's output with and without silo's filter. */
export function expected(attempts: readonly Attempt[], filtered: boolean) {
  return (printed: string): readonly string[] => {
    const found = new Map(
      printed
        .trim()
        .split("\n")
        .map((line) => line.split("=") as [string, string]),
    );
    return attempts.flatMap(({ name, refused, else: open, ...numbers }) => {
      if (numbers[ARCH] === undefined) return [];
      const wanted = (filtered && refused !== undefined ? [refused] : open).map(String);
      return [...(WIDE.test(name) ? [0] : DIRT)].flatMap((dirt) => {
        const answer = found.get(`${name}/${dirt}`) ?? "nothing";
        return wanted.includes(answer)
          ? []
          : [`${name}/${dirt}: ${answer}, not ${wanted.join(" or ")}`];
      });
    });
  };
}
