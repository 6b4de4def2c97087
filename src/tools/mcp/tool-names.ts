/** What the wires take for a tool's name. */
const LONGEST = 64;
const LONGEST_SERVER = 24;

/** `mcp__<server>__` for each server: no two are the same, and none begins like another. */
export function toolPrefixes(servers: Iterable<string>): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    [...servers].map((server) => {
      // A single underscore at most, so that the two of the separator are told apart.
      const plain = server.replace(/[^A-Za-z0-9-]+/g, '_').replace(/^_|_$/g, '');
      const name = numbered(plain || 'server', LONGEST_SERVER, taken);
      return [server, `mcp__${name}__`];
    }),
  );
}

/** The names that models see, in the order of the tools: of the characters all wires take, 64 at most, each once. */
export function toolNames(prefix: string, tools: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return tools.map(
    (tool) => prefix + numbered(tool.replace(/[^A-Za-z0-9_-]/g, '_') || 'tool', LONGEST - prefix.length, taken),
  );
}

function numbered(name: string, longest: number, taken: Set<string>): string {
  let unique = name.slice(0, longest);
  for (let count = 2; taken.has(unique); count += 1) {
    const number = `_${count}`;
    unique = name.slice(0, longest - number.length) + number;
  }
  taken.add(unique);
  return unique;
}
