import { Button, Radio, Space } from 'antd'
import { useCouponSystem, useTestCoupons } from '@/api/channels'
import { useMay } from '@/api/session'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { type CodeKind, KINDS } from './code-kind'

interface Props {
  /** Codes were uploaded, so they stay: one offer has codes from one place. */
  isUploaded: boolean
  value?: CodeKind
  onChange?: (kind: CodeKind) => void
}

/** Where the codes of an offer come from; the coupon system can be tried out here. */
export function OfferCodeKind({ isUploaded, value, onChange }: Props) {
  const { t } = useTexts()
  const system = useCouponSystem()
  const isOn = system.data?.is_on ?? false
  const isBarred = (kind: CodeKind) => (isUploaded ? kind !== 'table' : kind === 'issued' && !isOn && value !== 'issued')
  return (
    <>
      <Radio.Group value={value ?? 'none'} onChange={(event) => onChange?.(event.target.value as CodeKind)}>
        <Space orientation="vertical">
          {KINDS.map((kind) => (
            <Radio key={kind} value={kind} disabled={isBarred(kind)}>
              {t(`strategies.codes.kind.${kind}`)}
              {kind === 'issued' && isOn && <span className="quiet"> {system.data?.target}</span>}
            </Radio>
          ))}
        </Space>
      </Radio.Group>
      {system.data && !isOn && <p className="quiet small">{t('strategies.codes.system_off')}</p>}
      {isOn && value === 'issued' && <TestCoupons />}
    </>
  )
}

function TestCoupons() {
  const { t } = useTexts()
  const may = useMay()
  const test = useTestCoupons()
  if (!may('channels.test')) return null
  return (
    <div className="gap">
      <Button size="small" loading={test.isPending} onClick={() => test.mutate()}>
        {t('settings.channels.test')}
      </Button>{' '}
      <span aria-live="polite" data-part="tested">
        {test.data && t(`settings.channels.outcome.${test.data.outcome}`)}
        {test.data?.why && <span className="quiet"> {test.data.why}</span>}
      </span>
      {test.isError && <ProblemAlert error={test.error} />}
    </div>
  )
}
