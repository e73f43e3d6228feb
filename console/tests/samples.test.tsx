/** Who a segment would be is read and reached without a pointer. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderToStaticMarkup } from 'react-dom/server'
import { MemoryRouter } from 'react-router'
import { beforeAll, expect, test } from 'vitest'
import type { Preview } from '@/api/types'
import { Samples } from '@/features/definitions/samples'
import { startLanguages } from '@/lib/language'

beforeAll(startLanguages)

const both = (text: string) => ({ zh: text, en: text })
const found = {
  parts: [both('bought lately'), both('from Berlin')],
  samples: [
    { viewer: 'm-1', last_seen: null, holds: [true, false] },
    { viewer: 'm&2', last_seen: 1_700_000_000_000, holds: [true, true] },
  ],
} as unknown as Preview

test('each is a link of this page, with the parts that hold in plain words', () => {
  const html = renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter initialEntries={['/segments/vip']}>
        <Samples found={found} />
      </MemoryRouter>
    </QueryClientProvider>,
  )
  document.body.innerHTML = html
  const rows = [...document.querySelectorAll('[data-part=samples] li')]
  expect(rows.map((row) => row.querySelector('a')?.getAttribute('href'))).toEqual([
    '/segments/vip?viewer=m-1',
    '/segments/vip?viewer=m%262',
  ])
  expect(rows[0]?.textContent).toBe('m-1 bought lately')
  expect(rows[1]?.textContent).toMatch(/^m&2 \d\d-\d\d \d\d:\d\d bought lately · from Berlin$/)
})
