import { Tabs } from 'antd'
import type { Source } from '@/api/types'
import { Copyable } from '@/components/copyable'
import { useTexts } from '@/lib/language'
import { SNIPPETS, snippet } from './snippets'

export function SnippetTabs({ source, writeKey }: { source: Source; writeKey: string }) {
  const { t } = useTexts()
  const given = {
    origin: window.location.origin,
    keyClass: source.key_class,
    writeKey,
    room: source.default_room ?? 'room-1',
  }
  return (
    <Tabs
      size="small"
      items={SNIPPETS[source.key_class].map((name) => ({
        key: name,
        label: t(`sources.snippet.${name}`),
        children: <Copyable text={snippet(name, given)} label={t(`sources.snippet.${name}`)} />,
      }))}
    />
  )
}
