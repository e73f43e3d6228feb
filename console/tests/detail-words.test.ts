import { expect, test } from 'vitest'
import { detailWords } from '@/lib/detail-words'
import zh from '@/locales/zh-CN.json'
import vectors from './rejected-details.json'

const TEXTS: Record<string, string> = zh.detail

test.each(vectors)('$detail', ({ detail, places }) => {
  const said = detailWords(detail)
  expect(said?.places).toEqual(places)
  const wanted = [...(TEXTS[said?.key.replace('detail.', '') ?? ''] ?? '').matchAll(/{{(\w+)}}/g)].map(([, name]) => name)
  expect(wanted.length).toBeGreaterThan(0)
  for (const name of wanted) expect(said?.places[name ?? '']).toBeTruthy()
})

test('what is said in no known form is left as it is', () => {
  expect(detailWords('the viewer token is of another viewer')).toBeUndefined()
})
