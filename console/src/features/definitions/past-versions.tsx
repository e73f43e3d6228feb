import { Button, Popconfirm } from 'antd'
import { useShop } from '@/api/meta'
import type { DefinitionDetail } from '@/api/types'
import { Panel } from '@/components/panel'
import { dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

interface Props {
  definition: DefinitionDetail
  onRollBack: (version: number) => void
}

/** Who made which version hold, when and why; any of them can be brought back. */
export function PastVersions({ definition, onRollBack }: Props) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  if (definition.history.length === 0) return null
  return (
    <Panel title={t('definitions.history')} name="history">
      <ol className="past-versions">
        {definition.history.map((one) => (
          <li key={one.version}>
            <div>
              <b>{t('definitions.version', { n: one.version })}</b> {t(`definitions.version_states.${one.state}`)}
              <span className="quiet small num">
                {' '}
                {one.active_from === null ? '' : dayAndClock(one.active_from, zone)} {one.made_by}
              </span>
            </div>
            <div>{one.sentence ? words(one.sentence) : one.text}</div>
            {one.why && <div className="quiet small">{t('definitions.because', { why: one.why })}</div>}
            {one.state !== 'active' && (
              <Popconfirm
                title={t('definitions.roll_back_sure', { n: one.version })}
                okText={t('definitions.roll_back')}
                cancelText={t('app.cancel')}
                onConfirm={() => onRollBack(one.version)}
              >
                <Button size="small">{t('definitions.roll_back')}</Button>
              </Popconfirm>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  )
}
