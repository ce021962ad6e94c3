# The key of an HMAC in the file $ARGV[0], 64 bytes at most, as it goes before the text: each byte with that of $ARGV[1] (54 inside, 92
# outside) in it, and as many of those as there are bytes left.

open(my $file, '<', $ARGV[0]) or exit 1;
binmode $file;
binmode STDOUT;
my $key = do { local $/; <$file> };
$key = '' unless defined $key;
print(($key . ("\0" x (64 - length $key))) ^ (chr($ARGV[1]) x 64));
