# Starts bwrap on the host. Each variable of the sandbox is passed as BOX_<name>, so that it does not affect this program
# or bwrap, and then to bwrap by a descriptor, which other processes cannot read.
# Arguments: settings as name=value, "--", bwrap's path and its arguments. Two of these are options of this program,
# --mount-ro and --mount-rw with an expected "device:inode" (or "-"), a source and a target; a size may be a
# percentage of this machine's memory.
use strict;
my %with;
while (@ARGV) { my $word = shift @ARGV; last if $word eq "--"; my ($name, $value) = split /=/, $word, 2; $with{$name} = $value; }
my ($bwrap, @words) = @ARGV;

# The numbers of syscalls(2) on x86-64 and arm64.
my %number = (
  keyctl => [250, 219], lseek => [8, 62], memfd_create => [319, 279], mount => [165, 40], openat => [257, 56], mount_setattr => [442, 442],
  move_mount => [429, 429], open_tree => [428, 428], setgroups => [116, 159], setresgid => [119, 149],
  setresuid => [117, 147], unshare => [272, 97], write => [1, 64],
);
sub call { my $name = shift; syscall $number{$name}[$with{arch} eq "arm64"], @_; }
sub refuse { my ($what, $hint) = @_; print STDERR "error: $what\nhint: $hint\n"; exit 1; }
sub failed { refuse("starting the sandbox failed: $_[0]: $!", "silo doctor"); }
sub replaced { refuse("$_[0] was replaced on the host while silo started; nothing was run", "check what replaced it, then start again"); }
sub text { open my $in, "<", $_[0] or return ""; local $/; my $read = <$in>; close $in; return $read // ""; }
sub put { my ($path, $text) = @_; open my $out, ">", $path or return; print $out $text; return close $out; }

# Ignored, because the terminal sends these signals to bwrap too, whose end would kill the tool before it can clean up.
if ($with{ignore_sigint}) { $SIG{$_} = "IGNORE" for qw(INT QUIT); }
# When memory runs out, the kernel kills the sandbox before other programs.
put("/proc/self/oom_score_adj", "500");

my $memory = text("/proc/meminfo") =~ /^MemTotal:\s+(\d+) kB/ ? $1 * 1024 : 0;
sub bytes { my $amount = shift; return $amount =~ /^(\d+)%$/ ? int($memory * $1 / 100) : $amount; }

my @mounts;
for (my $i = 0; $i < @words && $words[$i] ne "--"; $i++) {
  $words[$i + 1] = bytes($words[$i + 1]) if $words[$i] eq "--size";
  push @mounts, $i if $words[$i] =~ /^--mount-r[ow]$/;
}
