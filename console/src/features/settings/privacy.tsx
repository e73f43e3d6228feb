import { Flex, Skeleton } from 'antd'
import { useMay } from '@/api/session'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { useLanguage, useTexts } from '@/lib/language'
import { Erasures } from './erasures'
import { PersonDesk } from './person-desk'
import { usePrivacy } from './privacy-api'

const CLASSES = ['log', 'texts', 'history', 'dead_letters', 'consents', 'audit'] as const

/** What holds for everybody, and the desk where one person's wishes are done. */
export function Privacy() {
  const may = useMay()
  return (
    <Flex vertical gap="middle">
      {may('consents.write') && <PersonDesk />}
      {may('persons.read') && <Erasures />}
      <Rules />
    </Flex>
  )
}

function Rules() {
  const { t } = useTexts()
  const { words } = useLanguage()
  const rules = usePrivacy()
  return (
    <Panel title={t('settings.privacy.rules')} note={t('settings.privacy.rules_where')} name="privacy-rules">
      {rules.isError && <ProblemAlert error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.isPending && <Skeleton active />}
      {rules.data && (
        <>
          <h3>{t('settings.privacy.minors')}</h3>
          <p className="gap">{t(`settings.privacy.minors_mode.${rules.data.minors}`)}</p>
          <h3>{t('settings.privacy.retention')}</h3>
          <dl className="facts gap">
            {CLASSES.map((one) => (
              <div key={one}>
                <dt className="quiet small">{t(`settings.privacy.kept.${one}`)}</dt>
                <dd className="num">
                  {rules.data.retention[one]
                    ? t('settings.privacy.days', { n: rules.data.retention[one] })
                    : t('settings.privacy.for_ever')}
                </dd>
              </div>
            ))}
          </dl>
          <h3>{t('settings.privacy.refused')}</h3>
          <ul className="chips">
            {rules.data.refused.map((one) => (
              <li key={one.en} className="chip">
                {words(one)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
