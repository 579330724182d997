// Everything memsync offers over the protocol, called once each in an order in which every call has
// something to work on. No hub: the workspace is local.

import assert from 'node:assert/strict';

/**
 * Calls every tool through `call(name, arguments)`, which answers the tool's result, and returns the names
 * called and the document made.
 */
export async function exercise_tools(call) {
  const called = new Set();
  const answer_of = async (name, args = {}) => {
    called.add(name);
    const result = await call(name, args);
    assert.ok(!result.isError, `${name} failed: ${JSON.stringify(result.content)}`);
    const has_text = result.content.some(({ type, text }) => type === 'text' && text.length > 0);
    assert.ok(has_text, `${name} has text`);
    assert.equal(typeof result.structuredContent, 'object', `${name} has structured content`);
    return result.structuredContent;
  };
  await answer_of('use_workspace');
  const memory = await answer_of('remember', {
    title: 'Cold starts wait for the index',
    content: 'Opening the store rebuilt the index; it is now filled in slices.',
    type: 'solution',
    tags: ['startup', 'index'],
    importance: 0.8,
    context: { file: 'src/replica/search_index.cpp' },
  });
  const { document, version } = await answer_of('edit_document', {
    title: 'Release plan',
    operations: [
      { op: 'create', ref: 'first', title: 'Measure cold starts', type: 'task' },
      { op: 'create', title: 'Write the notes', parent: 'first' },
      { op: 'comment', node: 'first', text: 'On two machines.' },
      { op: 'relate', from: 'first', to: memory.id, type: 'DEPENDS_ON' },
      { op: 'complete', node: 'first' },
    ],
  });
  assert.ok(version, 'an edit says which version it made');
  const read = await answer_of('read_document', { document: document.id, view: 'full' });
  assert.match(JSON.stringify(read), /Measure cold starts/);
  const found = await answer_of('search_memories', { query: 'cold start index' });
  assert.ok(found.results.some(({ id }) => id === memory.id), 'what was remembered is found');
  const listed = await answer_of('list_documents');
  assert.ok(listed.documents.some(({ title }) => title === 'Release plan'));
  await answer_of('is_document_dirty', { document: 'Release plan' });
  await answer_of('get_pending_operations');
  const { changes } = await answer_of('get_history', { document: document.id });
  const completion = changes.find(({ op }) => op === 'complete') ?? changes[0];
  await answer_of('revert_change', { change: completion.id });
  await answer_of('save_document', { document: document.id, wait_seconds: 0 });
  await answer_of('sync_changes', { wait_seconds: 0 });
  await answer_of('resolve_conflict');
  await answer_of('team_activity');
  await answer_of('get_sync_status');
  return { called, document };
}

/** Arguments for every prompt, by its own declaration. */
export function prompt_arguments(prompt, document) {
  const values = { document: document.id, since: '2h' };
  return Object.fromEntries((prompt.arguments ?? []).map(({ name }) => [name, values[name]]));
}

/** A URI for a template, about the workspace of a listed resource. */
export function fill_template(uri_template, resources, document) {
  const workspace = new URL(resources.find(({ uri }) => uri.endsWith('/activity')).uri).host;
  return uri_template.replace('{workspace}', workspace).replace('{id}', document.id);
}

export const names_of = (items) => items.map(({ name }) => name).sort();
