/** Debian's chromium, driven by playwright-core of test/interop; what of it these tests use. */
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Page {
  goto(url: string): Promise<{ status(): number } | null>;
  url(): string;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  waitForURL(url: string | RegExp): Promise<void>;
  title(): Promise<string>;
  innerText(selector: string): Promise<string>;
  /** The function runs in the page: it sees nothing of here. */
  evaluate<T>(script: string): Promise<T>;
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(media: { readonly colorScheme: 'light' | 'dark' }): Promise<void>;
  on(event: string, listener: (what: Told) => void): void;
}

interface Told {
  type?(): string;
  text?(): string;
  message?: string | (() => string);
  url?(): string;
  dismiss?(): Promise<void>;
  failure?(): { readonly errorText: string } | null;
}

interface Playwright {
  readonly chromium: {
    launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<{
      newPage(options?: object): Promise<Page>;
      close(): Promise<void>;
    }>;
  };
}

const partners = createRequire(new URL('../interop/package.json', import.meta.url));
const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'];

/** Why no browser can be driven here, or false when one can. */
export const missing: string | false = whyMissing();

function whyMissing(): string | false {
  if (executable() === null) return 'there is no chromium on the PATH';
  try {
    partners.resolve('playwright-core');
    return false;
  } catch {
    return 'playwright-core is not installed in test/interop: npm run test:full installs it';
  }
}

function executable(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => CHROMIUM.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface WatchedPage {
  readonly page: Page;
  /** Dialogs, console errors, faults of scripts, reports of the content security policy, requests to elsewhere. */
  readonly trouble: readonly string[];
}

/** A page of a fresh browser, and everything that went wrong on it. */
export async function openPage(t: TestContext, origin: string): Promise<WatchedPage> {
  const { chromium } = partners('playwright-core') as Playwright; // its own types need its packages installed
  // Root has no user namespace to put a sandbox in.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const browser = await chromium.launch({ executablePath: executable() ?? '', args });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const trouble: string[] = [];
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${told(dialog)}`);
    void dialog.dismiss?.();
  });
  page.on('console', (message) => {
    const type = message.type?.() ?? '';
    if (type === 'error' || type === 'warning') trouble.push(`console ${type}: ${message.text?.() ?? ''}`);
  });
  page.on('pageerror', (error) => trouble.push(`script: ${told(error)}`));
  page.on('requestfailed', (request) => {
    const why = request.failure?.()?.errorText ?? '';
    // Whoever leaves a page before its icon is there aborts it.
    if (why !== 'net::ERR_ABORTED') trouble.push(`failed: ${request.url?.() ?? ''} ${why}`);
  });
  page.on('request', (request) => {
    const url = request.url?.() ?? '';
    if (!url.startsWith(`${origin}/`)) trouble.push(`elsewhere: ${url}`);
  });
  return { page, trouble };
}

function told({ message }: Told): string {
  return typeof message === 'function' ? message() : (message ?? '');
}
