import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A mail server that takes everything, from those who log in as it wants. */
export class MailServer {
  /** Messages, headers and all, as they were sent. */
  readonly mails: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param host address it listens at @param user and its password, who may send */
  static async make(host: string, user: string, password: string): Promise<MailServer> {
    const login = Buffer.from(`\0${user}\0${password}`).toString('base64');
    const talk = (socket: Socket): void => {
      const say = (line: string): void => void socket.write(`${line}\r\n`);
      let held = '';
      let mail: string[] | undefined;
      let known = false;
      const hear = (line: string): void => {
        if (mail !== undefined) {
          if (line !== '.') mail.push(line.replace(/^\./, ''));
          else {
            server.mails.push(mail.join('\n'));
            mail = undefined;
            say('250 taken');
          }
          return;
        }
        const [verb = ''] = line.toUpperCase().split(' ');
        if (verb === 'EHLO') socket.write('250-test\r\n250 AUTH PLAIN\r\n');
        else if (verb === 'AUTH') {
          known = line === `AUTH PLAIN ${login}`;
          say(known ? '235 welcome' : '535 who are you');
        } else if (verb === 'QUIT') socket.end('221 bye\r\n');
        else if (verb === 'DATA' && known) {
          mail = [];
          say('354 go on');
        } else say(known || verb === 'RSET' ? '250 well' : '530 log in first');
      };
      socket.on('data', (chunk: Buffer) => {
        held += chunk.toString('utf8');
        const lines = held.split('\r\n');
        held = lines.pop() ?? '';
        for (const line of lines) hear(line);
      });
      socket.on('error', () => socket.destroy());
      say('220 test ESMTP');
    };
    const net = createServer(talk);
    const server = new MailServer(net);
    await new Promise<void>((done) => net.listen(0, host, done));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}
