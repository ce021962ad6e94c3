import { resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';

export default class ConfigSchema extends ZebuCommand<Record<string, unknown>> {
  static override result = resultOf<Record<string, unknown>>(
    1,
    async () => (await import('../../lib/config/results.js')).jsonSchema,
  );
  static override summary = 'Print the JSON Schema of zebu.yml, for editors.';
  static override examples = ['<%= config.bin %> config:schema > zebu.schema.json'];

  async execute(): Promise<Record<string, unknown>> {
    await this.parse(ConfigSchema);
    const { configJsonSchema } = await import('../../lib/config/json-schema.js');
    const schema = configJsonSchema();
    this.io.out(JSON.stringify(schema, null, 2));
    return schema;
  }
}
