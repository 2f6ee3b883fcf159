# Links files to their copies while a command runs. Appended to supervise.pl.
# Arguments: the number of files, then path and copy of each, then the command.
use strict;
use POSIX ();

my $count = shift @ARGV;
my @files = splice @ARGV, 0, 2 * $count;

# Number of renameat2(2), by processor.
my %renameat2 = (x86_64 => 316, aarch64 => 276);
my $number = $renameat2{(POSIX::uname())[4]};

sub directories {
  my $path = shift;
  $path =~ s{/[^/]*$}{};
  return if $path eq "" || -d $path;
  directories($path);
  mkdir $path;
}

# Restores a link that a tool has replaced by a file, and moves that file's content to the copy.
# With RENAME_EXCHANGE the link is never missing.
sub take {
  my ($path, $copy) = @_;
  my $other = "$path.silo-$$";
  unlink $other;
  symlink $copy, $other or return;
  if (!defined $number || syscall($number, -100, $other, -100, $path, 2) != 0) {
    rename $path, "$other-saved" or return;
    rename $other, $path;
    $other = "$other-saved";
  }
  open my $in, "<", $other or return;
  open my $out, ">", "$copy.silo-$$" or return;
  binmode $in;
  binmode $out;
  local $/ = \65536;
  while (<$in>) { print $out $_; }
  close $out and rename "$copy.silo-$$", $copy and unlink $other;
}

sub look {
  for (my $i = 0; $i < @files; $i += 2) {
    my ($path, $copy) = @files[$i, $i + 1];
    take($path, $copy) if !-l $path && -f $path && -w $copy;
  }
}

for (my $i = 0; $i < @files; $i += 2) {
  my ($path, $copy) = @files[$i, $i + 1];
  directories($path);
  unlink $path if -l $path || -f $path;
  symlink $copy, $path or print STDERR "silo: $path: $!\n";
}
my $code = supervise(sub { select undef, undef, undef, 0.1; look(); }, @ARGV);
look();
exit $code;
