// Yjs: one shared document holds a map of memories whose contents are mergeable texts, as memsync's are. Each
// replica stores its updates in LevelDB (y-leveldb). The hub is y-websocket's server with y-leveldb, or
// Hocuspocus with its database extension on SQLite.
//
//   node yjs.mjs y-websocket|hocuspocus hub FOLDER PORT
//   node yjs.mjs y-websocket|hocuspocus replica FOLDER

import { mkdirSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import WebSocket, { WebSocketServer } from 'ws';

import { serve_hub, serve_lines } from './lines.mjs';

const k_document = 'memories';
const [kind, role, folder, port] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

// Its server is CommonJS and has a Yjs of its own: nothing else may bring a second one into this process.
function run_y_websocket_hub() {
  process.env.YPERSISTENCE = `${folder}/hub`;
  const report = console.info;
  console.info = () => {}; // the line that says it listens comes first
  const { setupWSConnection } = createRequire(import.meta.url)('y-websocket/bin/utils');
  console.info = report;
  const server = http.createServer((request, response) => response.end());
  new WebSocketServer({ server }).on('connection', setupWSConnection);
  serve_hub(server, Number(port));
}

async function run_hocuspocus_hub() {
  const { Server } = await import('@hocuspocus/server');
  const { Database } = await import('@hocuspocus/extension-database');
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(`${folder}/hub.sqlite`);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS document (name TEXT PRIMARY KEY, state BLOB)');
  const find = database.prepare('SELECT state FROM document WHERE name = ?');
  const keep = database.prepare('INSERT OR REPLACE INTO document VALUES (?, ?)');
  const server = new Server({
    quiet: true,
    extensions: [new Database({
      fetch: async ({ documentName }) => find.get(documentName)?.state ?? null,
      store: async ({ documentName, state }) => void keep.run(documentName, state),
    })],
  });
  await server.listen(Number(port));
  console.log('listening');
  process.stdin.on('end', () => process.exit(0)).resume();
}

async function connect_to(url, document, note_synced) {
  if (kind === 'hocuspocus') {
    const { HocuspocusProvider, HocuspocusProviderWebsocket } = await import('@hocuspocus/provider');
    const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });
    const provider = new HocuspocusProvider({ websocketProvider, name: k_document, document });
    provider.on('synced', note_synced);
    provider.attach();
    return () => provider.unsyncedChanges === 0;
  }
  const { WebsocketProvider } = await import('y-websocket');
  const provider = new WebsocketProvider(url, k_document, document, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
  });
  provider.on('sync', note_synced);
  return () => true; // it keeps no account of what the hub has not seen
}

async function run_replica() {
  const Y = await import('yjs');
  const { LeveldbPersistence } = await import('y-leveldb');
  const storage = new LeveldbPersistence(`${folder}/replica`);
  const document = await storage.getYDoc(k_document);
  const memories = document.getMap('memories');
  let stored = Promise.resolve();
  document.on('update', (update) => {
    stored = storage.storeUpdate(k_document, update);
  });
  let is_synced = false;
  let has_sent = () => true;

  function add({ id, title, content }) {
    const memory = new Y.Map();
    memory.set('title', title);
    memory.set('content', new Y.Text(content));
    memories.set(id, memory);
  }

  serve_lines({
    async connect({ url }) {
      has_sent = await connect_to(url.replace('http:', 'ws:'), document, () => { is_synced = true; });
    },
    async remember(row) {
      document.transact(() => add(row));
      await stored;
    },
    async load({ rows }) {
      document.transact(() => rows.forEach(add));
      await stored;
    },
    has: ({ id }) => ({ found: memories.has(id) }),
    state: () => ({ memories: memories.size, is_quiet: is_synced && has_sent() }),
  });
}

if (role === 'replica') await run_replica();
else if (kind === 'hocuspocus') await run_hocuspocus_hub();
else run_y_websocket_hub();
