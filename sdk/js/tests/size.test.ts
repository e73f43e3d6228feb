/** Every shop loads it on every page: it stays small. */

import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { expect, test } from 'vitest'

const MOST_BYTES = 15 * 1024

test('both builds are below 15 KB as they are sent, and need nothing else', async () => {
  const root = join(import.meta.dirname, '..')
  const built = await build({ root, logLevel: 'silent', plugins: [], build: { write: false } })
  const chunks = [built].flat().flatMap((one) => ('output' in one ? one.output : []))
  expect(chunks.map((one) => one.fileName).sort()).toEqual(['qianmian.js', 'qianmian.mjs'])
  for (const chunk of chunks) {
    if (chunk.type !== 'chunk') throw new Error('not a program')
    expect(chunk.imports).toEqual([])
    expect(gzipSync(chunk.code, { level: 9 }).length).toBeLessThan(MOST_BYTES)
    expect(chunk.code).not.toContain('innerHTML')
  }
}, 60_000)
