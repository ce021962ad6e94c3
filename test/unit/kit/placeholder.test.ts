import { describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../../plugins/kit/src/placeholder.js';

describe('isPlaceholder', () => {
  it.each([
    ...[
      'CHANGE_ME',
      'changeme',
      'change-me-please',
      'change_this',
      'your_api_key_here',
      'YOUR-SECRET',
      'your password',
    ],
    ...['<password>', '${SECRET}', '{{ vault.x }}', 'xxxx', '...', 'TODO', 'replace_me', 'insert_your_token_here'],
    ...['my_secret_here', 'please-change-me', ' CHANGE_ME '],
  ])('knows %j', (value) => expect(isPlaceholder(value)).toBe(true));

  it.each([
    'hunter2',
    'changes-everything',
    'yourself',
    'a<b>c',
    's3cret',
    'xx',
    'sk-proj-abcXXXXdef',
    'todoist-key-1',
  ])('takes %j for a value', (value) => expect(isPlaceholder(value)).toBe(false));
});
