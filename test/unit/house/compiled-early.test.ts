/** What is written so that V8 compiles it with the file means what it meant, and is compiled with the file. */
import { Script } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compiledEarly, importCircle } from '../../../scripts/compiled-early.ts';

/** Every function of a text, as V8's coverage names them. */
function all(text: string): Set<string> {
  const file = ts.createSourceFile('module.js', text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  const found = new Set<string>();
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) found.add(`${node.getStart(file)}-${node.end}`);
    ts.forEachChild(node, look);
  };
  look(file);
  return found;
}

const early = (text: string): string => compiledEarly(text, all(text));

/** What a text makes of `answer`. */
function answer(text: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  return new Function(`"use strict"; ${text}; return answer;`)();
}

const MEANINGS: Readonly<Record<string, string>> = {
  'a function that is called above where it stands':
    'const answer = f(); function f() { return [1, f.name, f.length]; }',
  'one in a function with a directive':
    'function g() { "use strict"; return h(); function h() { return this === undefined; } } const answer = g();',
  'one that takes the place of itself': 'function f() { f = () => 2; return f(); } const answer = f();',
  'one in a block': 'let answer; { function f() { return 3; } answer = f(); }',
  'functions that call each other':
    'function even(n) { return n === 0 || odd(n - 1); } function odd(n) { return n !== 0 && even(n - 1); } const answer = even(10);',
  generators: 'function* f() { yield 1; yield* g(); } function* g() { yield 2; } const answer = [...f()];',
  'names of what is a value':
    'const f = () => 1, g = function () {}, h = { i: () => 2, j() {} }; const answer = [f.name, g.name, h.i.name, h.j.name];',
  'an arrow in what is asked': 'const f = (a) => a?.b ?? ((c) => c); const answer = [f({ b: 1 }), f()(2)];',
  'modules of CommonJS':
    'const m = { "a/b.js"(exports, module) { "use strict"; exports.x = y(); function y() { return 4; } } }; const e = {}; m[Object.keys(m)[0]](e); const answer = [e, Object.values(m)[0].name];',
  methods:
    'class A { n = 2; m(a = 1, ...b) { return [this.n, a, b, arguments.length]; } static s() { return this.name; } } const a = new A(); const answer = [a.m(), a.m(1, 2), A.s(), A.prototype.m.name, A.prototype.m.length, Object.keys(A.prototype), Object.keys(A)];',
  'methods that know what is private':
    'class A { #x = 1; static #y = 2; m() { return this.#z() + A.#y; } #z() { return this.#x; } } const answer = new A().m();',
  'methods of a class below':
    'class A { m() { return 1; } n() { return this.m(); } } class B extends A { m() { return super.m() + 1; } o() { return this.n(); } } const answer = [new B().o(), Object.getOwnPropertyNames(B.prototype)];',
  'a module of CommonJS with a class that asks the one above it':
    'const m = { "a.js"(e) { class A { m() { return 1; } } class B extends A { m() { return super.m() + 1; } } e.x = new B().m(); } }; const answer = {}; m["a.js"](answer);',
  'an object that asks the one above it, for a name or a class':
    'const p = { x: "y", C: class { z() { return 3; } } }; const q = { __proto__: p, "a.js"() { return new (class extends super.C { [super.x]() { return 4; } })(); } }; const answer = [q["a.js"]().y(), q["a.js"]().z()];',
  'a static field that needs a method':
    'class A { static all = new A().m(); static one = A.s(); m() { return 1; } static s() { return 2; } } const answer = [A.all, A.one];',
  accessors:
    'class A { get a() { return 1; } set a(b) {} static get c() { return 2; } } const answer = [new A().a, A.c];',
  'generators of a class':
    'class A { *m() { yield 1; } *[Symbol.iterator]() { yield* this.m(); } } const answer = [...new A()];',
  'a name that a method has, too':
    'const read = () => 1; class A { read() { return read(); } } const answer = new A().read();',
  'where something was thrown':
    'class A { m() { return n(); } } function n() { return new Error("x").stack.split("\\n").slice(1, 3).map((line) => line.trim().split(" ")[1]); } const answer = new A().m();',
};

describe('what is compiled with the file', () => {
  it.each(Object.entries(MEANINGS))('means the same: %s', (_, text) => {
    expect(answer(early(text))).toEqual(answer(text));
  });

  it('waits as it did', async () => {
    const text =
      'class A { async m() { return await f(1); } async *n() { yield 2; } } async function f(a) { return a; } const answer = async () => { const all = [await new A().m()]; for await (const each of new A().n()) all.push(each); return all; }';
    const both = [text, early(text)].map((each) => (answer(each) as () => Promise<unknown>)());
    expect(await both[1]).toEqual(await both[0]);
  });

  it('is left as it stands where it was not called', () => {
    for (const text of Object.values(MEANINGS)) expect(compiledEarly(text, new Set())).toBe(text);
  });

  it.each([
    ['a function', 'function f() { BODY }'],
    ['an arrow', 'const f = () => { BODY };'],
    ['a module', 'const m = { "a.js"(exports) { BODY } };'],
    [
      'a module with a class that asks the one above it',
      'const m = { "a.js"(exports) { class B extends A { m() { super.m(); } } BODY } };',
    ],
    ['a method', 'class A { m() { BODY } }'],
    ['an asynchronous method', 'class A { async m() { BODY } }'],
    ['a method that knows what is private', 'class A { #x; m() { this.#x = 1; BODY } }'],
    ['a function in another', 'function f() { function g() { BODY } g(); }'],
  ])('is in what V8 keeps: %s', (_, form) => {
    const text = form.replace('BODY', `let a = 1; ${'a += g(a); '.repeat(200)}`);
    const kept = (each: string): number => new Script(each).createCachedData().length;
    expect(kept(early(text))).toBeGreaterThan(kept(text) + 2000);
  });
});

describe('a circle of imports', () => {
  const imports = (all: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(all));

  it('is found, in which a function would have to be there before its file has run', () => {
    expect(importCircle(imports({ a: ['b'], b: ['c', 'd'], c: [], d: ['e'], e: ['b'] }))).toEqual(['b', 'd', 'e', 'b']);
  });

  it('is none where two ways lead to a file', () => {
    expect(importCircle(imports({ a: ['b', 'c'], b: ['d'], c: ['d'], d: ['outside'] }))).toBeUndefined();
  });
});
