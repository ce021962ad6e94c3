import { ZebuError } from '@zebu/kit';

/** Bytes. A process cannot be given a variable of 128 KiB; base64 of 60 still fits, with room for its name. */
const LARGEST_VALUE = 60 * 1024;

/** @param where names the place, for the message. @throws CONFIG_INVALID for what no environment can hold */
export function checkValue(name: string, value: string, where: string): void {
  if (value.includes('\0')) {
    throw new ZebuError('CONFIG_INVALID', `${where}: the value of ${name} contains NUL, which no environment can hold`);
  }
  const size = Buffer.byteLength(value);
  if (size > LARGEST_VALUE) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `${where}: the value of ${name} is ${size} bytes; ${LARGEST_VALUE} is the most`,
      {
        hint: 'Keep files of that size in a volume, and only their key here.',
      },
    );
  }
}
