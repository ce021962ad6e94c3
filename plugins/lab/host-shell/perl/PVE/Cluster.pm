package PVE::Cluster;

# Of a node's own Perl: what has to be called before PVE::AccessControl knows anything.

use strict;
use warnings;

our $updated = 0;

sub cfs_update {
    $updated = 1;
}

1;
