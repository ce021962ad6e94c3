# Containers as the formats of verdict.sh and fair.sh have Docker's client print them, in a fifth of its time.
#
# Usage: perl -e PROGRAM SOCKET SECONDS BEGAN LIST FOLDER PATIENCE HOLD [ID...]. Without ids those that LIST, a path of the engine, names, but for what
# goes meanwhile. With BEGAN what fair.sh asks for stands in front.
#
# In FOLDER, `asked` gets the size that `events` had before Docker was asked. With PATIENCE, seconds, that is not asked before `events` has another
# one than it had the last time, or the time is over. `checks` gets the health checks of those that are starting: id, and what check-of.pl says.
#
# With HOLD, seconds, nothing is said in the first second of what only starts: all of it runs, and Docker asks what is not healthy yet at least so
# often. There is nothing to be decided of that, and it is looked at again when `events` grows.

# include ../app-folder/engine.pl
# include ../app-folder/json.pl
# include ../app-folder/check-of.pl
($socket, $seconds, my ($began, $list, $folder, $patience, $hold, @ids)) = @ARGV;

# A moment in UTC, to nine digits.
sub utc {
  my ($year, $month, $day, $hour, $minute, $second, $part, $sign, $hours, $minutes) =
    $_[0] =~ /\A(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.](\d+))?(?:Z|([+-])(\d\d):(\d\d))\z/ or return "";
  my $away = defined $sign ? "${sign}1" * ($hours * 60 + $minutes) : 0;
  # Years that begin in March: their days since 1970.
  my ($years, $months) = $month > 2 ? ($year, $month - 3) : ($year - 1, $month + 9);
  my $days = 365 * $years + int($years / 4) - int($years / 100) + int($years / 400) + int((153 * $months + 2) / 5) + $day - 719469;
  my @at = gmtime((($days * 24 + $hour) * 60 + $minute - $away) * 60 + $second);
  return sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%s", $at[5] + 1900, $at[4] + 1, @at[3, 2, 1, 0], substr(($part // "") . "0" x 9, 0, 9));
}

sub fields {
  my ($container) = @_;
  my ($state, $host, $labels) = ($container->{State}, $container->{HostConfig}, $container->{Config}{Labels});
  my $health = $state->{Health} || {};
  my $checks = $health->{Log} || [];
  my ($service, $networks) = ($labels->{"com.docker.compose.service"}, $container->{NetworkSettings}{Networks} || {});
  # Those that know it by the name of its service, and those that know nobody by a name.
  my @known = grep {
    my $name = $_;
    (grep { $_ eq $name } "bridge", "host", "none") || grep { $_ eq $service } @{$networks->{$name}{Aliases} || []}
  } sort keys %$networks;
  return (
    $began ? ($container->{Id}, $container->{RestartCount}, $state->{StartedAt}, $state->{Running}, $service) : (),
    $service, $state->{Status}, $health->{Status}, $state->{ExitCode}, $container->{RestartCount},
    $state->{OOMKilled}, $state->{StartedAt}, "$host->{RestartPolicy}{Name} " . (%{$host->{PortBindings} || {}} ? 1 : ""),
    $container->{Name}, $container->{Id}, @$checks ? utc($checks->[-1]{Start}) : "", $labels->{"com.docker.compose.config-hash"},
    $container->{Image}, join("", map { " $_" } @known) . " ",
  );
}

sub said { my ($name, $mode, $text) = @_; open(my $file, $mode, "$folder/$name") or return 0; return <$file> || 0 if $mode eq "<"; print $file $text; close $file }
sub events { -s "$folder/events" || 0 }
# Waits until `events` has another size, or so many times are over; how many are left. Each look at the file is some microseconds; fifty times are a second.
sub pause {
  my ($times, $seen) = @_;
  for (; $times > 0 && events() == $seen; $times--) { select(undef, undef, undef, 0.02) }
  return $times;
}

# The lines of all, the checks of those that are starting, and whether all of it only starts.
sub look {
  my $listed = !@ids;
  my ($lines, $checks, $starting, $decided) = ("", "");
  for my $id ($listed ? map { $_->{Id} } @{answer($list) || exit 22} : @ids) {
    my $container = answer("/containers/$id/json");
    exit 1 if !$container && !$listed;
    next if !$container;
    $lines .= join("|", map { defined $_ ? $_ : "" } fields($container)) . "\n";
    my ($status, $health) = ($container->{State}{Status}, $container->{State}{Health}{Status} || "");
    my $check = $health eq "starting" ? check_of($container) : "";
    $checks .= "$id $check" if $check ne "";
    # What is asked less often may be asked by another one.
    my $starts = $check ne "" && (split / /, $check)[1] <= $hold * 1000;
    $starting ||= $starts;
    $decided ||= $status ne "running" || !$starts && $health ne "healthy";
  }
  return ($lines, $checks, $starting && !$decided);
}

pause($patience * 50, said("asked", "<")) if $patience;
my ($times, $seen, $lines, $checks, $starts) = $hold ? 50 : 0;
do {
  $seen = events();
  said("asked", ">", $seen);
  ($lines, $checks, $starts) = look();
} while ($starts && ($times = pause($times, $seen)) > 0);
said("checks", ">", $checks);
print $lines;
close STDOUT or exit 1;
