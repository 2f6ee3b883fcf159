import { SUPERVISE } from "../../core/guest-perl.ts";
import { SiloError } from "../../errors.ts";
import { whereIs } from "../../sys/on-path.ts";
import { onOwnTerminal } from "../../sys/own-terminal.ts";
import { interactive } from "../../sys/process.ts";
import { supervise } from "../../sys/signals.ts";
import { environmentOf, toolOf } from "./inside.ts";
import type { Running } from "./state.ts";

/**
 * Enters a process' namespaces with a command. For an ordinary user bwrap makes a user namespace in another one,
 * which all the others belong to, so that one has to be entered first (NS_GET_PARENT, ioctl_ns(2)); `nsenter` of
 * util-linux cannot do that before 2.39.
 */
const ENTER = `${SUPERVISE}use Fcntl; my ($pid, $dir) = splice @ARGV, 0, 2; my $fail = sub { print STDERR "silo: $_[0]: $!\\n"; exit 1 };
my %setns = (x86_64 => 308, aarch64 => 268); my $number = $setns{(POSIX::uname())[4]} or $fail->("this processor");
my %ns; for (qw(user ipc uts pid mnt)) { sysopen $ns{$_}, "/proc/$pid/ns/$_", O_RDONLY or $fail->("/proc/$pid/ns/$_"); }
my $parent = ioctl $ns{user}, 0xb702, 0; my $outer;
if (defined $parent) { open $outer, "<&=", $parent + 0; my $own = (stat "/proc/self/ns/user")[1]; undef $outer if (stat $outer)[1] == $own; }
sub enter { my ($to, $name) = @_; syscall($number, fileno $to, 0) == 0 or $fail->("entering $name"); }
my $same = (stat $ns{user})[1] == (stat "/proc/self/ns/user")[1];
if ($outer) { enter($outer, "the outer user namespace") } elsif (!$same) { enter($ns{user}, "the user namespace") }
enter($ns{$_}, $_) for qw(ipc uts pid mnt); enter($ns{user}, "the user namespace") if $outer;
chdir $dir or chdir "/"; exit supervise(sub { select undef, undef, undef, 1 }, @ARGV);`;

/** Runs a command in a sandbox, as its user, in its directory and without any capability. */
export async function execIn(
  { name, pid, workdir }: Running,
  argv: readonly string[],
  tty: boolean,
): Promise<number> {
  const tool = toolOf(pid);
  if (tool === undefined) throw new SiloError(`${name} does not run`, { hint: "silo ls" });
  // By its path: the environment is the sandbox's.
  const perl = whereIs("perl");
  if (perl === undefined) {
    throw new SiloError('entering a sandbox needs the command "perl", which is not installed', {
      hint: "sudo apt-get install perl-base",
    });
  }
  // Who enters a user namespace has all capabilities in it.
  const dropped = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"];
  const cmd = {
    bin: perl,
    args: ["-e", ENTER, "--", String(tool), workdir, ...dropped, ...argv],
    env: { ...environmentOf(tool), ...(tty ? { TERM: process.env["TERM"] ?? "xterm" } : {}) },
    bare: true,
  };
  const child = tty ? onOwnTerminal(cmd) : await interactive(cmd);
  const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
  return await child.exit.finally(release);
}
