# Process accounting of the kernel, for all processes of this machine (or of this container, which has processes of its own): FILE gets
# a record of each that ends. Perl, because every Debian has it, and no program of Debian's own asks the kernel for it.
#
# Usage: accounting.pl on FILE, accounting.pl off FILE LOCKS, accounting.pl programs FILE UID. "off" first waits for those locks, a pattern,
# for what a run does after its client has gone home is part of it. "programs" prints the name of the program of each process of that user that has started
# one; a process that has only been forked, as for a pipe or brackets of a shell, has not.

use strict;
use Fcntl ':flock';
use POSIX;

my ($what, $file, $of) = @ARGV;
my $acct = {x86_64 => 163, aarch64 => 89}->{(POSIX::uname())[4]} or die "no number of acct(2) is known for this machine\n";
my ($forked_only, $size) = (1, 64);

if ($what eq 'on') {
  open(my $empty, '>', $file) or die "$file: $!\n";
  close($empty);
  syscall($acct, $file) == 0 or die "the kernel does not count processes (CONFIG_BSD_PROCESS_ACCT, CAP_SYS_PACCT): $!\n";
} elsif ($what eq 'off') {
  alarm 60;
  for (glob $of) {
    open(my $lock, '<', $_) or die "$_: $!\n";
    flock($lock, LOCK_SH) or die "$_: $!\n";
  }
  my $none = 0;
  syscall($acct, $none) == 0 or die "acct: $!\n";
} else {
  open(my $records, '<:raw', $file) or die "$file: $!\n";
  while (read($records, my $record, $size) == $size) {
    # As struct acct_v3 of <linux/acct.h> begins and ends.
    my ($flags, $version, $tty, $status, $user) = unpack('CCSLL', $record);
    die "records of version $version are not known\n" if $version != 3;
    next if $flags & $forked_only || $user != $of;
    print unpack('Z16', substr($record, 48)), "\n";
  }
}
