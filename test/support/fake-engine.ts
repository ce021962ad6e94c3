import type { RunnerApp } from './runner-app.js';

/** Its socket is there once it listens: before that it refuses who comes. */
const SERVER = `use IO::Socket::UNIX;
my ($path, $folder) = @ARGV;
my $listening = IO::Socket::UNIX->new(Local => "$path.new", Listen => 5);
rename "$path.new", $path;
while (my $client = $listening->accept) {
  sysread($client, my $asked, 65536);
  open(my $log, '>>', "$folder/asked"); print $log "$asked\\n"; close $log;
  my ($of) = $asked =~ m{^[A-Z]+ ([^ ?]+)};
  my ($name) = $of =~ m{^/containers/(\\w+)};
  (my $file = $of) =~ tr{/}{_};
  my $text = qq(HTTP/1.0 404 Not Found\\r\\n\\r\\n{"message":"No such container: $name"}\\n);
  if (open(my $said, '<', "$folder/$file")) { $text = do { local $/; <$said> } }
  sleep 3 if $text eq 'silent';
  syswrite $client, $text;
}
`;

/** As the engine says it over HTTP/1.0. */
export const answer = (status: string, said: unknown): string =>
  `HTTP/1.0 ${status}\r\nA: b\r\n\r\n${typeof said === 'string' ? said : `${JSON.stringify(said)}\n`}`;

/**
 * Runs a script of the runner beside an engine of Docker that says what it is told to.
 * @param answers by path, without what is asked for behind a question mark: a whole answer, or `silent`. Where there is none nothing is known.
 * @returns the lines that the script printed. What the engine was asked is in `$base/engine/asked` while it runs.
 */
export function besideEngine(
  app: RunnerApp,
  answers: Readonly<Record<string, string>>,
  script: string,
): readonly string[] {
  app.write('engine.pl', SERVER);
  for (const [path, text] of Object.entries(answers)) app.write(`engine/${path.replaceAll('/', '_')}`, text);
  return app.run(`engine_socket=$base/socket
mkdir -p "$base/engine"
perl "$base/engine.pl" "$engine_socket" "$base/engine" &
serving=$!
until [ -S "$engine_socket" ]; do sleep 0.05; done
engine_near() { :; }
${script}
kill $serving`).lines;
}
