/** Every text of a code that the server knows is one that the pages find. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Language } from '@/lib/language'
import { problemText, reasonText, verdictText } from '@/lib/reasons'

const FOLDERS: [Language, string][] = [
  ['zh', 'zh-CN'],
  ['en', 'en-US'],
]

function texts(folder: string, name: string): [string, string][] {
  const path = join(import.meta.dirname, '../../src/qianmian/locales', folder, `${name}.json`)
  return Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>)
}

test.each(FOLDERS)('why something was refused is said in %s', (language, folder) => {
  const all = [...texts(folder, 'errors'), ...texts(folder, 'ingest')]
  expect(all.length).toBeGreaterThan(40)
  for (const [key, text] of all) {
    expect(reasonText(key.replace(/^(rejected|code)\./, ''), language), key).toBe(text)
  }
})

test.each(FOLDERS)('what went wrong is said in %s', (language, folder) => {
  for (const [code, text] of texts(folder, 'problems')) expect(problemText(code, language)?.text).toBe(text)
  expect(problemText('input.fields', language)?.isWhole, 'which field, the server says').toBe(false)
})

test.each(FOLDERS)('why a message did not go out is said in %s', (language, folder) => {
  for (const [code, text] of texts(folder, 'verdicts')) {
    const told = code.endsWith('_') ? verdictText(`${code}404`, language) : verdictText(code, language)
    expect(told, code).toBe(text.replace('{code}', '404'))
  }
})

test('a code of a newer server keeps its name', () => {
  expect(reasonText('of_tomorrow', 'zh')).toBe('of_tomorrow')
  expect(problemText('of.tomorrow', 'zh')).toBeUndefined()
  expect([verdictText('of_tomorrow', 'zh'), verdictText('tomorrow_404', 'zh')]).toEqual(['of_tomorrow', 'tomorrow_404'])
})
