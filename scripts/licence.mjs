// Run by npm in the folder of a plugin before it is packed (`prepack`): each package brings the licence, which the
// repository has once. Readable by any Node, as whoever packs may have an old one.
import { copyFileSync } from 'node:fs';

copyFileSync(new URL('../LICENSE', import.meta.url), 'LICENSE');
