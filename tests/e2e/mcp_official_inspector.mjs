// node mcp_official_inspector.mjs COMMAND [ARGUMENT...]
//
// The official inspector's command line lists and calls everything `memsync mcp` offers, in both
// eras. Every command is a session of its own, as a shell script would use it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { make_environment, make_temporary_folder, program, run_node } from './mcp_official.mjs';
import { exercise_tools, fill_template, names_of, prompt_arguments } from './mcp_official_surface.mjs';

const command = process.argv.slice(2);

/** Runs one method and returns its parsed result; `options` are the inspector's. */
async function inspect(era, folder, method, ...options) {
  const args = [...program('mcp-inspector'), '--cli', '-q', ...command, '--method', method];
  args.push('--protocol-era', era, '-e', `MEMSYNC_HOME=${folder}/memory`, ...options);
  const { status, stdout, stderr } = await run_node(args, { env: make_environment({ HOME: folder }) });
  assert.equal(status, 0, `${method} ${options.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

for (const era of ['legacy', 'modern', 'auto']) {
  test(`${era}: the tools pass --strict`, async () => {
    const { tools } = await inspect(era, make_temporary_folder(), 'tools/list', '--strict');
    assert.ok(tools.length > 0);
  });
}

for (const era of ['legacy', 'modern']) {
  test(`${era}: every tool, resource, template and prompt`, async () => {
    const folder = make_temporary_folder();
    const { tools } = await inspect(era, folder, 'tools/list');
    const call = (name, args) =>
      inspect(era, folder, 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args));
    const { called, document } = await exercise_tools(call);
    assert.deepEqual([...called].sort(), names_of(tools));

    const { resources } = await inspect(era, folder, 'resources/list');
    const { resourceTemplates: templates } = await inspect(era, folder, 'resources/templates/list');
    const filled = templates.map(({ uriTemplate }) => fill_template(uriTemplate, resources, document));
    for (const uri of [...resources.map((resource) => resource.uri), ...filled]) {
      const { contents } = await inspect(era, folder, 'resources/read', '--uri', uri);
      assert.ok(contents.length > 0 && contents.every(({ text }) => text.length > 0), uri);
    }

    const { prompts } = await inspect(era, folder, 'prompts/list');
    for (const prompt of prompts) {
      const options = ['--prompt-name', prompt.name];
      const pairs = Object.entries(prompt_arguments(prompt, document));
      if (pairs.length > 0) options.push('--prompt-args', ...pairs.map((pair) => pair.join('=')));
      const { messages } = await inspect(era, folder, 'prompts/get', ...options);
      assert.ok(messages.length > 0, prompt.name);
    }
  });
}
