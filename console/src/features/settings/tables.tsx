import { Input, Segmented } from 'antd'
import { useState } from 'react'
import type { EventImport } from '@/api/types'
import { Panel } from '@/components/panel'
import { TableImport } from '@/components/table-import'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useDebounced } from '@/lib/use-debounced'
import { type TableKind, TABLES, useImportTable } from './tables-api'

const SETTLE_MS = 300

/** Members, past orders, and which ids are one person's, from tables. */
export function Tables() {
  const { t } = useTexts()
  const [kind, setKind] = useState<TableKind>('members')
  const [typed, setTyped] = useState('')
  const [turn, setTurn] = useState(0)
  const namespace = useDebounced(typed.trim(), SETTLE_MS)
  return (
    <Panel title={t('settings.tables.title')} name="tables">
      <p className="quiet gap">{t('settings.tables.intro')}</p>
      <Segmented<TableKind>
        className="gap"
        aria-label={t('settings.tables.which')}
        value={kind}
        options={TABLES.map((value) => ({ value, label: t(`settings.tables.kind.${value}`) }))}
        onChange={setKind}
      />
      <label className="strategy-field gap">
        <span className="small quiet">{t('settings.tables.namespace')}</span>
        <Input
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          placeholder={t('settings.tables.namespace_own')}
          onChange={({ target }) => setTyped(target.value)}
        />
        <span className="small quiet">{t('settings.tables.namespace_meaning')}</span>
      </label>
      {/* What was tried in one way is not taken over in another. */}
      <Import key={`${kind} ${namespace} ${turn}`} kind={kind} namespace={namespace} onDone={() => setTurn(turn + 1)} />
    </Panel>
  )
}

function Import({ kind, namespace, onDone }: { kind: TableKind; namespace: string; onDone: () => void }) {
  const { t } = useTexts()
  const trial = useImportTable(kind, namespace)
  const real = useImportTable(kind, namespace)
  return (
    <TableImport<EventImport>
      intro={t(`settings.tables.about.${kind}`)}
      trial={trial}
      real={real}
      told={({ events, bad }, isDone) =>
        t(isDone ? 'settings.tables.done' : 'settings.tables.would', { events: count(events), bad: count(bad) })
      }
      takes={({ events }) => (events > 0 ? t('settings.tables.take', { n: count(events) }) : null)}
      onClose={onDone}
    />
  )
}
