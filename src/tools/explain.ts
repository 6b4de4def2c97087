/** A file system error in words, without the absolute path it carries. */
export function explain(error: unknown, path: string): Error {
  const { code } = error as { readonly code?: string };
  const why = REASONS[code ?? ''] ?? `cannot be used (${code ?? 'unknown reason'}).`;
  return new Error(`"${path}" ${why}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist in the workspace.',
  ENOTDIR: 'does not exist: a part of it is a file, not a folder.',
  EISDIR: 'is a folder; list_files shows what is in it.',
  EACCES: 'is not allowed to this user.',
  EPERM: 'is not allowed to this user.',
  EROFS: 'is on a disk that cannot be written.',
  ENOSPC: 'cannot be written: the disk is full.',
  EDQUOT: 'cannot be written: the disk is full.',
  ENXIO: 'is not a regular file.',
  ELOOP: 'is a symlink that leads nowhere.',
  ENAMETOOLONG: 'is too long for a path.',
  ERR_INVALID_ARG_VALUE: 'is not a path.',
};
