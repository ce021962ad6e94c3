/**
 * The contracts as tests. Cases know no test runner:
 * `for (const { name, run } of secretSourceCases(subject)) test(name, run);`
 */
export * from './case.js';
export * from './descriptor.js';
export * from './secrets.js';
export * from './transport.js';
