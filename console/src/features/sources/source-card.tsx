import { App, Button, Popconfirm } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import type { Source, SourceKey } from '@/api/types'
import { Copyable } from '@/components/copyable'
import { Panel } from '@/components/panel'
import { useProblemText } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { SnippetTabs } from './snippet-tabs'
import { useCreateKey, useRevokeKey } from './sources-api'

/** Stands in a snippet where the key was shown once and is not known any more. */
const PLACEHOLDER = 'WRITE_KEY'

interface Props {
  source: Source
  /** The key that was made just now in this tab, if any. */
  writeKey: string | null
  onWriteKey: (key: string) => void
}

export function SourceCard({ source, writeKey, onWriteKey }: Props) {
  const { t } = useTexts()
  const { zone } = useShop()
  const [isOpen, setOpen] = useState(source.first_event_at === null)
  const hasSnippets = isOpen || writeKey !== null
  return (
    <Panel
      title={source.name}
      note={t(`sources.class.${source.key_class}`)}
      name={`source-${source.name}`}
    >
      <p role="status">
        {source.first_event_at === null ? (
          <>
            <StatusDot status="person" /> {t('sources.waiting')}
          </>
        ) : (
          <>
            <StatusDot status="good" />{' '}
            <span className="num">
              {t('sources.received', {
                first: dayAndClock(source.first_event_at, zone),
                last: dayAndClock(source.last_event_at ?? source.first_event_at, zone),
              })}
            </span>
          </>
        )}
      </p>
      <p className="quiet small">
        {t('sources.of', {
          namespace: source.namespace,
          room: source.default_room ?? t('sources.no_default_room'),
        })}
      </p>
      {writeKey !== null && (
        <>
          <p className="notice">{t('sources.key_once')}</p>
          <Copyable text={writeKey} label={t('sources.write_key')} />
        </>
      )}
      <Keys source={source} onWriteKey={onWriteKey} onSnippets={hasSnippets ? null : () => setOpen(true)} />
      {hasSnippets && <SnippetTabs source={source} writeKey={writeKey ?? PLACEHOLDER} />}
    </Panel>
  )
}

interface KeysProps {
  source: Source
  onWriteKey: (key: string) => void
  /** Null where they are shown already. */
  onSnippets: (() => void) | null
}

function Keys({ source, onWriteKey, onSnippets }: KeysProps) {
  const { t } = useTexts()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const create = useCreateKey()
  const add = () =>
    create.mutate(source.name, {
      onSuccess: ({ write_key }) => onWriteKey(write_key),
      onError: (error) => message.error(textOf(error).title),
    })
  return (
    <ul className="keys">
      {source.keys.map((key) => (
        <KeyLine source={source.name} one={key} key={key.id} />
      ))}
      <li>
        <Button size="small" onClick={add} loading={create.isPending}>
          {t('sources.new_key')}
        </Button>
        {onSnippets && (
          <Button size="small" onClick={onSnippets}>
            {t('sources.show_snippets')}
          </Button>
        )}
      </li>
    </ul>
  )
}

function KeyLine({ source, one }: { source: string; one: SourceKey }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const revoke = useRevokeKey()
  const confirm = () =>
    revoke.mutate(
      { name: source, id: one.id },
      { onError: (error) => message.error(textOf(error).title) },
    )
  return (
    <li>
      <code>{one.prefix}…</code>
      <span className="quiet num small">{dayAndClock(one.created_at, zone)}</span>
      {one.revoked_at !== null ? (
        <span className="chip">{t('sources.revoked', { time: dayAndClock(one.revoked_at, zone) })}</span>
      ) : (
        <Popconfirm
          title={t('sources.revoke_sure')}
          okText={t('sources.revoke')}
          cancelText={t('app.cancel')}
          onConfirm={confirm}
        >
          <Button size="small" type="text" loading={revoke.isPending}>
            {t('sources.revoke')}
          </Button>
        </Popconfirm>
      )}
    </li>
  )
}
