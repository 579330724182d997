// node mcp_official_sdk_fixture.mjs COMMAND [ARGUMENT...]
//
// The official client libraries against the fixture server: what memsync's own tools do not show.

import assert from 'node:assert/strict';
import test from 'node:test';

import { client_kinds, connect } from './mcp_official_clients.mjs';

const command = process.argv.slice(2);
const first_text = (result) => result.content[0].text;
const accept = (content) => async () => ({ action: 'accept', content });

for (const [kind, { era }] of Object.entries(client_kinds)) {
  test(`${kind}: every kind of content arrives`, async (t) => {
    const client = await connect(t, kind, command);
    const types = async (name) => {
      const { content } = await client.callTool({ name, arguments: {} });
      return content.map(({ type }) => type);
    };
    assert.deepEqual(await types('test_simple_text'), ['text']);
    assert.deepEqual(await types('test_audio_content'), ['audio']);
    assert.deepEqual(await types('test_multiple_content_types'), ['text', 'image', 'resource']);
    assert.equal((await client.callTool({ name: 'test_error_handling', arguments: {} })).isError, true);
    const image = await client.readResource({ uri: 'test://static-binary' });
    assert.equal(Buffer.from(image.contents[0].blob, 'base64').subarray(1, 4).toString(), 'PNG');
    const prompt = await client.getPrompt({ name: 'test_prompt_with_image' });
    assert.equal(prompt.messages[0].content.type, 'image');
    const completed = await client.complete({
      ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
      argument: { name: 'arg1', value: 'par' },
    });
    assert.deepEqual(completed.completion.values, ['paris', 'park', 'party']);
  });

  test(`${kind}: a form is filled in by the client`, async (t) => {
    const name = era === 'legacy' ? 'test_elicitation' : 'test_input_required_result_elicitation';
    const content = era === 'legacy' ? { username: 'ada', email: 'ada@example.com' } : { name: 'ada' };
    const client = await connect(t, kind, command, {}, { 'elicitation/create': accept(content) });
    assert.match(first_text(await client.callTool({ name, arguments: { message: 'Who?' } })), /"ada"/);
  });

  test(`${kind}: unknown tools, prompts and resources are errors of the protocol`, async (t) => {
    const client = await connect(t, kind, command);
    await assert.rejects(client.callTool({ name: 'none', arguments: {} }), { code: -32602 });
    await assert.rejects(client.getPrompt({ name: 'none' }), { code: -32602 });
    // The newer library gives legacy servers' -32002 as -32602 too.
    await assert.rejects(client.readResource({ uri: 'test://none' }), /not found/i);
  });
}

test('client 2.4.0, auto: a question in two rounds keeps its state', async (t) => {
  const answers = { name: 'ada', color: 'blue' };
  const handlers = {
    'elicitation/create': async ({ params }) => {
      const [field] = Object.keys(params.requestedSchema.properties);
      return { action: 'accept', content: { [field]: answers[field] } };
    },
  };
  const client = await connect(t, 'client 2.4.0, auto', command, {}, handlers);
  const result = await client.callTool({ name: 'test_input_required_result_multi_round', arguments: {} });
  assert.match(first_text(result), /ada.*blue/);
});

test('client 2.4.0, auto: a subscription hears that the tools have changed', async (t) => {
  const client = await connect(t, 'client 2.4.0, auto', command);
  const heard = new Promise((resolve) => {
    client.setNotificationHandler('notifications/tools/list_changed', resolve);
  });
  const subscription = await client.listen({ toolsListChanged: true });
  await client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
  await heard;
  await subscription.close();
});
