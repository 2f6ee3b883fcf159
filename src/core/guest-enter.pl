# The first program of a guest: compares what was mounted with what silo checked on the host, sets limits and becomes
# the tool. Arguments: the host's boot id ("-" without one), the number of prlimit64(2) here (0: no limits), the most
# processes, the number of mounts, for each its expected "device:inode" and its target, then the command.
use strict;
my ($boot, $prlimit, $processes, $count) = splice @ARGV, 0, 4;
my @mounts = splice @ARGV, 0, 2 * $count;
delete $ENV{PERL_BADLANG};

my $kernel = "";
if (open my $in, "<", "/proc/sys/kernel/random/boot_id") { $kernel = <$in>; chomp $kernel; }
# Device numbers mean something on the host's own kernel alone. A virtual machine shares files by inode, or renumbers
# all of them; then none is as expected, and the comparison says nothing.
my $native = $kernel eq $boot;
my (@kept, @moved);
while (my ($id, $target) = splice @mounts, 0, 2) {
  my ($device, $inode) = split /:/, $id;
  my @found = stat $target;
  my $same = @found && $found[1] eq $inode && (!$native || $found[0] eq $device);
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
