# Executes bwrap. The last part of the program that begins with launch.pl.
# Joins a new session keyring, so that the sandbox has no keys of silo's (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING).
call("keyctl", 1, 0);

# A memory file whose descriptor bwrap reads and closes.
sub memory_file {
  my $content = shift;
  my $file = call("memfd_create", my $name = "silo", 0);
  failed("memfd_create") if $file < 0;
  for (my $at = 0; $at < length $content;) {
    my $written = call("write", $file, my $rest = substr($content, $at), length($content) - $at);
    failed("memfd") if $written <= 0;
    $at += $written;
  }
  call("lseek", $file, 0, 0);
  return $file;
}
my @added;
# Every sandbox has a system call filter, so a missing filter is an error. struct sock_filter of linux/filter.h has 8
# bytes.
my $filter = delete $ENV{SILO_FILTER} // "";
refuse("the sandbox was not started because its system call filter is missing", "silo --force-build")
  if $filter !~ /^(?:[0-9a-f]{16})+\z/;
push @added, "--seccomp", memory_file(pack "H*", $filter);
my @variables = map { ("--setenv", $_->[0], $_->[1]) } map { /^BOX_(.*)/s ? [$1, $ENV{$_}] : () } sort keys %ENV;
push @added, "--args", memory_file(join "", map { "$_\0" } @variables) if @variables;
for my $name (keys %ENV) { delete $ENV{$name} if $name =~ /^BOX_/; }

# Opens a checked path. bwrap mounts the descriptor and closes it, so other processes cannot replace the path meanwhile.
# O_PATH | O_NOFOLLOW, which has another number on arm64.
sub checked {
  my ($path, $expected) = @_;
  my $file = call("openat", -100, my $name = $path, 0x200000 | ($with{arch} eq "arm64" ? 0x8000 : 0x20000), 0);
  my ($device, $inode) = stat "/proc/self/fd/$file";
  replaced($path) if $file < 0 || "$device:$inode" ne $expected;
  return $file;
}

my @args;
while (@words) {
  my $word = shift @words;
  if ($word eq "--") { push @args, @added, "--", @words; last; }
  if ($word !~ /^--mount-(r[ow])$/) { push @args, $word; next; }
  my $option = ($1 eq "ro" ? "--ro-bind" : "--bind");
  my ($expected, $source, $target) = splice @words, 0, 3;
  my $file = $expected ne "-" && $with{descriptors} ? checked($source, $expected) : undef;
  push @args, defined $file ? ("$option-fd", $file, $target) : ($option, $source, $target);
}
exec { $bwrap } "bwrap", @args or failed($bwrap);
