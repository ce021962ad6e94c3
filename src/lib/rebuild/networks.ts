import * as z from 'zod';

/** A network of Docker that is not the app's own, as `docker network inspect` says. */
export const network = z.object({
  Name: z.string(),
  Driver: z.string(),
  Internal: z.boolean().default(false),
  EnableIPv6: z.boolean().default(false),
  Attachable: z.boolean().default(false),
  Options: z.record(z.string(), z.string()).nullable().default({}),
  Labels: z.record(z.string(), z.string()).nullable().default({}),
  IPAM: z.object({
    Driver: z.string(),
    Options: z.record(z.string(), z.string()).nullable().default({}),
    Config: z
      .array(
        z.object({
          Subnet: z.string(),
          Gateway: z.string().optional(),
          IPRange: z.string().optional(),
          AuxiliaryAddresses: z.record(z.string(), z.string()).nullable().optional(),
        }),
      )
      .nullable()
      .default([]),
  }),
});
export type Network = z.infer<typeof network>;

/** Why it cannot be made in another machine as it is, and what to do; undefined where it can. */
export function unmovable({ Name, Driver, IPAM }: Network): readonly [message: string, hint: string] | undefined {
  const hint = 'Describe it in the Compose file, as a network of the app; or make it anew, as a bridge.';
  if (Driver !== 'bridge') return [`The network ${Name}, made by hand, is one of the driver ${Driver}`, hint];
  const named = (IPAM.Config ?? []).some(({ AuxiliaryAddresses }) => Object.keys(AuxiliaryAddresses ?? {}).length > 0);
  if (IPAM.Driver !== 'default' || Object.keys(IPAM.Options ?? {}).length > 0 || named)
    return [`The network ${Name}, made by hand, has its addresses by settings that are not brought over`, hint];
  return undefined;
}

/** What `docker network create` is told. The addresses are those it has, given or not: somebody may know them. */
export function networkOptions({
  Driver,
  Internal,
  EnableIPv6,
  Attachable,
  Options,
  Labels,
  IPAM,
}: Network): readonly string[] {
  const pairs = (flag: string, of: Readonly<Record<string, string>> | null): readonly string[] =>
    Object.entries(of ?? {}).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  return [
    '--driver',
    Driver,
    ...(Internal ? ['--internal'] : []),
    ...(EnableIPv6 ? ['--ipv6'] : []),
    ...(Attachable ? ['--attachable'] : []),
    ...pairs('--opt', Options),
    ...pairs('--label', Labels),
    ...(IPAM.Config ?? []).flatMap(({ Subnet, Gateway, IPRange }) => [
      '--subnet',
      Subnet,
      ...(Gateway === undefined || Gateway === '' ? [] : ['--gateway', Gateway]),
      ...(IPRange === undefined || IPRange === '' ? [] : ['--ip-range', IPRange]),
    ]),
  ];
}
