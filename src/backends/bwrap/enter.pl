# Runs a command in a sandbox from the host. The sandbox, and its environment in particular, cannot influence this process
# before it has entered the sandbox and has dropped its further privileges: the environment is read as data.
# Arguments: settings as name=value, "--", the command.
use strict;
my %with;
while (@ARGV) { my $word = shift @ARGV; last if $word eq "--"; my ($name, $value) = split /=/, $word, 2; $with{$name} = $value; }
my $filter = delete $ENV{SILO_FILTER} // "";

# The numbers of syscalls(2) on x86-64 and arm64.
my %number = (
  capset => [126, 91], keyctl => [250, 219], prctl => [157, 167], prlimit64 => [302, 261], setgroups => [116, 159],
  setns => [308, 268], setpgid => [109, 154], setresgid => [119, 149], setresuid => [117, 147], setsid => [112, 157],
);
sub call { my $name = shift; syscall $number{$name}[$with{arch} eq "arm64"], @_; }
sub failed { print STDERR "error: entering $with{name} failed: $_[0]: $!\nhint: silo ls\n"; exit 1; }
# Every command in a sandbox gets the sandbox's system call filter, so a missing filter is an error. struct sock_filter of
# linux/filter.h has 8 bytes.
if ($filter !~ /^(?:[0-9a-f]{16})+\z/) {
  print STDERR "error: entering $with{name} failed: its system call filter is missing\nhint: silo --force-build\n";
  exit 1;
}
sub gone { print STDERR "error: $with{name} is not running\nhint: silo ls\n"; exit 1; }
sub text { open my $in, "<", $_[0] or return ""; local $/; my $read = <$in>; close $in; return $read // ""; }
sub inode { return (stat $_[0])[1] // 0; }

# A process is identified by its open /proc directory, so that it is not confused with a later process of the same id (proc(5)).
my @kept;
sub process {
  my $id = shift;
  open my $directory, "<", "/proc/$id" or gone();
  push @kept, $directory;
  my $path = "/proc/self/fd/" . fileno $directory;
  my ($fields) = text("$path/stat") =~ /^.*\) (.*)$/s or gone();
  my @fields = split / /, $fields;
  return { id => $id, path => $path, parent => $fields[1], start => $fields[19] };
}
sub child_of {
  my $parent = shift;
  my ($id) = split / /, text("$parent->{path}/task/$parent->{id}/children");
  gone() if !$id;
  my $child = process($id);
  gone() if $child->{parent} != $parent->{id};
  return $child;
}
# bwrap, the init process of the sandbox, and the tool, which is the first child of the init process.
my $sandbox = process($with{pid});
gone() if $sandbox->{start} ne $with{start};
my $first = child_of($sandbox);
my $tool = child_of($first);
my @environment = split /\0/, text("$tool->{path}/environ");

my %namespace;
for my $kind (qw(user ipc uts pid mnt cgroup)) {
  my $path = "$first->{path}/ns/$kind";
  next if inode($path) == inode("/proc/self/ns/$kind");
  open $namespace{$kind}, "<", $path or failed($path);
}
# A process without these namespaces is no sandbox, and the command would run on the host.
for (qw(user pid mnt)) { gone() if !$namespace{$_}; }
# bwrap may have created a nested user namespace, whose parent owns the other namespaces (ioctl_ns(2), NS_GET_PARENT).
my $outer;
my $parent = ioctl $namespace{user}, 0xb702, 0;
if (defined $parent) { open $outer, "<&=", $parent + 0; undef $outer if inode("/proc/self/fd/" . fileno $outer) == inode("/proc/self/ns/user"); }
my ($inside, $outside) = text("$first->{path}/uid_map") =~ /^\s*(\d+)\s+(\d+)/ or gone();
my ($group) = text("$first->{path}/gid_map") =~ /^\s*(\d+)/ or gone();

# The command joins the cgroup of the sandbox, if this user may, so that its limits apply too.
my ($cgroup) = text("$first->{path}/cgroup") =~ /^0::(\/.+)$/m;
if (defined $cgroup && open my $join, ">", "/sys/fs/cgroup$cgroup/cgroup.procs") { syswrite $join, $$; close $join; }
if (open my $score, ">", "/proc/self/oom_score_adj") { syswrite $score, "500"; close $score; }
call("keyctl", 1, 0);
my $root = $> == 0;
if ($root) {
  # Programs open /dev/stdout by its path, so its owner has to be theirs.
  for my $stream (\*STDIN, \*STDOUT, \*STDERR) {
    my $is = readlink("/proc/self/fd/" . fileno $stream) // "";
    chown $outside, -1, $stream if $outside && ($is =~ /^pipe:/ || ($with{tty} && -t $stream));
  }
  call("setgroups", 0, 0);
}

sub enter { my ($to, $name) = @_; call("setns", fileno $to, 0) == 0 or failed("the $name namespace"); }
if ($outer) { enter($outer, "outer user") } else { enter($namespace{user}, "user") }
for (qw(ipc uts pid mnt cgroup)) { enter($namespace{$_}, $_) if $namespace{$_}; }
enter($namespace{user}, "user") if $outer;
chdir $with{dir} or chdir "/" or failed("/");
if ($root) { call("setresgid", ($group + 0) x 3) == 0 && call("setresuid", ($inside + 0) x 3) == 0 or failed("changing the user"); }
undef $outer; %namespace = (); @kept = ();

# A process that enters a user namespace has all capabilities in it. prctl(2): PR_CAPBSET_DROP, PR_CAP_AMBIENT_CLEAR_ALL,
# PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP; capset(2), version 3.
for my $capability (0 .. 63) { last if call("prctl", 24, $capability, 0, 0, 0) != 0; }
call("prctl", 47, 4, 0, 0, 0);
call("prctl", 38, 1, 0, 0, 0) == 0 or failed("no_new_privs");
my ($header, $none) = (pack("LL", 0x20080522, 0), pack "L6", 0, 0, 0, 0, 0, 0);
call("capset", $header, $none) == 0 or failed("dropping capabilities");
# RLIMIT_CORE is 4, RLIMIT_NPROC 6.
for ([4, 0], [6, $with{processes}]) {
  my $limits = pack "QQ", $_->[1], $_->[1];
  call("prlimit64", 0, $_->[0], $limits, 0) == 0 or failed("a limit");
}
my $code = pack "H*", $filter;
my $program = pack "Sx6P", length($code) / 8, $code;
call("prctl", 22, 2, $program, 0, 0) == 0 or failed("the system call filter");

my $child = fork // failed("fork");
if (!$child) {
  # PR_SET_PDEATHSIG: the command is killed with this program.
  call("prctl", 1, 9, 0, 0, 0);
  if ($with{tty}) {
    # Its own foreground process group, as shells with job control expect (TIOCSPGRP, ioctl_tty(2)).
    $SIG{TTOU} = "IGNORE";
    call("setpgid", 0, 0);
    ioctl STDIN, 0x5410, pack "i", $$;
    $SIG{TTOU} = "DEFAULT";
  } else {
    call("setsid");
  }
  %ENV = map { /^([^=]+)=(.*)$/s ? ($1, $2) : () } @environment;
  $ENV{TERM} = $with{term} if $with{term};
  exec { $ARGV[0] } @ARGV or print STDERR "silo: $ARGV[0]: $!\n";
  exit 127;
}
for my $name (qw(INT QUIT TERM HUP USR1 USR2)) { $SIG{$name} = sub { kill $name, $child }; }
# No module may be loaded from here on, because it would come from the sandbox. EINTR is 4.
while (waitpid($child, 0) != $child) { exit 1 if $! != 4; }
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
