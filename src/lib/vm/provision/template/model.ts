import type { CopyNote } from '../../../temporary/note.js';
import type { Vmid } from '../../../proxmox/ids.js';
import type { DesiredVm } from '../../desired.js';
import type { PlannedCall, VmPlan } from '../../plan.js';

/** What a VM is cloned from. Filled in as it becomes known: of a template that has to be made first, what is in it. */
export interface TemplateUse {
  readonly vmid: number;
  name: string;
  /** It was not there, and is made first. */
  readonly made: boolean;
  /** The clone holds only what differs from it; null until Proxmox was asked whether the storage can do that. */
  linked: boolean | null;
}

/** A template that is to be made: a VM of its own, which is made like any other, emptied of what is its own, and converted. */
export interface TemplateBuild {
  readonly kind: 'build';
  readonly key: string;
  readonly plan: VmPlan;
  readonly desired: DesiredVm;
  readonly note: CopyNote;
  /** Keeps the id of the VM that is to be cloned, which would be the next free one for minutes: an empty VM. */
  readonly hold: PlannedCall;
  readonly held: Vmid;
  readonly use: TemplateUse;
}

/** The clone, up to where it is given what makes it the VM that is wanted. */
export interface TemplateClone {
  readonly kind: 'clone';
  /** Of the VM that is wanted, for that nobody has made it meanwhile. */
  readonly tags: string;
  readonly note: CopyNote;
  readonly use: TemplateUse;
}

/** From then on the clone is the VM that is wanted, whoever finds it. */
interface TemplateAdoption {
  readonly kind: 'adopt';
}

export type TemplateStep = TemplateAdoption | TemplateBuild | TemplateClone;
