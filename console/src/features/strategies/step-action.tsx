import { Input } from 'antd'
import type { Reaching } from '@/api/types'
import { useTexts } from '@/lib/language'
import { Field } from './strategy-line'

interface Props {
  step: Reaching
  /** Which step, from 1. */
  place: number
  isLocked: boolean
  onChange: (part: Partial<Reaching>) => void
}

/** The button of a message: what it says, and where it leads. */
export function StepAction({ step, place, isLocked, onChange }: Props) {
  const { t } = useTexts()
  const labelOf = (field: 'action_label' | 'action_url') =>
    t('strategies.of_step.label', { n: place, what: t(`strategies.of_step.${field}`) })
  return (
    <div className="limits">
      <Field label={labelOf('action_label')}>
        <Input
          maxLength={20}
          disabled={isLocked}
          value={step.action_label ?? ''}
          onChange={({ target }) => onChange({ action_label: target.value })}
        />
      </Field>
      <Field label={labelOf('action_url')}>
        <Input
          maxLength={500}
          spellCheck={false}
          disabled={isLocked}
          placeholder={isLocked ? '' : 'https://'}
          value={step.action_url ?? ''}
          onChange={({ target }) => onChange({ action_url: target.value })}
        />
      </Field>
    </div>
  )
}
