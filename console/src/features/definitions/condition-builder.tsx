import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Select } from 'antd'
import { useMemo } from 'react'
import {
  QueryBuilder,
  type ActionWithRulesProps,
  type CombinatorSelectorProps,
  type FieldSelectorProps,
  type OperatorSelectorProps,
  type RuleGroupType,
} from 'react-querybuilder'
import { useTexts } from '@/lib/language'
import { DEFAULTS, FIELDS, OPERATORS, type Field } from './conditions'
import { ConditionValue } from './condition-value'

interface Props {
  rows: RuleGroupType
  onRows: (rows: RuleGroupType) => void
  /** The key of the definition itself, which cannot name itself. */
  own: string
}

/** Conditions in groups; nested once, because deeper ones nobody reads. */
export function ConditionBuilder({ rows, onRows, own }: Props) {
  const { t } = useTexts()
  const fields = useMemo(() => FIELDS.map((name) => ({ name, label: t(`conditions.field.${name}`) })), [t])
  return (
    <QueryBuilder
      query={rows}
      onQueryChange={onRows}
      fields={fields}
      context={{ own }}
      getOperators={(field) => OPERATORS[field as Field].map((name) => ({ name, label: name }))}
      getDefaultValue={({ field }) => DEFAULTS[field as Field]}
      resetOnFieldChange
      addRuleToNewGroups
      maxLevels={2}
      controlClassnames={{ queryBuilder: 'conditions', ruleGroup: 'condition-group', rule: 'condition' }}
      controlElements={{
        combinatorSelector: Combinator,
        fieldSelector: FieldChoice,
        operatorSelector: OperatorChoice,
        valueEditor: ConditionValue,
        addRuleAction: Add,
        addGroupAction: AddGroup,
        removeRuleAction: Remove,
        removeGroupAction: Remove,
      }}
    />
  )
}

function Combinator({ value, handleOnChange }: CombinatorSelectorProps) {
  const { t } = useTexts()
  return (
    <Select
      size="small"
      value={value ?? null}
      onChange={handleOnChange}
      aria-label={t('conditions.combinator')}
      popupMatchSelectWidth={false}
      options={(['and', 'or'] as const).map((name) => ({ value: name, label: t(`conditions.${name}`) }))}
    />
  )
}

function FieldChoice({ value, handleOnChange }: FieldSelectorProps) {
  const { t } = useTexts()
  return (
    <Select
      size="small"
      value={value ?? null}
      onChange={handleOnChange}
      aria-label={t('conditions.about')}
      popupMatchSelectWidth={false}
      options={FIELDS.map((name) => ({ value: name, label: t(`conditions.field.${name}`) }))}
    />
  )
}

function OperatorChoice({ field, value, handleOnChange }: OperatorSelectorProps) {
  const { t } = useTexts()
  const name = (operator: string) =>
    field === 'since' ? t(`conditions.since.${operator === '>' ? 'longer' : 'shorter'}`) : t(`conditions.operator.${word(operator)}`)
  return (
    <Select
      size="small"
      value={value ?? null}
      onChange={handleOnChange}
      aria-label={t('conditions.how')}
      popupMatchSelectWidth={false}
      options={OPERATORS[field as Field].map((operator) => ({ value: operator, label: name(operator) }))}
    />
  )
}

const WORDS = { '==': 'is', '!=': 'is_not', '>=': 'at_least', '<=': 'at_most', '<': 'below', '>': 'above' } as const
type Sign = keyof typeof WORDS
type Verb = 'did' | 'did_not' | 'has' | 'has_not'
const word = (operator: string): (typeof WORDS)[Sign] | Verb => WORDS[operator as Sign] ?? (operator as Verb)

function Add({ handleOnClick, disabled }: ActionWithRulesProps) {
  const { t } = useTexts()
  return (
    <Button size="small" type="dashed" icon={<PlusOutlined aria-hidden />} onClick={handleOnClick} disabled={disabled ?? false}>
      {t('conditions.add')}
    </Button>
  )
}

function AddGroup({ handleOnClick, disabled, level }: ActionWithRulesProps) {
  const { t } = useTexts()
  if (level > 0) return null
  return (
    <Button size="small" type="dashed" icon={<PlusOutlined aria-hidden />} onClick={handleOnClick} disabled={disabled ?? false}>
      {t('conditions.add_group')}
    </Button>
  )
}

function Remove({ handleOnClick }: ActionWithRulesProps) {
  const { t } = useTexts()
  const label = t('conditions.remove')
  return <Button size="small" type="text" danger icon={<DeleteOutlined aria-hidden />} aria-label={label} title={label} onClick={handleOnClick} />
}
