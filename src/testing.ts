/** Test servers and scripted models, published as `yardmaster/testing`. See docs/testing.md. */
export { createMemoryStore } from './store/memory-store.ts';
export { type ProviderConfig, type ProviderServer, startProvider } from './testing/provider-server.ts';
export { readerModel } from './testing/reader-model.ts';
export type { Reply, ReplyError, ReplyFor, ReplyToolCall } from './testing/reply.ts';
export { type ScriptedTurn, scriptedModel } from './testing/scripted-model.ts';
export type { SeenRequest, SeenToolResult, TestWire } from './testing/seen-request.ts';
export type { ProviderServerOptions } from './testing/server-options.ts';
export { type WireRecord, wireRecord } from './testing/wire-record.ts';
