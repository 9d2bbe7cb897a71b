const NAME = 'kol-gateway-key';

/** The client key that was typed in, kept for this tab only. */
export function clientKey(): string {
  return sessionStorage.getItem(NAME) ?? '';
}

export function keepClientKey(key: string): void {
  sessionStorage.setItem(NAME, key.trim());
}
