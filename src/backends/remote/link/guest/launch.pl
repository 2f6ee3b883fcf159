# Runs the tool and writes its exit status before the connection ends; supervise() is prepended to this file.
# Argument: the tmux session, if there is one. Then it also saves the screen and prints it on the outer terminal, since
# tmux itself would clear that.
my ($secrets, $notes) = ("/dev/shm/silo", "/run/silo/tool"); my $session = shift @ARGV;
open my $in, "<", "$secrets/argv" or die "silo: argv: $!\n"; my @argv;
{ local $/ = "\0"; while (my $word = <$in>) { chomp $word; push @argv, $word; } }
sub note { my ($name, $text) = @_; open my $out, ">", "$notes/$name.new" or return; print $out $text; close $out; rename "$notes/$name.new", "$notes/$name"; }
note("pid", $$);
my $code = supervise(sub { select undef, undef, undef, 0.2; }, @argv);
if (defined $session) {
  my @tmux = ("tmux", "-u", "-L", "silo");
  sub said { open my $from, "-|", @_ or return ""; local $/; my $text = <$from>; return defined $text ? $text : ""; }
  my $screen = said(@tmux, "display-message", "-p", "-t", $session, "#{alternate_on}") =~ /^1/ ? ""
    : said(@tmux, "capture-pane", "-p", "-e", "-J", "-S", "-1000", "-t", $session);
  $screen =~ s/\s+\z//; note("screen", $screen eq "" ? "" : "$screen\n");
  note("exit", $code);
  system { $tmux[0] } @tmux, "detach-client", "-s", $session, "-E", "cat $notes/screen";
} else { note("exit", $code); }
exit $code;
