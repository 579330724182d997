// node mcp_official_conflict.mjs MEMSYNC MEMSYNC_HUB
//
// A real conflict of two teammates is settled by the form that `memsync mcp` asks for: with mcpdo of the
// official inspector and with the official client libraries, in both eras.

import assert from 'node:assert/strict';
import test from 'node:test';

import { make_environment, make_temporary_folder, program, run_node } from './mcp_official.mjs';
import { client_kinds, connect } from './mcp_official_clients.mjs';
import { invite, make_conflict, make_person, start_hub, title_of } from './mcp_official_team.mjs';

const [memsync, memsync_hub] = process.argv.slice(2);
const hub = await start_hub(memsync_hub);
const ana = make_person(memsync, hub, hub.token);
let people = 0;
const new_ben = () => invite(memsync, hub, `Ben${++people}`);

/** A session of mcpdo with a daemon of its own, which the test `t` ends. */
async function open_mcpdo(t, person, era) {
  const env = make_environment({ HOME: make_temporary_folder() });
  const run = async (...args) => {
    const { status, stdout, stderr } = await run_node([...program('mcpdo'), ...args], { env });
    assert.equal(status, 0, `mcpdo ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
    return stdout;
  };
  const shell = await run('private');
  for (const [, name, value] of shell.matchAll(/export (\w+)='([^']*)'/g)) env[name] = value;
  t.after(() => run('daemon', 'stop'));
  const variables = Object.entries(person.variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const target = [...variables, memsync, 'mcp'];
  await run('--connection', 'ben', 'connect', '--era', era, '--elicit', 'form', ...target);
  return async (...args) => JSON.parse(await run('--format', 'json', '--connection', 'ben', ...args));
}

const document_of = (title) => JSON.stringify({ document: `Notes on ${title}` });

for (const era of ['legacy', 'modern']) {
  test(`${era}: mcpdo settles a conflict by the form of a save`, async (t) => {
    const ben = await new_ben();
    const title = `Pool size ${era}`;
    const id = make_conflict(ana, ben, title);
    const mcpdo = await open_mcpdo(t, ben, era);
    const asked = await mcpdo('tools/call', 'save_document', document_of(title));
    const text = JSON.stringify(asked);
    for (const part of [`${title} by Ana`, `${title} by Ben`, 'Keep ours', 'Keep theirs', 'Decide later'])
      assert.ok(text.includes(part), `the form says ${part}: ${text}`);
    const { elicitationId } = asked.elicitationPending;
    const settled = await mcpdo('elicitation/respond', elicitationId, 'resolution:=keep_local');
    assert.match(JSON.stringify(settled), /settled with keep_local/);
    assert.equal(title_of(ana, id), `${title} by Ben`);
  });

  test(`${era}: declining in mcpdo leaves the conflict open and names the call`, async (t) => {
    const ben = await new_ben();
    const title = `Timeout ${era}`;
    const id = make_conflict(ana, ben, title);
    const mcpdo = await open_mcpdo(t, ben, era);
    const asked = await mcpdo('tools/call', 'save_document', document_of(title));
    const declined = await mcpdo('elicitation/respond', asked.elicitationPending.elicitationId, '--decline');
    assert.match(JSON.stringify(declined), /resolve_conflict/);
    assert.equal(title_of(ana, id), `${title} by Ana`);
    const { conflicts } = ana.call('resolve_conflict', {});
    assert.ok(conflicts.some((conflict) => conflict.title === `${title} by Ana`));
  });
}

for (const kind of Object.keys(client_kinds)) {
  test(`${kind}: a form settles a conflict`, async (t) => {
    const ben = await new_ben();
    const title = `Retries, ${kind}`;
    const id = make_conflict(ana, ben, title);
    const asked = [];
    const answer_form = async (request) => {
      asked.push(request.params.message);
      return { action: 'accept', content: { resolution: 'keep_server' } };
    };
    const handlers = { 'elicitation/create': answer_form };
    const client = await connect(t, kind, [memsync, 'mcp'], ben.variables, handlers);
    const args = { name: 'save_document', arguments: { document: `Notes on ${title}` } };
    const { structuredContent: saved } = await client.callTool(args);
    assert.equal(asked.length, 1);
    assert.match(saved.message, /settled with keep_server/);
    assert.deepEqual(saved.conflicts, []);
    assert.equal(title_of(ana, id), `${title} by Ana`);
    const again = await client.callTool(args);
    assert.equal(asked.length, 1, 'nobody is asked about a settled conflict');
    assert.equal(again.structuredContent.acknowledged, true);
  });

  test(`${kind}: a client without forms is told which call settles it`, async (t) => {
    const ben = await new_ben();
    const title = `Backoff, ${kind}`;
    make_conflict(ana, ben, title);
    const client = await connect(t, kind, [memsync, 'mcp'], ben.variables);
    const args = { name: 'save_document', arguments: { document: `Notes on ${title}` } };
    const { structuredContent: saved } = await client.callTool(args);
    assert.equal(saved.conflicts.length, 1);
    assert.match(saved.message, /resolve_conflict/);
  });
}
