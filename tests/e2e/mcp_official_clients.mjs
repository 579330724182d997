// The official client libraries, connected to a stdio server in each way they can speak to one.

import assert from 'node:assert/strict';

import { load_tool, make_environment } from './mcp_official.mjs';

const old_library = {
  ...load_tool('@modelcontextprotocol/sdk/client/index.js'),
  ...load_tool('@modelcontextprotocol/sdk/client/stdio.js'),
  ...load_tool('@modelcontextprotocol/sdk/types.js'),
};
const new_library = {
  ...load_tool('@modelcontextprotocol/client'),
  ...load_tool('@modelcontextprotocol/client/stdio'),
};
const new_client = (mode) => ({ library: new_library, options: { versionNegotiation: { mode } } });

/** name -> how to connect; `era` is what must come of it. */
export const client_kinds = {
  'sdk 1.32.2': { library: old_library, options: {}, era: 'legacy' },
  'client 2.4.0, legacy': { ...new_client('legacy'), era: 'legacy' },
  'client 2.4.0, auto': { ...new_client('auto'), era: 'modern' },
  'client 2.4.0, pinned to 2026-07-28': { ...new_client({ pin: '2026-07-28' }), era: 'modern' },
};

// The older library names a request by its schema.
const old_schemas = {
  'elicitation/create': old_library.ElicitRequestSchema,
  'sampling/createMessage': old_library.CreateMessageRequestSchema,
};

/**
 * Connects a client of that kind to `command` for the test `t`, which closes it. `handlers` answer the
 * server's questions by method and become the client's capabilities.
 */
export async function connect(t, kind, command, environment, handlers = {}) {
  const { library, options, era } = client_kinds[kind];
  const capabilities = {};
  if (handlers['elicitation/create']) capabilities.elicitation = { form: {} };
  if (handlers['sampling/createMessage']) capabilities.sampling = {};
  const client = new library.Client({ name: 'memsync-test', version: '1' }, { ...options, capabilities });
  for (const [method, handler] of Object.entries(handlers)) {
    client.setRequestHandler(library === old_library ? old_schemas[method] : method, handler);
  }
  const [program, ...args] = command;
  const transport = new library.StdioClientTransport({
    command: program,
    args,
    env: make_environment(environment),
    stderr: 'inherit',
  });
  t.after(() => client.close());
  await client.connect(transport);
  if (library === new_library) assert.equal(client.getProtocolEra(), era);
  return client;
}
