import type { EditorTheme, MarkdownTheme, SelectListTheme } from '@earendil-works/pi-tui';
import pc from 'picocolors';
import type { Paint } from '../output.ts';

/** How the chat looks. Without colour (`NO_COLOR`) weight, dimness and underline stay: they are no colours. */
export interface Theme {
  readonly paint: Paint;
  readonly editor: EditorTheme;
  readonly list: SelectListTheme;
  readonly markdown: MarkdownTheme;
}

export function createTheme(colours: Paint): Theme {
  const { bold, dim, italic, underline, strikethrough, inverse } = pc.createColors(true);
  const paint: Paint = { ...colours, bold, dim, italic, underline, strikethrough, inverse };
  const list: SelectListTheme = {
    selectedPrefix: paint.cyan,
    selectedText: (text) => bold(paint.cyan(text)),
    description: dim,
    scrollInfo: dim,
    noMatch: dim,
  };
  return {
    paint,
    list,
    editor: { borderColor: dim, selectList: list },
    markdown: {
      heading: (text) => bold(paint.cyan(text)),
      link: (text) => underline(paint.blue(text)),
      linkUrl: dim,
      code: paint.yellow,
      codeBlock: (text) => text,
      codeBlockBorder: dim,
      quote: italic,
      quoteBorder: dim,
      hr: dim,
      listBullet: paint.cyan,
      bold,
      italic,
      strikethrough,
      underline,
      codeBlockIndent: '  ',
    },
  };
}
