/**
 * Files that hold keys by convention. A child's conversation goes to a provider, and a key belongs to nobody
 * else's provider, so the read tools leave them alone; templates of them are readable.
 */
const SECRET_FILES: readonly RegExp[] = [
  /^\.env$/i,
  /^\.env\.(?!(example|sample|template|dist|defaults)$)/i,
  /^\.(netrc|pgpass|pypirc|git-credentials|htpasswd)$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)$/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx)$/i,
];
const SECRET_FOLDERS: ReadonlySet<string> = new Set(['.ssh', '.aws', '.gnupg', '.kube', '.docker']);

/** By the path relative to the workspace, with forward slashes. */
export function isSecretFile(path: string): boolean {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  if (parts.some((part) => SECRET_FOLDERS.has(part.toLowerCase()))) return true;
  if (name === 'config' && parts.at(-1) === '.git') return true;
  return SECRET_FILES.some((pattern) => pattern.test(name));
}
