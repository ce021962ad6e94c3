/**
 * Keys of zebu.yml that a transport declares, as data: zebu checks them, and makes their variables, the reference and the schema
 * for editors of them, without loading the transport.
 */
interface Key<Type extends string, Value> {
  readonly type: Type;
  /** For the reference, beginning in lower case: zebu writes the transport's id before it. */
  readonly description: string;
  readonly default?: Value;
  /** What the value gives away, which `zebu support` then leaves out. A destination is `[user@]host[:port]`. */
  readonly tells?: 'destination' | 'fingerprint' | 'host' | 'user';
  /** The value says where a credential is, which `zebu support` looks up to take it out of everything. */
  readonly credential?: 'file' | 'variable';
}

export interface StringKey extends Key<'string', string> {
  readonly minLength?: number;
  /** Source of a regular expression. */
  readonly pattern?: string;
  /** What is said of a value that does not match, such as `must be a name`. */
  readonly expected?: string;
}

export interface NumberKey extends Key<'number', number> {
  readonly integer?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

export type BooleanKey = Key<'boolean', boolean>;

/** Text, several times. */
export type ListKey = Key<'array', readonly string[]>;

export type TransportKey = BooleanKey | ListKey | NumberKey | StringKey;

/** By name, as `proxy_jump` of `proxmox.proxy_jump`: lower-case letters, digits and underscores. */
export type TransportKeys = Readonly<Record<string, TransportKey>>;

interface Values {
  readonly array: readonly string[];
  readonly boolean: boolean;
  readonly number: number;
  readonly string: string;
}

/** Keys of the section `proxmox` that are zebu's own. */
export interface CommonSettings {
  readonly host: string;
  readonly port: number;
  readonly node: string;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly task_timeout: number;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The settings that a transport with these keys is handed, as zebu has checked them. */
export type TransportSettings<Keys extends TransportKeys> = Readonly<
  Partial<CommonSettings & { -readonly [Name in keyof Keys]: Values[Keys[Name]['type']] }>
>;
