/** A server of the Model Context Protocol as the operator configured it; every variable is in its place. */
export type McpServer = McpProgram | McpAddress;

interface Named {
  readonly name: string;
  /** The only tools children get of it; absent = all. */
  readonly tools?: readonly string[];
  /** Variables its configuration refers to that are not set: it cannot be used. */
  readonly missing?: readonly string[];
}

/** A program that speaks over its standard input and output. */
export interface McpProgram extends Named {
  readonly command: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** What it gets beside the usual variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** A server that speaks streamable HTTP. */
export interface McpAddress extends Named {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
