export { namespaceLab as default } from './shared-lab.js';
