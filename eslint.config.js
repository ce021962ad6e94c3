import eslint from '@eslint/js';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/', 'node_modules/', 'examples/', 'templates/', 'coverage/', '**/.build/', '.zebu/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['tsconfig.json', 'plugins/*/tsconfig.json', 'test/tsconfig.json'] } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A contract's method is async whether or not this implementation has to wait.
      '@typescript-eslint/require-await': 'off',
      'no-control-regex': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'plugins/*/src/**/*.ts'],
    ignores: ['plugins/lab/src/**'],
    plugins: { regexp },
    rules: {
      // Text comes from anywhere: none of it may take the square of its length.
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
      // Nothing is written that has not been treated: see plugins/kit/src/printable.ts.
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.property.name="write"]:matches([callee.object.name=/^(stdout|stderr)$/], [callee.object.property.name=/^(stdout|stderr)$/])',
          message: 'Streams are written to by io, or by `write` of the kit, which takes what is printable.',
        },
      ],
    },
  },
  { files: ['src/**/*.ts', 'plugins/*/src/**/*.ts'], rules: { 'no-console': 'error' } },
  {
    // The pager hands on what is printable.
    files: ['plugins/kit/src/pager.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' } },
  },
);
