// node mcp_official_sdk.mjs COMMAND [ARGUMENT...]
//
// The official client libraries run the whole surface of `memsync mcp`. They check every structured
// answer against the tool's output schema themselves.

import assert from 'node:assert/strict';
import test from 'node:test';

import { make_temporary_folder } from './mcp_official.mjs';
import { client_kinds, connect } from './mcp_official_clients.mjs';
import { exercise_tools, fill_template, names_of, prompt_arguments } from './mcp_official_surface.mjs';

const command = process.argv.slice(2);

for (const kind of Object.keys(client_kinds)) {
  test(`${kind}: every tool, resource, template and prompt`, async (t) => {
    const client = await connect(t, kind, command, { MEMSYNC_HOME: make_temporary_folder() });
    assert.ok(client.getInstructions().length > 0);
    const { tools } = await client.listTools();
    const call = (name, args) => client.callTool({ name, arguments: args });
    const { called, document } = await exercise_tools(call);
    assert.deepEqual([...called].sort(), names_of(tools));

    const { resources } = await client.listResources();
    const { resourceTemplates: templates } = await client.listResourceTemplates();
    const filled = templates.map(({ uriTemplate }) => fill_template(uriTemplate, resources, document));
    for (const uri of [...resources.map((resource) => resource.uri), ...filled]) {
      const { contents } = await client.readResource({ uri });
      assert.ok(contents.length > 0 && contents.every(({ text }) => text.length > 0), uri);
    }

    const { prompts } = await client.listPrompts();
    for (const prompt of prompts) {
      const args = prompt_arguments(prompt, document);
      const { messages } = await client.getPrompt({ name: prompt.name, arguments: args });
      assert.ok(messages.length > 0, prompt.name);
    }
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'handoff' },
      argument: { name: 'document', value: 'Rel' },
    });
    assert.ok(completion.values.length > 0, 'a document is proposed for a prompt');
  });

  test(`${kind}: a wrong argument is an answer that the model can read`, async (t) => {
    const client = await connect(t, kind, command, { MEMSYNC_HOME: make_temporary_folder() });
    const result = await client.callTool({ name: 'remember', arguments: { titel: 'x' } });
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /title/);
  });
}
