package PVE::Cluster;

# Of a node's own Perl: what has to be called before PVE::AccessControl knows anything.

use strict;
use warnings;

our $updated = 0;

sub cfs_update {
    $updated = 1;
}

# Of user.cfg, which users may log in: `user:root@pam:1:0::::::`. A node of the lab has none until someone writes one.
sub cfs_read_file {
    my ($name) = @_;
    my %users;
    open(my $handle, '<', "/etc/pve/$name") or return { users => {} };
    while (my $line = <$handle>) {
        my ($user, $enable) = $line =~ /^user:([^:]+):(\d?):/ or next;
        $users{$user} = { enable => $enable };
    }
    return { users => \%users };
}

1;
