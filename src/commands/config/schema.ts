import { exits, resultOf } from '@zebu/kit';
import { pagerFlag, ZebuCommand } from '@zebu/kit/command';

export default class ConfigSchema extends ZebuCommand<Record<string, unknown>> {
  static override result = resultOf<Record<string, unknown>>(
    1,
    async () => (await import('../../lib/config/results.js')).jsonSchema,
  );
  static override exits = exits([]);
  static override summary = 'Print the JSON Schema of zebu.yml, for editors.';
  static override examples = ['<%= config.bin %> config:schema > zebu.schema.json'];
  static override flags = { ...pagerFlag };

  async execute(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ConfigSchema);
    this.page(flags);
    const { configJsonSchema } = await import('../../lib/config/json-schema.js');
    const { installedTransports } = await import('../../lib/providers/installed.js');
    const { declared } = await installedTransports(this.config);
    const schema = configJsonSchema(declared);
    this.io.out(JSON.stringify(schema, null, 2));
    return schema;
  }
}
