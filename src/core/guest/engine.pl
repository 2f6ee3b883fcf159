# Listens on docker's socket and starts dockerd on the first connection, with the socket as systemd passes it
# (sd_listen_fds(3)), so that dockerd does not run until it is used. Appended to supervise.pl; runs as root.
# Arguments: uid and gid of the user, then the command, which runs as that user.
use strict;
use POSIX ();
use Socket;

my ($uid, $gid) = splice @ARGV, 0, 2;
my $path = "/var/run/docker.sock";

my $engine;
for my $dir (split /:/, "$ENV{PATH}:/usr/sbin:/usr/bin:/sbin:/bin") {
  $engine //= "$dir/dockerd" if -x "$dir/dockerd";
}

my $listening;
if (defined $engine) {
  unlink $path;
  # Keeps the socket open across exec (perlvar(1), $^F).
  $^F = 64;
  socket my $socket, PF_UNIX, SOCK_STREAM, 0 or die "silo: socket: $!\n";
  if (bind $socket, sockaddr_un($path) and listen $socket, 64) {
    chown 0, $gid, $path;
    chmod 0660, $path;
    $listening = $socket;
  }
}

sub start {
  my $socket = shift;
  my $child = fork;
  return if !defined $child || $child;
  open STDIN, "<", "/dev/null";
  open STDOUT, ">", "/var/log/dockerd.log";
  open STDERR, ">&STDOUT";
  $SIG{$_} = "DEFAULT" for qw(TERM HUP INT QUIT USR1 USR2 CHLD);
  POSIX::setsid();
  POSIX::dup2(fileno $socket, 3) if fileno $socket != 3;
  $ENV{LISTEN_FDS} = 1;
  $ENV{LISTEN_PID} = $$;
  $ENV{HOME} = "/root";
  exec $engine, "-H", "fd://";
  POSIX::_exit(127);
}

sub wait_for_call {
  my $bits = "";
  if (!$listening) {
    select undef, undef, undef, 1;
    return;
  }
  vec($bits, fileno $listening, 1) = 1;
  if (select($bits, undef, undef, 1) > 0) {
    start($listening);
    close $listening;
    undef $listening;
  }
}

my @drop = ("setpriv", "--reuid=$uid", "--regid=$gid", "--clear-groups", "--inh-caps=-all",
  "--bounding-set=-all", "--no-new-privs", "--");
exit supervise(\&wait_for_call, @drop, @ARGV);
