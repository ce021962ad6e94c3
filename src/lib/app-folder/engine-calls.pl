# Does calls, METHOD PATH [JSON] each, and prints the answers.
#
# Usage: perl -e PROGRAM SOCKET SECONDS [CALL...]. Without any each line of standard input is one. Fails for one that is not answered in time; of those
# that are named also for what the engine refuses, of which nothing is printed, and for what it was cut off in.

# include ./engine.pl
($socket, $seconds, my @calls) = @ARGV;
my $named = @calls;
my $end = "\n";

sub out {
  my ($piece, $status) = @_;
  exit 22 if $named && $status >= 400;
  defined syswrite(STDOUT, $piece) or exit 1;
  $end = $piece;
}

if ($named) { ask($_, \&out) < 400 or exit 22 for @calls }
else { while (my $call = <STDIN>) { chomp $call; ask($call, \&out) } }
exit 18 if $named && !whole($end);
