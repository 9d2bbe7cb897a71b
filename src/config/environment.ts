/** Environment variables by name; one that is unset is undefined. */
export type Environment = Readonly<Record<string, string | undefined>>;
