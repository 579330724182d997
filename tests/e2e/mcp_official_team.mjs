// A hub and people with homes of their own, for tests that need teammates.

import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';

import { make_environment, make_temporary_folder } from './mcp_official.mjs';

function run(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000, ...options });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

/** Starts a hub of a team whose owner is Ana; it ends with the process. */
export async function start_hub(memsync_hub) {
  const folder = make_temporary_folder();
  const env = make_environment({ HOME: folder });
  const data = path.join(folder, 'hub');
  const hub_command = (...args) => JSON.parse(run(memsync_hub, [...args, '--data', data, '--json'], { env }));
  const owner = ['--owner-email', 'ana@example.org', '--owner-name', 'Ana'];
  const made = hub_command('init', ...owner, '--team', 'Team');
  const process_args = ['serve', '--json', '--data', data, '--listen', '127.0.0.1:0'];
  const child = spawn(memsync_hub, process_args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const lines = readline.createInterface({ input: child.stdout });
  const announced = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`the hub ended with ${code}`)));
  });
  child.unref();
  child.stdout.unref();
  return { url: announced.url, token: made.token, team: made.workspace, command: hub_command };
}

/** Someone with an account on the hub and a home; `call` runs one tool in a process of its own. */
export function make_person(memsync, hub, token) {
  const folder = make_temporary_folder();
  const variables = { HOME: folder, MEMSYNC_HOME: path.join(folder, 'memory'), MEMSYNC_WORKSPACE: hub.team };
  const env = make_environment(variables);
  const command = (args, input = '') => run(memsync, args, { env, cwd: folder, input });
  // Before it this machine does not know the team's workspace, and nothing may name it.
  const { MEMSYNC_WORKSPACE, ...nameless } = env;
  const login = ['login', '--hub', hub.url, '--token', '-'];
  run(memsync, login, { env: nameless, cwd: folder, input: `${token}\n` });
  return {
    folder,
    variables,
    call: (tool, args) => JSON.parse(command(['call', tool, JSON.stringify(args)])),
    sync: () => command(['sync']),
  };
}

/** A new member of the team. */
export async function invite(memsync, hub, name) {
  const email = `${name.toLowerCase()}@example.org`;
  const { token } = hub.command('invite', '--workspace', hub.team, '--email', email);
  const answer = await fetch(`${hub.url}/api/v1/invitations/${token}/accept`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  return make_person(memsync, hub, (await answer.json()).token);
}

/**
 * Lets Ana and Ben change one title at once; Ben's change says `manual` and is not sent yet, so that his next
 * save meets the conflict. Returns the memory's id.
 */
export function make_conflict(ana, ben, title) {
  const { id } = ana.call('remember', { title, content: 'x', document: `Notes on ${title}` });
  ana.sync();
  ben.sync();
  const update = (suffix) => ({ operations: [{ op: 'update', node: id, title: `${title} by ${suffix}` }] });
  ana.call('edit_document', update('Ana'));
  ana.sync();
  ben.call('edit_document', { ...update('Ben'), strategy: 'manual' });
  return id;
}

/** The title as somebody's replica shows it after a sync. */
export function title_of(person, id) {
  person.sync();
  return person.call('read_document', { nodes: [id] }).nodes[0].title;
}
