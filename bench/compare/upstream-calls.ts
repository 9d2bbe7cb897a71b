/** How many calls the upstream has answered. */
export async function upstreamCalls(upstream: string): Promise<number> {
  const response = await fetch(`${upstream}/calls`);
  return Number(await response.text());
}
