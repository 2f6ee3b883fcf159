# Runs the sandbox as another user if silo runs as root. A part of the program that begins with launch.pl.
# bubblewrap protects kernel settings, limits and other processes from every user except the real root. Root in another
# user namespace than the initial one is not the real root, so this is not needed there.
sub user_namespace {
  my ($uids, $gids) = @_;
  pipe my $ready, my $tells or failed("pipe"); pipe my $waits, my $end or failed("pipe");
  my $child = fork // failed("fork");
  if (!$child) { close $end; syswrite $tells, "x" if call("unshare", 0x10000000) == 0; sysread $waits, my $none, 1; exit 0; }
  close $tells; close $waits;
  sysread($ready, my $byte, 1) or failed("a user namespace");
  for (["uid_map", $uids], ["gid_map", $gids]) { put("/proc/$child/$_->[0]", "$_->[1][0] $_->[1][1] 1\n") or failed($_->[0]); }
  open my $namespace, "<", "/proc/$child/ns/user" or failed("a user namespace");
  close $end; waitpid $child, 0;
  return $namespace;
}
# A copy of a mount that maps files of the given owner to the sandbox's user (mount_setattr(2), MOUNT_ATTR_IDMAP).
my %namespaces;
sub mapped {
  my ($path, $expected, @owners) = @_;
  my $source = $path;
  my $tree = call("open_tree", -100, $source, 0x1 | 0x8000 | 0x80000 | ($expected eq "-" ? 0 : 0x100));
  not_mapped($path, "open_tree") if $tree < 0;
  my ($device, $inode, undef, undef, $uid, $gid) = stat "/proc/self/fd/$tree";
  replaced($path) if $expected ne "-" && $expected ne "$device:$inode";
  ($uid, $gid) = (0, 0) if !grep { $_ == $uid } @owners;
  my $namespace = $namespaces{"$uid:$gid"} //= user_namespace([$uid, $with{user}], [$gid, $with{user}]);
  my ($empty, $attributes) = ("\0", pack "QQQQ", 0x100000, 0, 0, fileno $namespace);
  call("mount_setattr", $tree, $empty, 0x1000 | 0x8000, $attributes, 32) == 0 or not_mapped($path, "mount_setattr");
  return $tree;
}
sub not_mapped {
  my ($path, $what) = @_;
  print STDERR "error: silo runs as root, so the sandbox needs another user, but the file system of $path does not support id-mapped mounts\n",
    "  $what: $!; they need Linux 5.12 and ext4, xfs or btrfs, not overlayfs or NFS\n";
  refuse_hint();
}
sub refuse_hint { print STDERR "hint: run silo as an ordinary user\n"; exit 1; }
sub become_another {
  # As a number, because syscall passes the address of a string.
  my $own = $with{user} + 0;
  my @owners = (0, (stat $with{workdir})[4] // 0);
  my @trees = map { mapped($words[$_ + 2], $words[$_ + 1], @owners) } @mounts;
  my $self = call("open_tree", -100, my $path = $bwrap, 0x1 | 0x80000);
  failed($bwrap) if $self < 0;
  call("unshare", 0x20000) == 0 or failed("unshare");
  my ($none, $root) = ("none", "/");
  call("mount", $none, $root, 0, (1 << 18) | (1 << 14), 0) == 0 or failed("making mounts private");
  my ($place) = grep { -d } qw(/mnt /media /srv /opt /tmp);
  my ($type, $options) = ("tmpfs", "mode=755,size=65536");
  call("mount", $type, my $on = $place, my $kind = $type, 0, $options) == 0 or failed("mounting $place");
  my $attach = sub {
    my ($tree, $name) = @_;
    my $target = "$place/$name";
    if (-d "/proc/self/fd/$tree") { mkdir $target } else { put($target, "") }
    my $empty = "\0";
    call("move_mount", $tree, $empty, -100, $target, 4) == 0 or failed("move_mount");
    return $target;
  };
  for my $i (0 .. $#mounts) { $words[$mounts[$i] + 2] = $attach->($trees[$i], $i); }
  $bwrap = $attach->($self, "bwrap");
  # Programs open /dev/stdout by its path, so they must own it. Only pipes and silo's own PTY are changed, because other programs do not use these.
  for my $stream (\*STDIN, \*STDOUT, \*STDERR) {
    my $is = readlink("/proc/self/fd/" . fileno $stream) // "";
    chown $own, -1, $stream if $is =~ /^pipe:/ || ($with{tty} && -t $stream);
  }
  chdir "/";
  my $done = call("setgroups", 0, 0) == 0 && call("setresgid", ($own) x 3) == 0 && call("setresuid", ($own) x 3) == 0;
  failed("changing the user") if !$done || $< != $own || $> != $own;
}
become_another() if $with{user} && text("/proc/self/uid_map") =~ /^\s*0\s+0\s+4294967295$/m;
