# Limits the memory and the number of processes of the sandbox. A part of the program that begins with launch.pl.
# If a configured limit cannot be set, that is an error; if the default limit cannot be set, there is no limit.
sub unlimited {
  my $why = shift;
  return if !$with{must};
  refuse("cannot set the memory limit of the sandbox: $why",
    "remove \"memory\" under backends.bwrap from silo.jsonc   # or: silo --backend docker ...");
}
sub limit_by_cgroup {
  my ($root, $most) = @_;
  rmdir $_ for glob "$root/silo-*";
  my $own = "$root/silo-$with{name}";
  mkdir $own, 0755 or return unlimited("$own: $!");
  return if put("$own/memory.max", $most) && put("$own/pids.max", $with{tasks}) && put("$own/cgroup.procs", $$);
  my $why = "$own: $!";
  rmdir $own;
  unlimited($why);
}
# systemd moves this process and its children into a scope with the limit (org.freedesktop.systemd1(5)).
sub limit_by_systemd {
  my ($busctl, $most) = @_;
  my $before = text("/proc/self/cgroup");
  my @scope = ("silo-$with{name}.scope", "fail", 3, "PIDs", "au", 1, $$, "MemoryMax", "t", $most, "TasksMax", "t", $with{tasks}, 0);
  my $child = fork // return unlimited("fork: $!");
  if (!$child) {
    %ENV = (XDG_RUNTIME_DIR => $with{runtime});
    open STDOUT, ">", "/dev/null";
    open STDERR, ">", "/dev/null" if !$with{must};
    exec { $busctl } "busctl", "--user", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
      "org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))", @scope or exit 127;
  }
  waitpid $child, 0;
  return unlimited("systemd created no scope") if $?;
  # systemd replies when the job is queued, so wait for the move, but only shortly for the default limit.
  for (1 .. ($with{must} ? 1000 : 150)) { return if text("/proc/self/cgroup") ne $before; select undef, undef, undef, 0.002; }
  unlimited("systemd did not move the sandbox into its scope");
}
if ($with{memory}) {
  my $most = bytes($with{memory});
  if ($with{cgroup}) { limit_by_cgroup($with{cgroup}, $most) }
  elsif ($with{busctl}) { limit_by_systemd($with{busctl}, $most) }
  else { unlimited("no systemd user manager and no writable cgroup") }
}
