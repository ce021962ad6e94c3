package Crypt::OpenSSL::RSA;

# Of the module that a node signs with: what a ticket needs of it, through the program of the same library.

use strict;
use warnings;

use File::Temp;

sub new_private_key {
    my ($class, $pem) = @_;
    die "unrecognized key format\n" if $pem !~ /^-----BEGIN (?:RSA )?PRIVATE KEY-----/;
    my $file = File::Temp->new();
    print $file $pem;
    close($file);
    return bless({ file => $file }, $class);
}

sub openssl {
    my ($self, $input, @words) = @_;
    my $data = File::Temp->new();
    print $data $input;
    close($data);
    open(my $program, '-|', 'openssl', @words, "$self->{file}", ($input eq '' ? () : "$data")) or die "openssl: $!\n";
    binmode($program);
    local $/;
    my $output = <$program>;
    close($program) or die "openssl failed\n";
    return $output;
}

sub get_public_key_x509_string {
    my ($self) = @_;
    return $self->openssl('', 'pkey', '-pubout', '-in');
}

sub sign {
    my ($self, $text) = @_;
    return $self->openssl($text, 'dgst', '-sha256', '-sign');
}

1;
