export { qemuLab as default } from './shared-lab.js';
