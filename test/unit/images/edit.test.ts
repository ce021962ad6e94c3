import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../../src/lib/images/commit.js';
import { declaredImages, type Declared } from '../../../src/lib/images/declared.js';
import { applyEdits, diffLines, planEdit, readWishes, type Edit } from '../../../src/lib/images/edit.js';

const declared = (files: Readonly<Record<string, string>>, profiles: readonly string[] = []): Promise<Declared> =>
  declaredImages(Object.keys(files).slice(0, 1), profiles, async (path) => files[path]);
const edit = async (text: string, wish: string): Promise<Edit | undefined> => {
  const [wanted] = readWishes([wish]);
  if (wanted === undefined) throw new Error('no wish');
  const { images } = await declared({ 'compose.yml': text });
  const image = images.find(({ service }) => service === wanted.service);
  if (image === undefined) throw new Error(`no image of ${wanted.service}`);
  return planEdit(image, wanted);
};
const edited = async (text: string, wish: string): Promise<string> => {
  const planned = await edit(text, wish);
  return planned === undefined ? 'nothing' : applyEdits(text, [planned]);
};
const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the tag of an image in a Compose file', () => {
  it('is changed, and not a character else', async () => {
    const text = `# our shop\r\nservices:\r\n    web:   # in front\r\n        image:   "ghcr.io/team/web:1.1"   # pinned\r\n        ports: [ "80:80" ]\r\n\r\n\r\n    db: { image: 'postgres:16', restart: always }\r\n`;
    expect(await edited(text, 'web=1.2')).toBe(text.replace('web:1.1', 'web:1.2'));
    expect(await edited(text, 'db=17-alpine')).toBe(text.replace('postgres:16', 'postgres:17-alpine'));
    expect(await edited(text, 'db=ghcr.io/team/postgres:17')).toBe(
      text.replace('postgres:16', 'ghcr.io/team/postgres:17'),
    );
    expect(await edited(text, 'db=16')).toBe('nothing');
  });

  it('is added where there is none, and a digest of before goes', async () => {
    expect(await edited('services: {web: {image: redis}}', 'web=7')).toBe('services: {web: {image: redis:7}}');
    expect(await edited('services:\n  web:\n    image: r.test:5000/a/b\n', 'web=7')).toContain(
      'image: r.test:5000/a/b:7\n',
    );
    expect(await edited(`services:\n  web:\n    image: redis:6@${DIGEST}\n`, 'web=7')).toContain('image: redis:7\n');
    const bom = '\uFEFFservices:\n  web:\n    image: redis:6\n';
    expect(await edited(bom, 'web=7')).toBe(bom.replace(':6', ':7'));
  });

  it('is changed beside variables, and refused where it is one', async () => {
    const text = 'services:\n  web:\n    image: ${REGISTRY:-r.test:5000}/web:1.1\n';
    expect(await edited(text, 'web=1.2')).toBe(text.replace('1.1', '1.2'));
    await expect(edit(text, 'web=r.test/web:2')).rejects.toThrow(
      'compose.yml:3: the image of web cannot be changed here: its name has the variable REGISTRY in it',
    );
    for (const image of ['redis:${TAG:-6}', 'redis:$TAG', 'redis:6-${TAG}', '${IMAGE}', 'redis:v${TAG:-1.2}'])
      await expect(edit(`services:\n  web:\n    image: ${image}\n`, 'web=7')).rejects.toThrow(
        /^compose\.yml:3: the image of web cannot be changed here: its tag has the variable (TAG|IMAGE) in it$/,
      );
  });

  it('is refused where others would change with it', async () => {
    const refused = async (text: string, why: string): Promise<void> => {
      await expect(edit(text, 'web=7')).rejects.toMatchObject({
        code: 'COMPOSE_INVALID',
        message: expect.stringMatching(
          new RegExp(`^compose\\.yml:\\d+: the image of web cannot be changed here: ${why}`),
        ) as string,
      });
    };
    await refused('x: &i redis:6\nservices:\n  web:\n    image: *i\n', 'it is an alias');
    await refused('services:\n  web:\n    image: &i redis:6\n  db:\n    image: *i\n', 'it has an anchor');
    await refused('x: &b { image: redis:6 }\nservices:\n  web:\n    <<: *b\n', 'it comes from what is merged in');
    await refused(
      'services:\n  web: &w { image: redis:6 }\n  db: *w\n'
        .replace('web: &w', 'db: &w')
        .replace('  db: *w', '  web: *w'),
      'it is an alias',
    );
    await refused('services:\n  web:\n    image: >-\n      redis:6\n', 'it is written in a way');
    await refused('services:\n  web:\n    image: "redis\\x3a6"\n', 'it is written in a way');
  });

  it.each(['web', 'web=', '=1', 'web=a b', 'web=1;2', 'web=a/b:c d', `web=${'1'.repeat(200)}`])(
    'cannot be %j',
    (wish) => {
      expect(() => readWishes([wish])).toThrow(/names no service and tag$/);
    },
  );

  it('is named once for each service', () => {
    expect(() => readWishes(['a=1', 'a=2'])).toThrow('a is there twice');
    expect(() => readWishes([])).toThrow('There is nothing to change');
  });

  it('is shown as a diff, and named in a subject that fits', () => {
    expect(diffLines('a.yml', 'x\nimage: a:1\r\n', 'x\nimage: a:2\r\n')).toEqual([
      ...['--- a.yml', '+++ a.yml', '@@ line 2 @@', '-image: a:1', '+image: a:2'],
    ]);
    const change = { service: 'web', to: `redis:7@${DIGEST}` };
    expect(subjectOf([change])).toBe('Upgrade web to redis:7');
    const many = Array.from({ length: 40 }, (_, index) => ({ service: `service${index}`, to: 'redis:7' }));
    expect(subjectOf(many)).toBe('Upgrade 40 services');
    expect(subjectOf(many.slice(0, 4)).length).toBeLessThanOrEqual(72);
  });
});

describe('the images that are pulled', () => {
  const names = ({ images }: Declared): readonly string[] =>
    images.map(({ service, text, file, line }) => `${service} ${text} ${file}:${line}`);

  it('are those of services that are not built and do run', async () => {
    const text = `services:
  web: { build: . , image: shop/web }
  db: { image: 'postgres:16' }
  tool: { image: 'redis:7', profiles: [tools] }
`;
    expect(names(await declared({ 'c.yml': text }))).toEqual(['db postgres:16 c.yml:3']);
    expect(names(await declared({ 'c.yml': text }, ['tools']))).toHaveLength(2);
  });

  it('are found through include, extends, merges and later files', async () => {
    const files = {
      'c.yml': `include: [sub/more.yml, { path: [other.yml] }]
services:
  web: { extends: { file: sub/base.yml, service: base } }
  own: { extends: web, image: 'own:2' }
  cache: { image: 'redis:8' }
`,
      'sub/more.yml': 'services:\n  db: { image: "postgres:16" }\n  cache: { image: "redis:7" }\n',
      'other.yml': 'x: &b { image: "a:1" }\nservices:\n  merged:\n    <<: *b\n',
      'sub/base.yml': 'services:\n  base:\n    image: nginx:1\n',
    };
    expect(names(await declared(files))).toEqual([
      'db postgres:16 sub/more.yml:2',
      'cache redis:8 c.yml:5',
      'merged a:1 other.yml:4',
      'web nginx:1 sub/base.yml:3',
      'own own:2 c.yml:4',
    ]);
  });

  it('are refused by file and line where the file cannot be read', async () => {
    await expect(declared({ 'c.yml': 'services:\n  web: [\n' })).rejects.toThrow(/^c\.yml:\d+: /);
    await expect(declaredImages(['none.yml'], [], async () => undefined)).rejects.toThrow('There is no none.yml here');
    const circle = { 'c.yml': 'include: [c.yml]\nservices: { a: { extends: a } }\n' };
    expect(names(await declared(circle))).toEqual([]);
  });
});
