# The first program of a guest: compares the mounts with those that silo checked on the host, sets limits and execs the
# tool. Arguments: the host's boot id ("-" if unknown), the number of prlimit64(2) here (0: no limits), the limit of
# processes, the number of mounts, for each its expected "device:inode" and its target, then the command.
use strict;
# Runs with -t, so that the tool's variables cannot load modules here (perlrun(1), PERL5OPT). Its warnings are dropped.
$SIG{__WARN__} = sub {};
my ($boot, $prlimit, $processes, $count) = splice @ARGV, 0, 4;
my @mounts = splice @ARGV, 0, 2 * $count;
delete $ENV{PERL_BADLANG};

sub lines { open my $in, "<", $_[0] or return; return <$in>; }
my ($kernel) = lines("/proc/sys/kernel/random/boot_id");
# Device numbers are comparable only on the host's own kernel. A virtual machine keeps the inodes of shared files, or
# renumbers all of them; if none is as expected, the comparison is meaningless and is skipped.
my $native = ($kernel // "") eq "$boot\n";
# The number of mounts at each path (proc(5), mountinfo). It is one too low if a mount was moved by renaming a directory
# above it, or redirected by a link in its target.
my %points;
for ($native ? lines("/proc/self/mountinfo") : ()) { my $path = (split / /)[4]; $path =~ s/\\([0-7]{3})/chr oct $1/ge; $points{$path}++; }
my (@kept, @moved);
while (my ($id, $target) = splice @mounts, 0, 2) {
  my ($device, $inode) = split /:/, $id;
  my $file;
  # O_PATH of open(2), which needs no read permission.
  my $same = sysopen($file, $target, 0x200000) && do {
    my @found = stat $file;
    $found[1] eq $inode && (!$native || ($found[0] eq $device && ($points{readlink "/proc/self/fd/" . fileno $file}-- // 0) > 0));
  };
  push @{$same ? \@kept : \@moved}, $target;
}
if (@moved && ($native || @kept)) {
  print STDERR "error: $_ was replaced on the host while silo started; nothing was run\n" for @moved;
  print STDERR "hint: check what replaced it, then start again\n";
  exit 1;
}

# RLIMIT_CORE is 4, RLIMIT_NPROC 6.
for my $limit ($prlimit ? ([4, 0], [6, $processes]) : ()) {
  my $values = pack "QQ", $limit->[1], $limit->[1];
  syscall $prlimit, 0, $limit->[0], $values, 0;
}
$SIG{$_} = "DEFAULT" for qw(INT QUIT);
exec { $ARGV[0] } @ARGV;
print STDERR "error: $ARGV[0]: $!\nhint: silo --force-build\n";
exit 127;
