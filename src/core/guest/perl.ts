/** Perl is in every Debian and Ubuntu image (perl-base is essential), and can exchange two names at once, which no shell can. */

/** Runs a command to its end as this process' only concern: signals go on to it, its code comes back. */
export const SUPERVISE = `use strict; use POSIX ();
sub supervise { my ($tick, @command) = @_;
  $SIG{CHLD} = sub {};
  my $child = fork // die "silo: fork: $!\\n";
  if (!$child) { $SIG{CHLD} = "DEFAULT"; exec { $command[0] } @command; print STDERR "silo: $command[0]: $!\\n"; POSIX::_exit(127); }
  for my $name (qw(TERM HUP USR1 USR2)) { $SIG{$name} = sub { kill $name, $child }; }
  # A terminal sends these to the tool itself.
  for my $name (qw(INT QUIT)) { $SIG{$name} = -t STDIN ? "IGNORE" : sub { kill $name, $child }; }
  my $status;
  until (defined $status) {
    while ((my $ended = waitpid(-1, POSIX::WNOHANG())) > 0) { $status = $? if $ended == $child; }
    last if defined $status;
    $tick->();
  }
  return $status & 127 ? 128 + ($status & 127) : $status >> 8; }
`;

/**
 * Links single files to their copies, and keeps them linked: a tool that saves by renaming a new file over the
 * link has that file taken to the copy's place. RENAME_EXCHANGE (renameat2(2)) leaves no instant without it.
 */
const LINKS = `${SUPERVISE}my $count = shift @ARGV; my @files = splice @ARGV, 0, 2 * $count;
my %renameat2 = (x86_64 => 316, aarch64 => 276);
my $number = $renameat2{(POSIX::uname())[4]};
sub directories { my $path = shift; $path =~ s{/[^/]*$}{}; return if $path eq "" || -d $path; directories($path); mkdir $path; }
sub take { my ($path, $copy) = @_; my $other = "$path.silo-$$"; unlink $other;
  symlink $copy, $other or return;
  if (!defined $number || syscall($number, -100, $other, -100, $path, 2) != 0) {
    rename $path, "$other-saved" or return; rename $other, $path; $other = "$other-saved"; }
  open my $in, "<", $other or return; open my $out, ">", "$copy.silo-$$" or return;
  binmode $in; binmode $out; local $/ = \\65536; while (<$in>) { print $out $_; }
  close $out and rename "$copy.silo-$$", $copy and unlink $other; }
sub look { for (my $i = 0; $i < @files; $i += 2) { my ($path, $copy) = @files[$i, $i + 1];
  take($path, $copy) if !-l $path && -f $path && -w $copy; } }
for (my $i = 0; $i < @files; $i += 2) { my ($path, $copy) = @files[$i, $i + 1];
  directories($path); unlink $path if -l $path || -f $path;
  symlink $copy, $path or print STDERR "silo: $path: $!\\n"; }
my $code = supervise(sub { select undef, undef, undef, 0.1; look(); }, @ARGV);
look(); exit $code;`;

/** A file of the guest and the copy that it is to be. */
export type GuestLink = { readonly path: string; readonly copy: string };

/** The command, with single files linked to their copies as long as it runs. */
export function withLinks(
  links: readonly GuestLink[],
  command: readonly string[],
): readonly string[] {
  if (links.length === 0) return command;
  const pairs = links.flatMap(({ path, copy }) => [path, copy]);
  return ["perl", "-e", LINKS, "--", String(links.length), ...pairs, ...command];
}

/**
 * Listens for the engine and starts it, with the listening socket as systemd hands it over (sd_listen_fds(3)),
 * when somebody first calls. Then nothing runs, and nothing is paid for, where nobody does.
 */
const ENGINE = `${SUPERVISE}use Socket;
my ($uid, $gid) = splice @ARGV, 0, 2; my $path = "/var/run/docker.sock"; my $engine;
for my $dir (split /:/, "$ENV{PATH}:/usr/sbin:/usr/bin:/sbin:/bin") { $engine //= "$dir/dockerd" if -x "$dir/dockerd"; }
my $listening;
if (defined $engine) { unlink $path; $^F = 64;
  socket my $socket, PF_UNIX, SOCK_STREAM, 0 or die "silo: socket: $!\\n";
  if (bind $socket, sockaddr_un($path) and listen $socket, 64) { chown 0, $gid, $path; chmod 0660, $path; $listening = $socket; } }
sub start { my $socket = shift; my $child = fork; return if !defined $child || $child;
  open STDIN, "<", "/dev/null"; open STDOUT, ">", "/var/log/dockerd.log"; open STDERR, ">&STDOUT";
  $SIG{$_} = "DEFAULT" for qw(TERM HUP INT QUIT USR1 USR2 CHLD);
  POSIX::setsid(); POSIX::dup2(fileno $socket, 3) if fileno $socket != 3;
  $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$; $ENV{HOME} = "/root"; exec $engine, "-H", "fd://"; POSIX::_exit(127); }
sub wait_for_call { my $bits = "";
  if (!$listening) { select undef, undef, undef, 1; return; }
  vec($bits, fileno $listening, 1) = 1;
  if (select($bits, undef, undef, 1) > 0) { start($listening); close $listening; undef $listening; } }
my @drop = ("setpriv", "--reuid=$uid", "--regid=$gid", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--");
exit supervise(\\&wait_for_call, @drop, @ARGV);`;

/** The command as that user, beside an engine that is started by first use; the guest has to start it as root. */
export function withEngine(
  user: { readonly uid: number; readonly gid: number },
  command: readonly string[],
): readonly string[] {
  return ["perl", "-e", ENGINE, "--", String(user.uid), String(user.gid), ...command];
}
