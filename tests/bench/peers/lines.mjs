// What the peers' programs share: one JSON request per line on stdin, one answer per line on stdout, as
// floor.mjs does: {id, method, params} -> {id, result}.

import readline from 'node:readline';

export function serve_lines(methods) {
  readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const { id, method, params } = JSON.parse(line);
    const result = await methods[method](params ?? {});
    process.stdout.write(`${JSON.stringify({ id, result: result ?? {} })}\n`);
  }).on('close', () => process.exit(0));
}

/// A hub says when it listens, and ends with its input.
export function serve_hub(server, port) {
  server.listen(port, '127.0.0.1', () => console.log('listening'));
  process.stdin.on('end', () => process.exit(0)).resume();
}
