import { describe, expect, it } from 'vitest';
import { eagerly, lazily } from '../../../scripts/lazily.js';

const SOURCE = `const node_fs_1 = require("node:fs");
const x_1 = __importDefault(require("./x"));
exports.Errors = __importStar(require("./errors"));
const wordwrap = require('wordwrap');
function read() {
    return node_fs_1.readFileSync(x_1.default, wordwrap, require('late'));
}
`;

describe('what a library requires at once', () => {
  it('is required when it is used, or read', () => {
    const { text, deferred } = lazily(SOURCE);
    expect(deferred).toBe(3);
    expect(text).toContain('return (node_fs_1$get()).readFileSync((x_1$get()).default, wordwrap');
    const loaded: string[] = [];
    const require = (name: string) => {
      loaded.push(name);
      return { readFileSync: () => 'read', default: 'x' };
    };
    // The text is a module of CommonJS.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function('require', 'exports', '__importDefault', '__importStar', `${text}; return read;`) as (
      ...given: readonly unknown[]
    ) => () => string;
    const same = (module: unknown): unknown => module;
    const read = run(require, {}, same, same);
    expect(loaded).toEqual(['wordwrap']);
    expect(read()).toBe('read');
    expect(loaded).toEqual(['wordwrap', 'node:fs', './x', 'late']);
  });

  it('is told where it is written in another way', () => {
    expect(eagerly(lazily(SOURCE).text)).toEqual(['wordwrap']);
    expect(eagerly(lazily('const { a } = require("./other");').text)).toEqual(['./other']);
  });
});
