/** The server named in an MCP path as it is written there, null for `/mcp`, undefined for every other path. */
export function mcpServerOf(target: string): string | null | undefined {
  const path = target.split('?', 1)[0] ?? '';
  if (path === '/mcp' || path === '/mcp/') return null;
  return path.startsWith('/mcp/') ? path.slice('/mcp/'.length) : undefined;
}
