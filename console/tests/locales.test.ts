import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from '@/locales/en-US.json'
import zh from '@/locales/zh-CN.json'
import type { TextKey } from '@/lib/language'

type Node = { [key: string]: Node | string }

function flat(node: Node, before = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === 'string') found.set(before + key, value)
    else for (const [inner, text] of flat(value, `${before}${key}.`)) found.set(inner, text)
  }
  return found
}

const chinese = flat(zh)
const english = flat(en)
const places = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((found) => found[1]).sort()

const sources = readdirSync(join(import.meta.dirname, '../src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .join('\n')

test('both languages have the same keys', () => {
  expect(chinese.size).toBeGreaterThan(150)
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
})

test('both languages have the same places to fill in, and no empty text', () => {
  for (const [key, text] of chinese) {
    expect(text, key).not.toBe('')
    expect(english.get(key), key).not.toBe('')
    expect(places(english.get(key) ?? ''), key).toEqual(places(text))
  }
})

test('a place to fill in has two braces, or it would be shown as it is written', () => {
  for (const [key, text] of [...chinese, ...english]) expect(text, key).not.toMatch(/(?<!{){\w+}(?!})/)
})

test('the English is English', () => {
  const allowed = new Set(['nav.other_language']) // its own name, for those who look for it
  for (const [key, text] of english) {
    if (!allowed.has(key)) expect(text, key).not.toMatch(/[\u3000-\u9fff\uff00-\uffef]/)
  }
})

test('Chinese is written with Chinese punctuation', () => {
  for (const [key, text] of chinese) {
    if (/[\u4e00-\u9fff]/.test(text)) expect(text, key).not.toMatch(/[\u4e00-\u9fff][,;:!?]|\.$/)
  }
})

test('a key that is no text is no key', () => {
  const key: TextKey = 'app.name'
  // @ts-expect-error: tsc of the tests fails here when any text may be asked for
  const wrong: TextKey = 'app.nome'
  expect([chinese.has(key), chinese.has(wrong)]).toEqual([true, false])
})

test('every text is used', () => {
  // t('a.b'), t(`a.${x}`) and t(x ? 'a.b' : 'a.c'); types make sure that what is used exists.
  const starts = [...sources.matchAll(/`([a-z_.]+)\.\$\{/g)].map((found) => `${found[1]}.`)
  expect(starts.length).toBeGreaterThan(5)
  const unused = [...chinese.keys()].filter(
    (key) => !sources.includes(`'${key}'`) && !starts.some((start) => key.startsWith(start)),
  )
  expect(unused).toEqual([])
})
