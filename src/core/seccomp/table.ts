// System call numbers: asm/unistd_64.h (x86-64) and asm-generic/unistd.h (arm64) of Linux 6.18.

export type Arch = "x64" | "arm64";

/** AUDIT_ARCH_* of linux/audit.h, the value of seccomp_data that identifies the calling convention. */
export const ARCH_WORDS: Readonly<Record<Arch, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** The highest number in both tables (file_setattr). */
export const LAST_CALL = 469;

/** Numbers of a call added in Linux 5.1 or later, which are the same on every architecture. */
const everywhere = (number: number) => [number, number] as const;

/** The numbers of each call on x86-64 and on arm64; undefined if the architecture lacks it. */
const NUMBERS: Readonly<Record<string, readonly [number | undefined, number | undefined]>> = {
  _sysctl: [156, undefined],
  acct: [163, 89],
  add_key: [248, 217],
  bpf: [321, 280],
  chmod: [90, undefined],
  clock_settime: [227, 112],
  clone: [56, 220],
  clone3: everywhere(435),
  creat: [85, undefined],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: everywhere(452),
  finit_module: [313, 273],
  fsconfig: everywhere(431),
  fsmount: everywhere(432),
  fsopen: everywhere(430),
  fspick: everywhere(433),
  init_module: [175, 105],
  io_uring_enter: everywhere(426),
  io_uring_register: everywhere(427),
  io_uring_setup: everywhere(425),
  ioctl: [16, 29],
  ioperm: [173, undefined],
  iopl: [172, undefined],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  mknod: [133, undefined],
  mknodat: [259, 33],
  mount: [165, 40],
  mount_setattr: everywhere(442),
  move_mount: everywhere(429),
  open: [2, undefined],
  open_by_handle_at: [304, 265],
  open_tree: everywhere(428),
  open_tree_attr: everywhere(467),
  openat: [257, 56],
  openat2: everywhere(437),
  perf_event_open: [298, 241],
  personality: [135, 92],
  pivot_root: [155, 41],
  quotactl: [179, 60],
  quotactl_fd: everywhere(443),
  reboot: [169, 142],
  request_key: [249, 218],
  setns: [308, 268],
  settimeofday: [164, 170],
  socket: [41, 198],
  socketpair: [53, 199],
  swapoff: [168, 225],
  swapon: [167, 224],
  syslog: [103, 116],
  umount2: [166, 39],
  unshare: [272, 97],
  uselib: [134, undefined],
  userfaultfd: [323, 282],
  vhangup: [153, 58],
};

/**
 * The number of a call.
 * @returns undefined if the architecture lacks it.
 * @throws RangeError if the name is not in the table.
 */
export function callNumber(name: string, arch: Arch): number | undefined {
  const numbers = NUMBERS[name];
  if (numbers === undefined) throw new RangeError(`unknown system call ${name}`);
  return numbers[arch === "x64" ? 0 : 1];
}
