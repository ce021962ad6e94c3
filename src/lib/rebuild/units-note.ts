/** In the app's folder of the new machine: units that are to be enabled once it serves. */
export const UNITS_NOTE = 'rebuild-units';
