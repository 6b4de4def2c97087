import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  const files = (await setUp(context)).files();
  if (context.output.json) context.output.document(files);
  else {
    for (const { file, exists, trusted } of files) {
      context.output.data(
        `${file}${exists ? '' : '  (not there)'}${trusted === false ? '  (not trusted: it may only narrow)' : ''}`,
      );
    }
  }
  return EXIT_OK;
};
