// PouchDB: each replica a database in LevelDB, the hub express-pouchdb on databases in LevelDB, live
// replication in both directions.
//
//   node pouchdb.mjs hub FOLDER PORT
//   node pouchdb.mjs replica FOLDER

import { mkdirSync } from 'node:fs';
import http from 'node:http';
import express from 'express';
import express_pouchdb from 'express-pouchdb';
import PouchDB from 'pouchdb';

import { serve_hub, serve_lines } from './lines.mjs';

const [role, folder, port] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

function run_hub() {
  const app = express();
  const Stored = PouchDB.defaults({ prefix: `${folder}/` });
  app.use('/', express_pouchdb(Stored, {
    mode: 'minimumForPouchDB',
    inMemoryConfig: true,
    logPath: `${folder}/log.txt`,
  }));
  serve_hub(http.createServer(app), Number(port));
}

function run_replica() {
  const database = new PouchDB(`${folder}/replica`);
  let is_quiet = false; // both directions say that there is nothing left to do
  const to_document = ({ id, ...fields }) => ({ _id: id, ...fields });
  serve_lines({
    connect({ url }) {
      const quiet = { push: false, pull: false };
      const note = (direction, value) => {
        quiet[direction] = value;
        is_quiet = quiet.push && quiet.pull;
      };
      const sync = database.sync(`${url}/memories`, { live: true, retry: true, batch_size: 1000 });
      for (const direction of ['push', 'pull']) {
        sync[direction].on('active', () => note(direction, false));
        sync[direction].on('paused', (error) => note(direction, !error));
      }
    },
    remember: (row) => database.put(to_document(row)),
    load: ({ rows }) => database.bulkDocs(rows.map(to_document)),
    has: ({ id }) => database.get(id).then(() => ({ found: true }), () => ({ found: false })),
    state: async () => ({ memories: (await database.info()).doc_count, is_quiet }),
  });
}

if (role === 'hub') run_hub();
else run_replica();
