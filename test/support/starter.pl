# Starts programs for a worker of tests (starter.ts). A worker has hundreds of megabytes, and whoever forks copies the tables of all of
# them; this has six.
#
# Usage: starter.pl REQUESTS ANSWERS, two FIFOs. Either is its length (four bytes, the highest first) and fields, each behind its own length.
# Those of a request: folder, seconds, where stdout and stderr go (nothing: into the answer), standard input, how many words there are, the
# words, and the environment. Those of an answer: status, signal, stdout, stderr. It ends with the worker.

use strict;
use IO::Select;
use POSIX ();

$SIG{PIPE} = 'IGNORE';
open(my $requests, '<:raw', $ARGV[0]) or exit 1;
open(my $answers, '>:raw', $ARGV[1]) or exit 1;
$answers->autoflush;

sub input {
  my ($text) = @_;
  my $file;
  if ($text eq '') { open($file, '<', '/dev/null') or die "$!\n"; return $file }
  # One without a name.
  open($file, '+>:raw', undef) && print($file $text) && seek($file, 0, 0) or die "$!\n";
  return $file;
}

sub start {
  my ($folder, $seconds, $to, $to_errors, $text, $count, @rest) = @_;
  my @words = splice(@rest, 0, $count);
  my $in = input($text);
  my ($out, $errors, @kept);
  for ([$to, \$out], [$to_errors, \$errors]) {
    my ($path, $end) = @$_;
    if ($path ne '') { open($$end, '>', $path) or die "$path: $!\n"; next }
    pipe(my $read, $$end) or die "$!\n";
    push @kept, $read;
  }
  my $child = fork() // die "$!\n";
  if ($child == 0) {
    $SIG{PIPE} = 'DEFAULT';
    %ENV = map { split(/=/, $_, 2) } @rest;
    POSIX::dup2(fileno($in), 0), POSIX::dup2(fileno($out), 1), POSIX::dup2(fileno($errors), 2);
    if (!chdir($folder)) { print STDERR "$folder: $!\n" }
    else { no warnings; exec({ $words[0] } @words); print STDERR "$words[0]: $!\n" }
    POSIX::_exit(127);
  }
  close($_) for $in, $out, $errors;
  my $late = 0;
  local $SIG{ALRM} = sub { $late = 1; kill('KILL', $child) };
  alarm($seconds);
  my %said = map { (fileno($_) => '') } @kept;
  my @order = map { fileno($_) } @kept;
  my $open = IO::Select->new(@kept);
  while ($open->count && !$late) {
    for ($open->can_read(1)) {
      $open->remove($_) unless sysread($_, $said{fileno($_)}, 65536, length $said{fileno($_)});
    }
  }
  # Its files are not waited for: it may have left somebody who writes into them.
  1 while waitpid($child, 0) == -1 && $! == POSIX::EINTR();
  alarm(0);
  return ($? >> 8, $? & 127, map { $_ eq '' ? $said{shift @order} : '' } $to, $to_errors);
}

sub take {
  my ($size) = @_;
  my $taken = '';
  while (length $taken < $size) { sysread($requests, $taken, $size - length $taken, length $taken) or exit 0 }
  return $taken;
}

while (1) {
  my $request = take(unpack('N', take(4)));
  my @answer = eval { start(unpack('(N/a)*', $request)) };
  @answer = (127, 0, '', $@) if $@ ne '';
  my $answer = pack('(N/a)*', @answer);
  print $answers pack('N', length $answer), $answer;
}
