#!/usr/bin/perl
# Exchanges a directory for a link, as a hostile tool does: swap.pl DIRECTORY LINK [WATCHED...]
# Without a watched file: blindly, again and again. With some: a moment after one of them was opened or read.
use strict;
use warnings;
use POSIX ();

my ($directory, $link, @watched) = @ARGV;
my $arm = (POSIX::uname())[4] =~ /^(aarch64|arm64)$/;
my ($renameat2, $init1, $add_watch) = $arm ? (276, 26, 27) : (316, 294, 254);

sub exchange {
  my ($from, $to) = ($directory, $link);
  syscall($renameat2, -100, $from, -100, $to, 2) == 0 or die "renameat2: $!";
}

sub nap { select undef, undef, undef, $_[0] / 1000 }

if (!@watched) {
  # Mostly a directory when silo looks, so that starts get beyond the check.
  while (1) { nap(rand 40); exchange(); nap(rand 25); exchange() }
}

my $events = syscall($init1, 0);
die "inotify: $!" if $events < 0;
open my $in, '<&=', $events or die $!;
my @delays = (0, 1, 2, 4, 6, 8, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 110, 130, 160, 200);
for (my $start = 0; ; $start++) {
  for my $path (@watched) { my $name = $path; syscall($add_watch, $events, $name, 0x21) }
  sysread $in, my $event, 65536;
  nap($delays[$start % @delays]);
  exchange();
  nap(400);
  exchange();
  # Events of the exchange itself are no new start.
  my $set = '';
  vec($set, $events, 1) = 1;
  while (select(my $ready = $set, undef, undef, 0) > 0) { sysread $in, $event, 65536 }
}
