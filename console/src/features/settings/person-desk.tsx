import { App, Button, Input, Switch } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useConsents } from '@/api/persons'
import { useMay } from '@/api/session'
import type { Consents } from '@/api/types'
import { ConsentChips } from '@/components/consent-chips'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { EraseModal } from './erase-modal'
import { useExport, useSay } from './privacy-api'

/** One person asks: find them by id, then export, switch off, erase. */
export function PersonDesk() {
  const { t } = useTexts()
  const [viewer, setViewer] = useState('')
  return (
    <Panel title={t('settings.privacy.desk')} name="person-desk">
      <p className="quiet gap">{t('settings.privacy.desk_intro')}</p>
      <Input.Search
        className="gap"
        aria-label={t('settings.privacy.find')}
        placeholder={t('settings.privacy.find')}
        enterButton={t('settings.privacy.find_do')}
        maxLength={128}
        allowClear
        onSearch={(typed) => setViewer(typed.trim())}
      />
      {viewer !== '' && <Person viewer={viewer} key={viewer} onErased={() => setViewer('')} />}
    </Panel>
  )
}

function Person({ viewer, onErased }: { viewer: string; onErased: () => void }) {
  const { t } = useTexts()
  const may = useMay()
  const consents = useConsents(viewer)
  const exporting = useExport()
  const [isErasing, setErasing] = useState(false)
  return (
    <div data-part="person">
      <h3>{viewer}</h3>
      {consents.isError && <ProblemAlert error={consents.error} onRetry={() => void consents.refetch()} />}
      {consents.data && <Said viewer={viewer} consents={consents.data} />}
      {exporting.isError && <ProblemAlert error={exporting.error} />}
      <p className="form-end">
        {may('persons.export') && (
          <Button onClick={() => exporting.mutate(viewer)} loading={exporting.isPending}>
            {t('settings.privacy.export')}
          </Button>
        )}{' '}
        {may('persons.erase') && (
          <Button danger onClick={() => setErasing(true)}>
            {t('settings.privacy.erase')}
          </Button>
        )}
      </p>
      <EraseModal viewer={viewer} isOpen={isErasing} onClose={() => setErasing(false)} onAsked={onErased} />
    </div>
  )
}

function Said({ viewer, consents }: { viewer: string; consents: Consents }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const say = useSay(viewer)
  const turn = (granted: boolean) =>
    say.mutate(
      { purpose: 'personalized_marketing', channel: '', granted, text_version: '', evidence: '' },
      { onError: (error) => message.error(textOf(error).title) },
    )
  return (
    <>
      <p className="gap">
        <Switch
          checked={consents.personalized}
          loading={say.isPending}
          onChange={turn}
          aria-label={t('consent.switch')}
        />{' '}
        {t('consent.switch_meaning')}
      </p>
      <ConsentChips consents={consents} />
      <ul className="keys gap" data-part="consent-changes">
        {consents.changes.map((one) => (
          <li key={`${one.event_time}-${one.purpose}-${one.channel}-${one.granted}`}>
            <span className="quiet num small">{dayAndClock(one.event_time, zone)}</span>
            <code>{[one.purpose, one.channel].filter(Boolean).join(' · ')}</code>
            <b>{one.granted ? t('consent.yes') : t('consent.no')}</b>
            <span className="quiet small">{[one.source, one.text_version, one.evidence].filter(Boolean).join(' · ')}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
