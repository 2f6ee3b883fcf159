# Runs a command, forwards signals to it and returns its exit status.
use strict;
use POSIX ();

# Calls $tick, which must sleep briefly, until the command has exited.
sub supervise {
  my ($tick, @command) = @_;
  $SIG{CHLD} = sub {};
  my $child = fork // die "silo: fork: $!\n";
  if (!$child) {
    $SIG{CHLD} = "DEFAULT";
    exec { $command[0] } @command;
    print STDERR "silo: $command[0]: $!\n";
    POSIX::_exit(127);
  }
  for my $name (qw(TERM HUP USR1 USR2)) {
    $SIG{$name} = sub { kill $name, $child };
  }
  # On a terminal these are sent to the tool directly.
  for my $name (qw(INT QUIT)) {
    $SIG{$name} = -t STDIN ? "IGNORE" : sub { kill $name, $child };
  }
  my $status;
  until (defined $status) {
    while ((my $ended = waitpid(-1, POSIX::WNOHANG())) > 0) {
      $status = $? if $ended == $child;
    }
    last if defined $status;
    $tick->();
  }
  return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}
