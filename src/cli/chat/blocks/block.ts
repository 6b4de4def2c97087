import type { Component } from '@earendil-works/pi-tui';
import { clip } from '../safe-text.ts';

/** A piece of the conversation on screen. It is laid out when it changed or the width did, not with every frame. */
export interface Block extends Component {
  /** Lays it out again with the next frame. */
  invalidate(): void;
}

export function createBlock(layout: (width: number) => readonly string[]): Block {
  let laid: { readonly width: number; readonly lines: string[] } | undefined;
  return {
    invalidate() {
      laid = undefined;
    },
    render(width) {
      if (laid?.width !== width) laid = { width, lines: layout(width).map((line) => clip(line, width)) };
      return laid.lines;
    },
  };
}
