import { App, Button, Form, Input, InputNumber, Skeleton, Switch } from 'antd'
import { useMay } from '@/api/session'
import type { ShopLimits } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { useLimits, usePutLimits } from './strategies-api'

const MINUTE_MS = 60_000

/** How often one person may be reached, over all strategies, and who is never reached. */
export function LimitsPanel() {
  const { t } = useTexts()
  const found = useLimits()
  return (
    <Panel title={t('strategies.tab.limits')} note={t('strategies.limits.note')} name="limits">
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      {found.data && <LimitsForm key={JSON.stringify(found.data)} limits={found.data} />}
    </Panel>
  )
}

interface Typed {
  per_session: number
  per_day: number
  apart_min: number
  quiet_from: string
  quiet_until: string
  holdout_percent: number
  why_no_holdout: string
  why: string
}

const clockOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

const minutesOf = (text: string): number => {
  const [hours = '0', minutes = '0'] = text.split(':')
  return Number(hours) * 60 + Number(minutes)
}

function LimitsForm({ limits }: { limits: ShopLimits }) {
  const { t } = useTexts()
  const may = useMay()
  const put = usePutLimits()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const now = { per_session: 2, per_day: 4, apart_ms: 180_000, quiet_from: 1320, quiet_until: 480, holdout: 500, ...limits.guardrails }
  const save = (typed: Typed) =>
    put.mutate(
      {
        guardrails: {
          ...limits.guardrails,
          per_session: typed.per_session,
          per_day: typed.per_day,
          apart_ms: Math.round(typed.apart_min * MINUTE_MS),
          quiet_from: minutesOf(typed.quiet_from),
          quiet_until: minutesOf(typed.quiet_until),
          holdout: Math.round(typed.holdout_percent * 100),
          why_no_holdout: typed.why_no_holdout.trim(),
        },
        why: typed.why.trim(),
      },
      { onSuccess: () => void message.success(t('strategies.limits.saved')) },
    )
  const alone = (isAlone: boolean) =>
    put.mutate(
      { single_person: isAlone, why: t('strategies.limits.single_why') },
      { onError: (error) => void message.error(textOf(error).title) },
    )
  const initial: Typed = {
    per_session: now.per_session,
    per_day: now.per_day,
    apart_min: now.apart_ms / MINUTE_MS,
    quiet_from: clockOf(now.quiet_from),
    quiet_until: clockOf(now.quiet_until),
    holdout_percent: now.holdout / 100,
    why_no_holdout: limits.guardrails.why_no_holdout ?? '',
    why: '',
  }
  const whole = <InputNumber min={0} precision={0} className="whole" />
  const time = <Input type="time" />
  return (
    <Form<Typed> layout="vertical" requiredMark={false} initialValues={initial} onFinish={save} disabled={!may('limits.write')}>
      <div className="limits">
        <Form.Item name="per_session" label={t('strategies.limits.per_session')}>
          {whole}
        </Form.Item>
        <Form.Item name="per_day" label={t('strategies.limits.per_day')}>
          {whole}
        </Form.Item>
        <Form.Item name="apart_min" label={t('strategies.limits.apart')}>
          <InputNumber min={0} className="whole" />
        </Form.Item>
        <Form.Item name="quiet_from" label={t('strategies.limits.quiet_from')} tooltip={t('strategies.limits.quiet_meaning')}>
          {time}
        </Form.Item>
        <Form.Item name="quiet_until" label={t('strategies.limits.quiet_until')}>
          {time}
        </Form.Item>
        <Form.Item name="holdout_percent" label={t('strategies.limits.holdout')} tooltip={t('strategies.limits.holdout_meaning')}>
          <InputNumber min={0} max={100} className="whole" />
        </Form.Item>
      </div>
      <Form.Item noStyle shouldUpdate>
        {({ getFieldValue }) =>
          getFieldValue('holdout_percent') === 0 && (
            <Form.Item name="why_no_holdout" label={t('strategies.limits.why_no_holdout')} rules={[{ required: true, whitespace: true, message: t('strategies.why_missing') }]}>
              <Input maxLength={500} />
            </Form.Item>
          )
        }
      </Form.Item>
      <Form.Item label={t('strategies.limits.single')} extra={t('strategies.limits.single_meaning')}>
        <Switch checked={limits.single_person} onChange={alone} aria-label={t('strategies.limits.single')} />
      </Form.Item>
      {put.isError && <ProblemAlert error={put.error} />}
      {may('limits.write') && (
        <>
          <Form.Item name="why" label={t('strategies.why')}>
            <Input maxLength={500} autoComplete="off" />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={put.isPending}>
            {t('products.save')}
          </Button>
        </>
      )}
    </Form>
  )
}
