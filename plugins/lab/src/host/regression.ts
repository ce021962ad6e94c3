/**
 * Methods whose parameters have no `properties`, not even none: from 9.2.7 to 9.2.11 pvesh dies while it is compiled for
 * them. The REST API answers.
 */
const WITHOUT_PROPERTIES = [
  '/access/ticket',
  '/cluster/firewall',
  '/cluster/firewall/macros',
  '/cluster/firewall/options',
  '/cluster/notifications/matcher-field-values',
  '/cluster/qemu/custom-cpu-models',
];

export const isWithoutProperties = (template: string): boolean => WITHOUT_PROPERTIES.includes(template);
