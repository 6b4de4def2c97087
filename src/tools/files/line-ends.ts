/** Every line of it ends as on Windows. */
export function usesCrlf(text: string): boolean {
  return text.includes('\r\n') && !/(?:^|[^\r])\n/.test(text);
}

export function withCrlf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
